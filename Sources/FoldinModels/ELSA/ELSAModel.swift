import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// A trained ELSA (Vančura et al., *Scalable Linear Shallow Autoencoder for Collaborative Filtering*, RecSys 2022): scores = x A A^T - x.
///
/// x is a user's clicks, L2-normalised, and the rows of A [items, latent] are the rows of the weights divided by their lengths: a linear
/// model of all items on all others whose weight from an item to another is the cosine of their vectors, and from an item to itself 0.
public struct ELSAModel: Model {
    public static let families = ["elsa"]
    private static let tensorName = "elsa.weight"

    /// What the file says of the model.
    public struct Description: Codable, Sendable, Equatable {
        /// The name of the family.
        public let family: String
        /// The number of items.
        public let items: Int
        /// The width of the item vectors.
        public let latent: Int

        /// A description of a model of this size.
        public init(items: Int, latent: Int) { (family, self.items, self.latent) = (ELSAModel.families[0], items, latent) }
    }

    public let itemCount: Int
    /// The width of the item vectors.
    public let latent: Int
    /// [items, latent], row-major, of any length.
    public let weights: FloatBuffer
    /// 1 / the length of each row of the weights; 0 for a row of zeros.
    private let scales: FloatBuffer

    /// A model of these weights, [items, latent]; they must not change while they are scored with. Reads all of them.
    public init(items: Int, latent: Int, weights: FloatBuffer, workers: Workers = Workers()) {
        precondition(weights.count == items * latent, "\(weights.count) numbers for \(items) vectors of \(latent)")
        (itemCount, self.latent, self.weights) = (items, latent, weights)
        let scales = FloatBuffer(count: items)
        workers.forEachPiece(of: items, size: itemsPerPanel) { panel, _ in
            for item in panel {
                scales.pointer[item] = inverseLength(weights.vector[item * latent..<(item + 1) * latent])
            }
        }
        self.scales = scales
    }

    /// The first invalid size; nil if a model can have them.
    public static func validationError(items: Int, latent: Int) -> String? {
        for (name, size) in [("items", items), ("latent", latent)] where !(1...1 << 30).contains(size) {
            return "\(size) \(name); expected 1 to \(1 << 30)"
        }
        return nil
    }

    public init(from file: ModelFile) throws {
        let description = try file.metadata("architecture", as: Description.self)
        if let error = Self.validationError(items: description.items, latent: description.latent) {
            throw FoldinError(.badData, file: file.path, found: error, expected: "a model that can be built")
        }
        let shape = [description.items, description.latent]
        try file.check([TensorDescription(name: Self.tensorName, shape: shape)], of: description.family)
        self.init(
            items: description.items, latent: description.latent, weights: try file.floats(Self.tensorName, shape: shape))
    }

    public var family: String { Self.families[0] }
    public var summary: String { "\(family), \(itemCount) vectors of \(latent)" }
    public var architecture: Description { Description(items: itemCount, latent: latent) }

    public var tensors: [ModelTensor] {
        [ModelTensor(TensorDescription(name: Self.tensorName, shape: [itemCount, latent]), weights)]
    }

    /// Costs `2 * items * latent` operations per user.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let engine = KernelEngine()
        let users = FloatBuffer(count: rows.count * latent)
        withExtendedLifetime(users) {
            let (vectors, sums) = (matrix, users.mutableMatrix(rows: rows.count, columns: latent))
            workers.forEachPiece(of: rows.count, size: 16) { piece, _ in
                for row in piece {
                    let clicks = histories.row(rows.lowerBound + row)
                    let value = normalizedClick(clicks.count)
                    let values = clicks.map { value * scales.pointer[Int($0)] }
                    clicks.withUnsafeBufferPointer { clicks in
                        values.withUnsafeBufferPointer { values in
                            engine.multiply(
                                SparseVector(indices: clicks, values: VectorView(values)), vectors, plus: nil, into: sums.row(row)
                            )
                        }
                    }
                }
            }
            let result = MutableMatrixView(scores, rows: rows.count, columns: itemCount)
            workers.forEachPiece(of: itemCount, size: 2 * itemsPerPanel) { panel, _ in
                engine.multiply(sums.readOnly, vectors.rows(panel).transposed, into: result.columns(panel))
                scale(result.columns(panel), panel)
            }
            for row in 0..<rows.count {
                let clicks = histories.row(rows.lowerBound + row)
                for item in clicks { result[row, Int(item)] -= normalizedClick(clicks.count) }
            }
        }
    }

    private var matrix: MatrixView { weights.matrix(rows: itemCount, columns: latent) }

    /// Divides products with rows of the weights, of the items of a panel, by the lengths of the rows.
    private func scale(_ products: MutableMatrixView, _ panel: Range<Int>) {
        let scales = scales.pointer + panel.lowerBound
        for row in 0..<products.rows {
            let products = products.row(row).start
            for column in 0..<panel.count { products[column] *= scales[column] }
        }
    }

    /// The cosine of the items' vectors.
    public func similarities(to item: Int, workers: Workers) -> [Float]? {
        let (engine, result) = (KernelEngine(), FloatBuffer(count: itemCount))
        withExtendedLifetime(result) {
            let cosines = result.mutableMatrix(rows: 1, columns: itemCount)
            workers.forEachPiece(of: itemCount, size: 2 * itemsPerPanel) { panel, _ in
                engine.multiply(matrix.rows(item..<item + 1), matrix.rows(panel).transposed, into: cosines.columns(panel))
                scale(cosines.columns(panel), panel)
            }
        }
        // Rounding would give items that point the very same way a little more than 1.
        return result.values.map { max(-1, min(1, $0 * scales.pointer[item])) }
    }

    /// A score is a sum of at most n clicks of 1 / sqrt(n), each times a cosine; before it is divided by an item's length it is a product
    /// with the item's weights.
    public func scoreBound(workers: Workers) -> Double {
        let most = Double(itemCount).squareRoot()
        let product = ScoreBound.checked(most * Double(latent) * weights.largestMagnitude(workers: workers))
        return product.isFinite ? most + 2 : .infinity
    }
}

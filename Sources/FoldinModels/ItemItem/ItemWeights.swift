import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// A weight from each item to each other: a person's score of an item is the sum of the weights from the clicked items to it.
public struct ItemWeights {
    /// How the weights came about.
    public enum Family: String, Sendable, Codable, CaseIterable {
        /// Ridge regression of each item on all others (Steck 2019).
        case ease
        /// The same with the denoising of a linear autoencoder (Steck 2020).
        case edlae
    }

    /// How the weights came about.
    public let kind: Family
    public let itemCount: Int
    public var family: String { kind.rawValue }
    /// [items, items], row-major; row `i` has the weights from item `i`, to itself 0.
    public let weights: FloatBuffer

    /// A model of `weights`, of which there must be `itemCount` squared; they must not change any more.
    public init(_ family: Family, itemCount: Int, weights: FloatBuffer) {
        precondition(weights.count == itemCount * itemCount, "\(weights.count) weights for \(itemCount) items")
        (kind, self.itemCount, self.weights) = (family, itemCount, weights)
    }

    /// Reads the rows of the clicked items: clicks x items additions a user.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let longest = rows.reduce(1) { max($0, histories.row($1).count) }
        let ones = [Float](repeating: 1, count: longest)
        // A worker's row of results is read and written once a click: a few users at a time share out evenly.
        workers.forEachPiece(of: rows.count, size: 4) { piece, _ in
            for row in piece {
                let history = histories.row(rows.lowerBound + row)
                let out = scores + row * itemCount
                history.withUnsafeBufferPointer { items in
                    ones.withUnsafeBufferPointer { ones in
                        guard let items = items.baseAddress, let ones = ones.baseAddress, !history.isEmpty else {
                            return out.update(repeating: 0, count: itemCount)
                        }
                        foldin_sum_rows(itemCount, nil, history.count, items, ones, weights.pointer, out)
                    }
                }
            }
        }
    }
}

extension ItemWeights: Model {
    public static let families = Family.allCases.map(\.rawValue)
    private static let tensorName = "item_weights.weight"

    public var summary: String { "\(family), \(itemCount) x \(itemCount) weights" }
    public var architecture: ItemDescription { ItemDescription(family: family, items: itemCount) }
    public var tensors: [ModelTensor] { [ModelTensor(Self.description(items: itemCount), weights)] }

    private static func description(items: Int) -> TensorDescription {
        TensorDescription(name: tensorName, shape: [items, items])
    }

    public init(from file: ModelFile) throws {
        let description = try ItemDescription(from: file)
        guard let kind = Family(rawValue: description.family) else {
            preconditionFailure("the registry gives a file to the type of its family")
        }
        try file.check([Self.description(items: description.items)], of: description.family)
        let weights = try file.floats(Self.tensorName, shape: [description.items, description.items])
        self.init(kind, itemCount: description.items, weights: weights)
    }

    /// The weights from `item`: what a click on it alone adds to each score.
    public func similarities(to item: Int, workers: Workers) -> [Float]? {
        Array(UnsafeBufferPointer(start: weights.pointer + item * itemCount, count: itemCount))
    }

    /// A score is a sum of as many weights as there are clicks.
    public func scoreBound(workers: Workers) -> Double { Double(itemCount) * weights.largestMagnitude(workers: workers) }
}

import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// A trained implicit ALS, a matrix factorisation (Hu, Koren and Volinsky 2008, with the penalties of Rendle et al. 2021): scores = H w.
///
/// H [items, latent] are the item vectors. w is the user's vector: the ridge regression of the clicks on H that the training solves for each of
/// its users, so a user who was not in the training data is folded in exactly (`FactorSolver`).
public struct ImplicitALSModel: Model {
    public static let families = ["ials"]
    private static let (itemsName, squaresName) = ("ials.items", "ials.squares")

    /// What the file says of the model.
    public struct Description: Codable, Sendable, Equatable {
        /// The name of the family.
        public let family: String
        /// The number of items.
        public let items: Int
        /// The width of the vectors.
        public let latent: Int
        /// alpha0, see `ImplicitALSPenalty`.
        public let unobservedWeight: Double
        /// See `ImplicitALSPenalty`.
        public let lambda: Double
        /// nu, see `ImplicitALSPenalty`.
        public let frequencyPower: Double

        /// A description of a model of this size.
        public init(items: Int, latent: Int, penalty: ImplicitALSPenalty) {
            (family, self.items, self.latent) = (ImplicitALSModel.families[0], items, latent)
            (unobservedWeight, lambda, frequencyPower) = (penalty.unobservedWeight, penalty.lambda, penalty.frequencyPower)
        }

        /// The weights of the loss.
        public var penalty: ImplicitALSPenalty {
            ImplicitALSPenalty(unobservedWeight: unobservedWeight, lambda: lambda, frequencyPower: frequencyPower)
        }

        var tensors: [TensorDescription] {
            [
                TensorDescription(name: ImplicitALSModel.itemsName, shape: [items, latent]),
                TensorDescription(name: ImplicitALSModel.squaresName, shape: [latent]),
            ]
        }
    }

    public let itemCount: Int
    /// The width of the vectors.
    public let latent: Int
    /// H [items, latent], row-major, in the principal axes of H^T H.
    public let vectors: FloatBuffer
    /// The diagonal of H^T H [latent].
    public let squares: [Float]
    /// The weights of the loss.
    public let penalty: ImplicitALSPenalty
    let problem: FactorSolver.Problem

    /// The largest width of the vectors.
    public static let maximumLatent = 8192

    /// A model of these vectors, [items, latent], which are in the principal axes of their Gram matrix; `squares` is its diagonal. They
    /// must not change while they are scored with.
    public init(items: Int, latent: Int, vectors: FloatBuffer, squares: [Float], penalty: ImplicitALSPenalty) {
        precondition(vectors.count == items * latent, "\(vectors.count) numbers for \(items) vectors of \(latent)")
        precondition(squares.count == latent, "\(squares.count) sums of squares for \(latent) columns")
        (itemCount, self.latent, self.vectors, self.squares, self.penalty) = (items, latent, vectors, squares, penalty)
        problem = FactorSolver.Problem(vectors, squares: squares, penalty: penalty)
    }

    /// The first invalid size or weight; nil if a model can have them.
    public static func validationError(items: Int, latent: Int, penalty: ImplicitALSPenalty) -> String? {
        for (name, size, largest) in [("items", items, 1 << 30), ("latent", latent, maximumLatent)]
        where !(1...largest).contains(size) {
            return "\(size) \(name); expected 1 to \(largest)"
        }
        return penalty.validationError
    }

    public init(from file: ModelFile) throws {
        let description = try file.metadata("architecture", as: Description.self)
        if let error = Self.validationError(items: description.items, latent: description.latent, penalty: description.penalty) {
            throw FoldinError(.badData, file: file.path, found: error, expected: "a model that can be built")
        }
        try file.check(description.tensors, of: description.family)
        let squares = try file.floats(Self.squaresName, shape: [description.latent]).values
        if let negative = squares.first(where: { $0 < 0 }) {
            throw FoldinError(
                .badData, file: file.path, found: "a sum of squares of \(negative)",
                expected: "numbers from 0 in \(Self.squaresName)")
        }
        self.init(
            items: description.items, latent: description.latent,
            vectors: try file.floats(Self.itemsName, shape: [description.items, description.latent]), squares: squares,
            penalty: description.penalty)
    }

    public var family: String { Self.families[0] }
    public var summary: String { "\(family), \(itemCount) vectors of \(latent)" }
    public var architecture: Description { Description(items: itemCount, latent: latent, penalty: penalty) }

    public var tensors: [ModelTensor] {
        let descriptions = architecture.tensors
        return [ModelTensor(descriptions[0], vectors), ModelTensor(descriptions[1], squares)]
    }

    /// The vector w [latent] of a user who clicked these items, ascending and without repeats: a score is its product with an item's vector.
    public func userVector(_ clicks: [Int32]) -> [Float] {
        let result = FloatBuffer(count: latent)
        FactorSolver(latent: latent).solve(clicks[...], problem, into: result.mutableVector)
        return result.values
    }

    /// Costs a ridge regression and `2 * items * latent` operations per user; takes `2 * latent^2` floats per worker.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let users = FloatBuffer(count: rows.count * latent)
        withExtendedLifetime(users) {
            let solutions = users.mutableMatrix(rows: rows.count, columns: latent)
            let solvers = (0..<min(workers.count, rows.count)).map { _ in FactorSolver(latent: latent) }
            workers.forEachPiece(of: rows.count, size: 4) { piece, worker in
                for row in piece {
                    solvers[worker].solve(histories.row(rows.lowerBound + row), problem, into: solutions.row(row))
                }
            }
            scoreItems(
                solutions.readOnly, into: MutableMatrixView(scores, rows: rows.count, columns: itemCount), workers: workers)
        }
    }

    /// scores [users, items] = users [users, latent] * H^T.
    func scoreItems(_ users: MatrixView, into scores: MutableMatrixView, workers: Workers) {
        let (engine, items) = (KernelEngine(), vectors.matrix(rows: itemCount, columns: latent))
        workers.forEachPiece(of: itemCount, size: 2 * itemsPerPanel) { panel, _ in
            engine.multiply(users, items.rows(panel).transposed, into: scores.columns(panel))
        }
    }

    public func oneUserScorer(workers: Workers) -> any OneUserScorer { ImplicitALSUserScorer(self, workers: workers) }

    /// The cosine of the items' vectors.
    public func similarities(to item: Int, workers: Workers) -> [Float]? {
        ItemVectors(vectors, width: latent).cosines(to: item, workers: workers)
    }

    /// A score is at most the product of the lengths of both vectors; that of a user's is bounded by the penalty. The elements of the system are
    /// sums of products of item vectors, divided by the penalty.
    public func scoreBound(workers: Workers) -> Double {
        let largest = Double(latent).squareRoot() * vectors.largestMagnitude(workers: workers)
        // d / (d + alpha0 I)^nu grows with d where nu is at most 1; above, the largest numerator and the smallest denominator do.
        let user =
            penalty.frequencyPower <= 1
            ? problem.longest(clicks: itemCount)
            : 2 * Double(itemCount) / penalty.ofVector(clicks: 1, others: itemCount)
        let system = largest * largest * max(1, user)
        guard ScoreBound.checked(system).isFinite else { return .infinity }
        return ScoreBound.checked(largest * user.squareRoot())
    }
}

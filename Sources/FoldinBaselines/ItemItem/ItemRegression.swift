import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

extension FoldinError.Reason {
    /// A regression cannot be solved because its penalty, lambda, is too small for the data.
    public static let penaltyTooSmall = FoldinError.Reason("penalty-too-small")
}

/// Ridge regression of each item's clicks on those of all others, all items at once (Steck 2019, equation 8).
///
/// With the Gram matrix `G = X^T X` of the clicks X [users, items] and a penalty an item, `P = (G + diag(penalties))^-1` and the
/// weights are `B = I - P diag(1 / diag(P))`: the minimum of `|X - X B|^2 + sum_i penalty_i |B_i|^2` with a diagonal of zeros.
struct ItemRegression {
    /// The penalty of an item by how many people clicked it.
    let penalty: @Sendable (_ clicks: Double) -> Double
    /// What the memory is checked against: bytes, or nil where nobody knows.
    let availableMemory: Int?

    /// Bytes that `items` take at least: one matrix and two columns of blocks.
    static func memory(items: Int) -> Int { 4 * (items * items + SymmetricInverse.scratchCount(side: items)) }

    /// [items, items], row-major: row `i` has the weights from item `i`. Costs the cube of items, or of users where they are fewer.
    ///
    /// Everything happens in one matrix of 32-bit floats, with counts exact up to 2^24; or, where users are fewer, by `UserSide`.
    func weights(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> FloatBuffer {
        let items = training.itemCount
        let users = training.transposed()
        let clicks = (0..<items).map { Double(users.row($0).count) }
        if let byUsers = UserSide(clicks: clicks, penalties: clicks.map(penalty), training),
            byUsers.memory(workers) <= availableMemory ?? .max
        {
            return try byUsers.weights(training, users, workers: workers, isCancelled: isCancelled, progress: progress)
        }
        try checkMemory(items: items)
        let matrix = FloatBuffer(count: items * items)
        try Self.fillGram(matrix, of: users, by: training, weights: nil, workers: workers, isCancelled: isCancelled)
        for item in 0..<items { matrix.pointer[item * items + item] = Float(clicks[item] + penalty(clicks[item])) }
        try Self.invert(matrix, side: items, workers: workers, isCancelled: isCancelled, progress: progress)
        // B = I - P diag(1 / diag(P)), in the place of P.
        let factors = (0..<items).map { -1 / matrix.pointer[$0 * items + $0] }
        Self.scaleColumns(matrix, by: factors, workers: workers)
        return matrix
    }

    static func invert(
        _ matrix: FloatBuffer, side: Int, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws {
        switch SymmetricInverse.invert(matrix, side: side, workers: workers, isCancelled: isCancelled, progress: progress) {
        case .done: break
        case .cancelled: throw CancellationError()
        case .notPositiveDefinite:
            throw FoldinError(
                .usage, found: "a matrix of \(side) rows that cannot be inverted with so small a penalty",
                expected: "a larger lambda", reason: .penaltyTooSmall)
        }
    }

    private func checkMemory(items: Int) throws {
        let needed = Self.memory(items: items)
        guard let availableMemory, needed > availableMemory else { return }
        let most = Int((Double(availableMemory) / 4).squareRoot()) - SymmetricInverse.scratchCount(side: 1)
        throw FoldinError(
            .usage,
            found: "\(items) items, whose weights take \(needed.formattedBytes) with \(availableMemory.formattedBytes) available",
            expected: "as much memory, or about \(max(0, most)) items at most")
    }

    /// Below the diagonal of `matrix`, `A diag(weights) A^T` of the binary matrix A that has `rows`; `columns` is its transpose, a weight of
    /// nil 1. A row is summed by one thread, in the order of A's columns.
    static func fillGram(
        _ matrix: FloatBuffer, of rows: InteractionMatrix, by columns: InteractionMatrix, weights: [Float]?, workers: Workers,
        isCancelled: () -> Bool
    ) throws {
        let side = rows.userCount
        for first in stride(from: 0, to: side, by: 2048) {
            if isCancelled() { throw CancellationError() }
            let last = min(side, first + 2048)
            workers.forEachPiece(of: last - first, size: 8) { piece, _ in
                columns.columns.withUnsafeBufferPointer { others in
                    for own in first + piece.lowerBound..<first + piece.upperBound {
                        let sums = matrix.pointer + own * side
                        for column in rows.row(own) {
                            let weight = weights?[Int(column)] ?? 1
                            var index = columns.rowStarts[Int(column)]
                            // The column's rows ascend, and `own` is one of them.
                            while others[index] < own {
                                sums[Int(others[index])] += weight
                                index += 1
                            }
                        }
                    }
                }
            }
        }
    }

    /// Multiplies each column of `matrix` by its factor and makes the diagonal 0.
    static func scaleColumns(_ matrix: FloatBuffer, by factors: [Float], workers: Workers) {
        let items = factors.count
        factors.withUnsafeBufferPointer { factors in
            workers.forEachPiece(of: items, size: 64) { piece, _ in
                for item in piece {
                    let row = matrix.pointer + item * items
                    for other in 0..<items { row[other] *= factors[other] }
                    row[item] = 0
                }
            }
        }
    }
}

/// EASE^R: a linear model of all items on all others in closed form (Steck, *Embarrassingly Shallow Autoencoders for Sparse Data*,
/// WWW 2019).
///
/// Minimises `|X - X B|^2 + lambda |B|^2` with a diagonal of zeros; see `ItemRegression`.
public struct EASE: Baseline {
    public static let name = "ease"

    /// The penalty of the squared weights; more than 0.
    public let lambda: Double
    /// How many weights to an item stay, the heaviest; nil for all.
    public let keep: Int?
    private let availableMemory: Int?

    /// `availableMemory` in bytes is what the fit must do with; nil for no limit.
    public init(lambda: Double = 500, keep: Int? = nil, availableMemory: Int? = SystemMemory.available) {
        (self.lambda, self.keep, self.availableMemory) = (lambda, keep, availableMemory)
    }

    public var options: [String: String] { ["lambda": optionText(lambda), "keep": String(keep ?? 0)] }

    /// Costs the cube of items, or of users where they are fewer; takes 4 bytes a pair of items, the model with `keep` 8 a weight.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        guard lambda > 0, lambda.isFinite else {
            throw FoldinError(.usage, found: "a lambda of \(optionText(lambda))", expected: "more than 0")
        }
        let lambda = lambda
        let weights = try ItemRegression(penalty: { _ in lambda }, availableMemory: availableMemory)
            .weights(training, workers: workers, isCancelled: isCancelled, progress: progress)
        guard let keep else { return ItemWeights(.ease, itemCount: training.itemCount, weights: weights) }
        return ItemNeighbours(
            heaviest(keep, of: weights, items: training.itemCount, workers: workers), family: .ease)
    }
}

/// The linear autoencoder that is trained to find clicks that were dropped from its input, in closed form (Steck,
/// *Autoencoders that don't overfit towards the Identity*, NeurIPS 2020: emphasised denoising, full rank).
///
/// Each click is dropped with probability p and only what was dropped is to be found. The mean over all ways to drop is a
/// ridge regression without a diagonal whose penalty of item i is `p / (1 - p) G_ii`; lambda adds the usual penalty:
/// `C = (X^T X + diag(p / (1 - p) diag(X^T X) + lambda))^-1`, `B = I - C diag(1 / diag(C))`. The paper's B is `1 / (1 - p)` times
/// that, which changes no ranking.
public struct EDLAE: Baseline {
    public static let name = "edlae"

    /// The probability of dropping a click, at least 0 and less than 1.
    public let dropout: Double
    /// The penalty of the squared weights, at least 0.
    public let lambda: Double
    /// How many weights to an item stay, the heaviest; nil for all.
    public let keep: Int?
    private let availableMemory: Int?

    /// `availableMemory` in bytes is what the fit must do with; nil for no limit.
    public init(
        dropout: Double = 0.5, lambda: Double = 300, keep: Int? = nil, availableMemory: Int? = SystemMemory.available
    ) {
        (self.dropout, self.lambda, self.keep, self.availableMemory) = (dropout, lambda, keep, availableMemory)
    }

    public var options: [String: String] {
        ["dropout": optionText(dropout), "lambda": optionText(lambda), "keep": String(keep ?? 0)]
    }

    /// Costs the cube of items, or of users where they are fewer; takes 4 bytes a pair of items, the model with `keep` 8 a weight.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        guard dropout >= 0, dropout < 1, lambda >= 0, lambda.isFinite, dropout + lambda > 0 else {
            throw FoldinError(
                .usage, found: "a dropout of \(optionText(dropout)) and a lambda of \(optionText(lambda))",
                expected: "a dropout from 0 to less than 1 and a lambda from 0, one of them more than 0")
        }
        let (share, lambda) = (dropout / (1 - dropout), lambda)
        let weights = try ItemRegression(penalty: { share * $0 + lambda }, availableMemory: availableMemory)
            .weights(training, workers: workers, isCancelled: isCancelled, progress: progress)
        guard let keep else { return ItemWeights(.edlae, itemCount: training.itemCount, weights: weights) }
        return ItemNeighbours(
            heaviest(keep, of: weights, items: training.itemCount, workers: workers), family: .edlae)
    }
}

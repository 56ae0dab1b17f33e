import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

extension FoldinError.Reason {
    /// A regression cannot be solved because its penalty, lambda, is too small for the data.
    public static let penaltyTooSmall = FoldinError.Reason("penalty-too-small")
}

/// Ridge regression of each item's clicks on those of all others, all items at once (Steck 2019, equation 8).
///
/// With the Gram matrix `G = X^T X` of the clicks X [users, items] and the penalties L, a diagonal matrix, `P = (G + L)^-1` and the weights are
/// `B = I - P diag(1 / diag(P))`: the minimum of `|X - X B|^2 + sum_i L_i |B_i|^2` with a diagonal of zeros. `normalization` changes the weights of
/// users and items.
struct ItemRegression {
    /// The penalty of an item by how many people clicked it.
    let penalty: @Sendable (_ clicks: Double) -> Double
    var normalization = Normalization()
    /// What the memory is checked against: bytes, or nil where nobody knows.
    let availableMemory: Int?

    /// Bytes that `items` take at least: one matrix and two columns of blocks.
    static func memory(items: Int) -> Int { 4 * (items * items + SymmetricInverse.scratchCount(side: items)) }

    /// The weights, those of all pairs or the `keep` heaviest to each item. Costs the cube of items, or of users where they are fewer.
    ///
    /// All pairs take a matrix of 32-bit floats, with counts exact up to 2^24; so do the heaviest, unless users are fewer: see `UserSide`.
    func model(
        _ family: (all: ItemWeights.Family, heaviest: ItemNeighbours.Family), keep: Int?, _ training: InteractionMatrix,
        workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> any Model {
        guard let keep else {
            let solved = try solve(training, workers: workers, isCancelled: isCancelled, progress: progress)
            return ItemWeights(
                family.all, itemCount: training.itemCount, weights: solved.weights(normalization, workers: workers))
        }
        let users = training.transposed()
        let (clicks, penalties) = clicksAndPenalties(users)
        if let byUsers = side(of: training, clicks, penalties, workers, keep: keep) {
            let inverse = try byUsers.inverse(training, users, workers: workers, isCancelled: isCancelled, progress: progress)
            return ItemNeighbours(
                try byUsers.heaviest(keep, inverse, users, workers: workers, isCancelled: isCancelled, progress: progress),
                family: family.heaviest)
        }
        let solved = try solveByItems(
            training, users, clicks, penalties, workers: workers, isCancelled: isCancelled, progress: progress)
        let weights = solved.weights(normalization, workers: workers)
        return ItemNeighbours(heaviest(keep, of: weights, items: training.itemCount, workers: workers), family: family.heaviest)
    }

    /// All pairs of items, before the options that only multiply rows and columns.
    func solve(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> SolvedRegression {
        let users = training.transposed()
        let (clicks, penalties) = clicksAndPenalties(users)
        if let byUsers = side(of: training, clicks, penalties, workers, keep: nil) {
            let inverse = try byUsers.inverse(training, users, workers: workers, isCancelled: isCancelled, progress: progress)
            return try byUsers.solve(inverse, users, workers: workers, isCancelled: isCancelled, progress: progress)
        }
        return try solveByItems(
            training, users, clicks, penalties, workers: workers, isCancelled: isCancelled, progress: progress)
    }

    private func clicksAndPenalties(_ users: InteractionMatrix) -> ([Double], [Double]) {
        let clicks = (0..<users.userCount).map { Double(users.row($0).count) }
        // Without clicks there is nothing to regress, and the penalty may be 0.
        return (clicks, clicks.map { $0 > 0 ? penalty($0) : max(1, penalty($0)) })
    }

    /// The regression by the users' side; nil where it is not faster, or does not fit in memory.
    private func side(
        of training: InteractionMatrix, _ clicks: [Double], _ penalties: [Double], _ workers: Workers, keep: Int?
    ) -> UserSide? {
        guard let byUsers = UserSide(clicks: clicks, penalties: penalties, training, normalization),
            byUsers.memory(workers, keep: keep) <= availableMemory ?? .max
        else { return nil }
        return byUsers
    }

    /// P [items, items].
    private func solveByItems(
        _ training: InteractionMatrix, _ users: InteractionMatrix, _ clicks: [Double], _ penalties: [Double], workers: Workers,
        isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> SolvedRegression {
        let items = training.itemCount
        try checkMemory(items: items)
        let matrix = FloatBuffer(count: items * items)
        let userWeights = normalization.userWeights(training)
        try Self.fillGram(matrix, of: users, by: training, weights: userWeights, workers: workers, isCancelled: isCancelled)
        for item in 0..<items {
            let own = userWeights.map { weights in users.row(item).reduce(0) { $0 + Double(weights[Int($1)]) } } ?? clicks[item]
            matrix.pointer[item * items + item] = Float(own + penalties[item])
        }
        try Self.invert(matrix, side: items, workers: workers, isCancelled: isCancelled, progress: progress)
        return SolvedRegression(matrix, clicks: clicks, penalties: penalties, isByUsers: false)
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
}

/// How users and items are weighted in an `ItemRegression`, and how strictly its diagonal is 0.
///
/// `d_u` and `n_i` are the numbers of clicks of a user and of an item.
struct Normalization: Sendable, Equatable {
    /// beta: a user's clicks count `d_u^-beta` each, so that a person with many clicks says less by each of them.
    var userPower = 0.0
    /// alpha: the weight from i to j is multiplied by `(n_i / n_j)^alpha`.
    var itemPower = 0.0
    /// xi, from 0 to less than 1: 0 for a diagonal of zeros. Above it, the diagonal of item j may be as large as xi, which weakens the constraint.
    var relaxation = 0.0

    /// The weight of each user in the Gram matrix; nil if all are 1.
    func userWeights(_ training: InteractionMatrix) -> [Float]? {
        guard userPower != 0 else { return nil }
        return (0..<training.userCount).map { Float(pow(Double(max(1, training.row($0).count)), -userPower)) }
    }

    /// `(L_j + m_j) / L_j` by `L_j P_jj`: `m_j = (1 - xi) / P_jj - L_j` if `1 - L_j P_jj > xi`, otherwise 0.
    func factor(forShare share: Double) -> Double { 1 - share > relaxation ? (1 - relaxation) / share : 1 }

    /// `n^alpha`.
    func power(ofClicks clicks: Double) -> Double { itemPower == 0 ? 1 : pow(max(1, clicks), itemPower) }

    /// Multiplies each column of a matrix [items, items] by its factor, the rows and columns by the powers of the items' clicks, and makes the
    /// diagonal 0.
    func scale(_ matrix: FloatBuffer, columns factors: [Double], clicks: [Double], workers: Workers) {
        let items = factors.count
        let powers = clicks.map(power(ofClicks:))
        let columns = zip(factors, powers).map { Float($0 / $1) }
        columns.withUnsafeBufferPointer { columns in
            workers.forEachPiece(of: items, size: 64) { piece, _ in
                for item in piece {
                    let row = matrix.pointer + item * items
                    if itemPower == 0 {
                        for other in 0..<items { row[other] *= columns[other] }
                    } else {
                        let power = Float(powers[item])
                        for other in 0..<items { row[other] *= power * columns[other] }
                    }
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

    /// Costs the cube of items, or of users where they are fewer; takes 4 bytes per pair of items, or of users with
    /// `keep` where they are fewer; the model with `keep` 8 per weight.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        guard lambda > 0, lambda.isFinite else {
            throw FoldinError(.usage, found: "a lambda of \(optionText(lambda))", expected: "more than 0")
        }
        let lambda = lambda
        return try ItemRegression(penalty: { _ in lambda }, availableMemory: availableMemory)
            .model((.ease, .ease), keep: keep, training, workers: workers, isCancelled: isCancelled, progress: progress)
    }
}

/// The linear autoencoder that is trained to find clicks that were dropped from its input, in closed form (Steck,
/// *Autoencoders that don't overfit towards the Identity*, NeurIPS 2020: emphasised denoising, full rank).
///
/// Each click is dropped with probability p and only what was dropped is to be found. The mean over all ways to drop is a
/// ridge regression without a diagonal whose penalty of item i is `p / (1 - p) n_i`; lambda adds the usual penalty:
/// `C = (X^T X + L)^-1`, `L = diag(p / (1 - p) n + lambda)`, `B = I - C diag(1 / diag(C))`. The paper's B is `1 / (1 - p)` times
/// that, which changes no ranking.
///
/// On sparse data it is better with weights of users and items: `C = (X^T diag(d^-beta) X + L)^-1`, and the weight from i to j is
/// `(n_i / n_j)^alpha B_ij`. With a relaxation xi above 0 the diagonal need not be 0: `B = -C diag(L + m)` off the diagonal, with
/// `m_j = (1 - xi) / C_jj - L_j` where `1 - L_j C_jj > xi`, and 0 elsewhere.
public struct EDLAE: Baseline {
    public static let name = "edlae"

    /// p: the probability of dropping a click, at least 0 and less than 1.
    public let dropout: Double
    /// The penalty of the squared weights, at least 0.
    public let lambda: Double
    /// beta: a user with d clicks counts `d^-beta` times; 0 for all alike.
    public let userPower: Double
    /// alpha: the weight from i to j is multiplied by `(n_i / n_j)^alpha`, with n the items' numbers of clicks.
    public let itemPower: Double
    /// xi: from 0, for a diagonal of zeros, to less than 1.
    public let relaxation: Double
    /// How many weights to an item stay, the heaviest; nil for all.
    public let keep: Int?
    private let availableMemory: Int?

    /// `availableMemory` in bytes is what the fit must do with; nil for no limit.
    public init(
        dropout: Double = 0.5, lambda: Double = 300, userPower: Double = 0, itemPower: Double = 0, relaxation: Double = 0,
        keep: Int? = nil, availableMemory: Int? = SystemMemory.available
    ) {
        (self.dropout, self.lambda, self.keep, self.availableMemory) = (dropout, lambda, keep, availableMemory)
        (self.userPower, self.itemPower, self.relaxation) = (userPower, itemPower, relaxation)
    }

    public var options: [String: String] {
        [
            "dropout": optionText(dropout), "lambda": optionText(lambda), "user-power": optionText(userPower),
            "item-power": optionText(itemPower), "relaxation": optionText(relaxation), "keep": String(keep ?? 0),
        ]
    }

    /// Costs the cube of items, or of users where they are fewer; takes 4 bytes per pair of items, or of users with
    /// `keep` where they are fewer; the model with `keep` 8 per weight.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        try regression().model(
            (.edlae, .edlae), keep: keep, training, workers: workers, isCancelled: isCancelled, progress: progress)
    }

    /// The item power and the relaxation are chosen afterwards: see `SolvedRegression`.
    public func solve(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> (any SolvedFit)? {
        guard keep == nil else { return nil }
        return Solved(
            regression: try regression().solve(training, workers: workers, isCancelled: isCancelled, progress: progress))
    }

    private struct Solved: SolvedFit {
        let regression: SolvedRegression

        func scorer(of baseline: any Baseline) -> any Scorer {
            regression.scorer((baseline as? EDLAE)?.normalization ?? Normalization())
        }

        func model(of baseline: any Baseline, workers: Workers) -> any Model {
            let weights = regression.weights((baseline as? EDLAE)?.normalization ?? Normalization(), workers: workers)
            return ItemWeights(.edlae, itemCount: regression.itemCount, weights: weights)
        }
    }

    private var normalization: Normalization {
        Normalization(userPower: userPower, itemPower: itemPower, relaxation: relaxation)
    }

    /// The regression that the options describe.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that cannot be.
    private func regression() throws -> ItemRegression {
        guard dropout >= 0, dropout < 1, lambda >= 0, lambda.isFinite, dropout + lambda > 0 else {
            throw FoldinError(
                .usage, found: "a dropout of \(optionText(dropout)) and a lambda of \(optionText(lambda))",
                expected: "a dropout from 0 to less than 1 and a lambda from 0, one of them more than 0")
        }
        guard userPower.isFinite, itemPower.isFinite, relaxation >= 0, relaxation < 1 else {
            throw FoldinError(
                .usage, found: "powers of \(userPower) and \(itemPower) and a relaxation of \(relaxation)",
                expected: "finite powers and a relaxation from 0 to less than 1")
        }
        let (share, lambda) = (dropout / (1 - dropout), lambda)
        return ItemRegression(
            penalty: { share * $0 + lambda }, normalization: normalization, availableMemory: availableMemory)
    }
}

import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Synchronization

/// The weights of `ItemRegression` from a matrix of users instead of items, for more items than users.
///
/// With the penalties `L`, a diagonal matrix, `K = I + X L^-1 X^T` [users, users] and `S = X^T K^-1 X` [items, items], Woodbury's identity says
/// `(X^T X + L)^-1 = L^-1 - L^-1 S L^-1`, so that the weight from item i to another j is
///
///     B_ij = (S_ij / L_i) / (1 - S_jj / L_j)
///
/// With a `Normalization` X stands for `diag(d^(-beta / 2)) X`, and the factor of a column is that of `Normalization.factor`.
/// Inverting K costs users^3 operations; what follows, clicks x (users + items).
struct UserSide {
    private let clicks: [Double]
    private let penalties: [Double]
    private let normalization: Normalization
    /// 1 / L.
    private let shares: [Float]
    private let userCount: Int

    /// Items whose rows of S are summed together: a vector kernel's width.
    private static let itemsPerPiece = 64
    /// Pieces between two checks for cancellation.
    private static let piecesPerPass = 16
    /// The part of the time that the inverse takes, for the progress.
    private static let inverseShare = 0.85

    /// Nil where this way does not pay, or where the difference above would lose too many of a float's digits: `1 - S_jj / L_j` is at
    /// least `L_j / (L_j + clicks_j)`.
    init?(clicks: [Double], penalties: [Double], _ training: InteractionMatrix, _ normalization: Normalization = Normalization())
    {
        guard 5 * training.userCount <= 4 * training.itemCount,
            zip(clicks, penalties).allSatisfy({ $1 > 0 && $1 >= 1e-3 * ($0 + $1) })
        else { return nil }
        (self.clicks, self.penalties, self.normalization) = (clicks, penalties, normalization)
        userCount = training.userCount
        shares = penalties.map { Float(1 / $0) }
    }

    /// Bytes taken: a matrix of users with what its inverse needs, a matrix of items unless only the heaviest weights are kept, and a piece's sums
    /// and weights per worker.
    func memory(_ workers: Workers, keep: Int?) -> Int {
        let items = penalties.count
        let results = keep.map { items * min($0, items) * 2 + workers.count * Self.itemsPerPiece * items } ?? items * items
        return 4
            * (results + userCount * userCount + SymmetricInverse.scratchCount(side: userCount)
                + workers.count * Self.itemsPerPiece * userCount)
    }

    /// K^-1, its rows and columns multiplied by the square roots of the users' weights; `users` is the transpose of `training`.
    func inverse(
        _ training: InteractionMatrix, _ users: InteractionMatrix, workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> FloatBuffer {
        let inverse = FloatBuffer(count: userCount * userCount)
        try ItemRegression.fillGram(
            inverse, of: training, by: users, weights: shares, workers: workers, isCancelled: isCancelled)
        let roots = normalization.userWeights(training)?.map { $0.squareRoot() }
        for user in 0..<userCount {
            let weight = roots.map { Double($0[user]) * Double($0[user]) } ?? 1
            if let roots { Self.scale(inverse, user, by: roots) }
            inverse.pointer[user * userCount + user] = Float(training.row(user).reduce(1) { $0 + weight / penalties[Int($1)] })
        }
        try ItemRegression.invert(inverse, side: userCount, workers: workers, isCancelled: isCancelled) {
            progress(Self.inverseShare * $0)
        }
        if let roots { for user in 0..<userCount { Self.scale(inverse, user, by: roots, throughEnd: true) } }
        return inverse
    }

    /// Multiplies a row of a matrix of users, up to the diagonal or to its end, by the square roots of the weights of both users.
    private static func scale(_ matrix: FloatBuffer, _ user: Int, by roots: [Float], throughEnd: Bool = false) {
        let row = matrix.pointer + user * roots.count
        for other in 0..<(throughEnd ? roots.count : user) { row[other] *= roots[user] * roots[other] }
    }

    /// S [items, items] from K^-1, each row divided by its item's penalty: a regression solved.
    func solve(
        _ inverse: FloatBuffer, _ users: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> SolvedRegression {
        let items = penalties.count
        let matrix = FloatBuffer(count: items * items)
        try forEachPiece(inverse, users, workers: workers, isCancelled: isCancelled, progress: progress) { own, sums, _ in
            sums(true, matrix.pointer + own.lowerBound * items)
        }
        return SolvedRegression(matrix, clicks: clicks, penalties: penalties, isByUsers: true)
    }

    /// The `keep` heaviest weights to each item, as `heaviest(_:of:items:workers:)` chooses them, without a matrix of items: the weights to an
    /// item are its row of S, which is symmetric.
    func heaviest(
        _ keep: Int, _ inverse: FloatBuffer, _ users: InteractionMatrix, workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> ItemNeighbours.Lists {
        let (items, width) = (penalties.count, Self.itemsPerPiece)
        let kept = min(keep, items)
        let powers = clicks.map { Float(normalization.power(ofClicks: $0)) }
        let rows = FloatBuffer(count: workers.count * width * items)
        let magnitudes = FloatBuffer(count: workers.count * items)
        let pieces = Mutex<[Int: ItemNeighbours.Lists]>([:])
        try forEachPiece(inverse, users, workers: workers, isCancelled: isCancelled, progress: progress) { own, sums, worker in
            let (piece, sizes) = (rows.pointer + worker * width * items, magnitudes.pointer + worker * items)
            sums(false, piece)
            let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: TopK.scratchCount(kept))
            defer { scratch.deallocate() }
            var best = [Int32](repeating: 0, count: kept)
            var lists = ItemNeighbours.Lists(starts: [0], items: [], weights: [])
            for item in own {
                let row = piece + (item - own.lowerBound) * items
                let share = 1 - Double(row[item]) / penalties[item]
                let factor = Float(normalization.factor(forShare: share)) / powers[item]
                for other in 0..<items {
                    row[other] *= shares[other] * powers[other] * factor
                    sizes[other] = row[other].magnitude
                }
                (row[item], sizes[item]) = (0, 0)
                let found = TopK.select(kept, of: sizes, count: items, scratch: scratch, into: &best)
                for other in best[..<found].sorted() where sizes[Int(other)] > 0 {
                    lists.items.append(other)
                    lists.weights.append(row[Int(other)])
                }
                lists.starts.append(lists.items.count)
            }
            pieces.withLock { $0[own.lowerBound] = lists }
        }
        let ordered = pieces.withLock { $0 }.sorted { $0.key < $1.key }
        return ordered.reduce(into: ItemNeighbours.Lists(starts: [0], items: [], weights: [])) { $0.append($1.value) }
    }

    /// Calls `body` with ranges of items, a function that writes their rows of S, each divided by its item's penalty or not, and the worker.
    private func forEachPiece(
        _ inverse: FloatBuffer, _ users: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void,
        _ body: (_ own: Range<Int>, _ sums: (_ divided: Bool, UnsafeMutablePointer<Float>) -> Void, _ worker: Int) -> Void
    ) throws {
        let (items, width) = (penalties.count, Self.itemsPerPiece)
        let sums = FloatBuffer(count: workers.count * width * userCount)
        let ones = [Float](repeating: 1, count: users.longestRow)
        for first in stride(from: 0, to: items, by: width * Self.piecesPerPass) {
            if isCancelled() { throw CancellationError() }
            let last = min(items, first + width * Self.piecesPerPass)
            workers.forEachPiece(of: last - first, size: width) { piece, worker in
                let own = first + piece.lowerBound..<first + piece.upperBound
                body(
                    own,
                    { divided, rows in
                        sumRows(
                            own, divided: divided, inverse, users, ones, sums: sums.pointer + worker * width * userCount,
                            into: rows)
                    }, worker)
            }
            progress(Self.inverseShare + (1 - Self.inverseShare) * Double(last) / Double(items))
        }
    }

    /// Rows `own` of S, each divided by its item's penalty or not, into [own, items]. `sums` is scratch, [users, itemsPerPiece].
    private func sumRows(
        _ own: Range<Int>, divided: Bool, _ inverse: FloatBuffer, _ users: InteractionMatrix, _ ones: [Float],
        sums: UnsafeMutablePointer<Float>, into rows: UnsafeMutablePointer<Float>
    ) {
        let (items, width) = (penalties.count, Self.itemsPerPiece)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(userCount, width)) { memory in
            guard let scratch = memory.baseAddress else { return }
            // The column of an item: what it has in X^T K^-1.
            for (column, item) in own.enumerated() {
                Self.sum(users.row(item), ones, of: inverse.pointer, width: userCount, into: scratch)
                let share = divided ? shares[item] : 1
                for user in 0..<userCount { sums[user * width + column] = share * scratch[user] }
            }
            for other in 0..<items {
                Self.sum(users.row(other), ones, of: sums, width: width, into: scratch)
                for column in 0..<own.count { rows[column * items + other] = scratch[column] }
            }
        }
    }

    /// The sum of some rows of a matrix of `width` columns.
    private static func sum(
        _ rows: ArraySlice<Int32>, _ ones: [Float], of matrix: UnsafePointer<Float>, width: Int,
        into result: UnsafeMutablePointer<Float>
    ) {
        rows.withUnsafeBufferPointer { rows in
            ones.withUnsafeBufferPointer { ones in
                guard let first = rows.baseAddress, let ones = ones.baseAddress, !rows.isEmpty else {
                    return result.update(repeating: 0, count: width)
                }
                foldin_sum_rows(width, nil, rows.count, first, ones, matrix, result)
            }
        }
    }
}

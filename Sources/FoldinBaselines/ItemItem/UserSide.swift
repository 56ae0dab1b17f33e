import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// The weights of `ItemRegression` from a matrix of users instead of items, for more items than users.
///
/// With the penalties `L`, a diagonal matrix, `K = I + X L^-1 X^T` [users, users] and `S = X^T K^-1 X` [items, items], Woodbury's identity says
/// `(X^T X + L)^-1 = L^-1 - L^-1 S L^-1`, so that the weight from item i to another j is
///
///     B_ij = (S_ij / L_i) / (1 - S_jj / L_j)
///
/// Inverting K costs users^3 operations; what follows, clicks x (users + items).
struct UserSide {
    private let penalties: [Double]
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
    init?(clicks: [Double], penalties: [Double], _ training: InteractionMatrix) {
        guard 5 * training.userCount <= 4 * training.itemCount,
            zip(clicks, penalties).allSatisfy({ $1 > 0 && $1 >= 1e-3 * ($0 + $1) })
        else { return nil }
        (self.penalties, userCount) = (penalties, training.userCount)
        shares = penalties.map { Float(1 / $0) }
    }

    /// Bytes taken: a matrix of items, one of users with what its inverse needs, and a piece's sums a worker.
    func memory(_ workers: Workers) -> Int {
        let items = penalties.count
        return 4
            * (items * items + userCount * userCount + SymmetricInverse.scratchCount(side: userCount)
                + workers.count * Self.itemsPerPiece * userCount)
    }

    /// As `ItemRegression.weights`; `users` is the transpose of `training`.
    func weights(
        _ training: InteractionMatrix, _ users: InteractionMatrix, workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> FloatBuffer {
        let inverse = FloatBuffer(count: userCount * userCount)
        try ItemRegression.fillGram(
            inverse, of: training, by: users, weights: shares, workers: workers, isCancelled: isCancelled)
        for user in 0..<userCount {
            inverse.pointer[user * userCount + user] = Float(training.row(user).reduce(1) { $0 + 1 / penalties[Int($1)] })
        }
        try ItemRegression.invert(inverse, side: userCount, workers: workers, isCancelled: isCancelled) {
            progress(Self.inverseShare * $0)
        }
        return try expand(inverse, users, workers: workers, isCancelled: isCancelled, progress: progress)
    }

    /// B from K^-1.
    private func expand(
        _ inverse: FloatBuffer, _ users: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> FloatBuffer {
        let (items, width) = (penalties.count, Self.itemsPerPiece)
        let matrix = FloatBuffer(count: items * items)
        let sums = FloatBuffer(count: workers.count * width * userCount)
        let ones = [Float](repeating: 1, count: users.rowLengthMaximum)
        for first in stride(from: 0, to: items, by: width * Self.piecesPerPass) {
            if isCancelled() { throw CancellationError() }
            let last = min(items, first + width * Self.piecesPerPass)
            workers.forEachPiece(of: last - first, size: width) { piece, worker in
                let own = first + piece.lowerBound..<first + piece.upperBound
                sumRows(
                    own, inverse, users, ones, sums: sums.pointer + worker * width * userCount,
                    into: matrix.pointer)
            }
            progress(Self.inverseShare + (1 - Self.inverseShare) * Double(last) / Double(items))
        }
        // S_jj / L_j of all items is known only now.
        let factors = (0..<items).map { Float(1 / (1 - Double(matrix.pointer[$0 * items + $0]))) }
        ItemRegression.scaleColumns(matrix, by: factors, workers: workers)
        return matrix
    }

    /// Rows `own` of S, each divided by its item's penalty. `sums` is scratch, [users, itemsPerPiece].
    private func sumRows(
        _ own: Range<Int>, _ inverse: FloatBuffer, _ users: InteractionMatrix, _ ones: [Float],
        sums: UnsafeMutablePointer<Float>, into matrix: UnsafeMutablePointer<Float>
    ) {
        let (items, width) = (penalties.count, Self.itemsPerPiece)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(userCount, width)) { memory in
            guard let scratch = memory.baseAddress else { return }
            // The column of an item: what it has in X^T K^-1, over its penalty.
            for (column, item) in own.enumerated() {
                Self.sum(users.row(item), ones, of: inverse.pointer, width: userCount, into: scratch)
                for user in 0..<userCount { sums[user * width + column] = shares[item] * scratch[user] }
            }
            for other in 0..<items {
                Self.sum(users.row(other), ones, of: sums, width: width, into: scratch)
                for (column, item) in own.enumerated() { matrix[item * items + other] = scratch[column] }
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

extension InteractionMatrix {
    /// The most clicks that a row has.
    fileprivate var rowLengthMaximum: Int { (0..<userCount).reduce(0) { max($0, row($1).count) } }
}

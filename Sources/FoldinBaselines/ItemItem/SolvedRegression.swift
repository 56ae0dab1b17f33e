import FoldinInteractions
import FoldinKernels

/// A regression of all items before the options that only multiply its rows and columns: the item power and the relaxation.
struct SolvedRegression: Sendable {
    /// [items, items]: P by the items' side, S / L_i by the users' side. `weights` replaces it.
    private let matrix: FloatBuffer
    private let clicks: [Double]
    private let penalties: [Double]
    private let isByUsers: Bool

    init(_ matrix: FloatBuffer, clicks: [Double], penalties: [Double], isByUsers: Bool) {
        (self.matrix, self.clicks, self.penalties, self.isByUsers) = (matrix, clicks, penalties, isByUsers)
    }

    var itemCount: Int { clicks.count }

    /// What each column is multiplied by: B = -P diag(L + m) off the diagonal; without a relaxation L + m = 1 / diag(P).
    private func factors(_ normalization: Normalization) -> [Double] {
        (0..<itemCount).map { item in
            let own = matrix.pointer[item * itemCount + item]
            if isByUsers { return normalization.factor(forShare: 1 - Double(own)) }
            if normalization.relaxation == 0 { return Double(-1 / own) }
            return -penalties[item] * normalization.factor(forShare: penalties[item] * Double(own))
        }
    }

    /// B [items, items], in the place of the matrix, which is lost.
    func weights(_ normalization: Normalization, workers: Workers) -> FloatBuffer {
        normalization.scale(matrix, columns: factors(normalization), clicks: clicks, workers: workers)
        return matrix
    }

    /// Scores as the weights do, up to rounding and but for the items of a history, and leaves the matrix as it is.
    func scorer(_ normalization: Normalization) -> any Scorer {
        let powers = clicks.map(normalization.power(ofClicks:))
        return Scaled(
            matrix: matrix, itemCount: itemCount, rows: powers.map { Float($0) },
            columns: zip(factors(normalization), powers).map { Float($0 / $1) })
    }

    /// Scores = (x diag(rows) matrix) diag(columns).
    private struct Scaled: Scorer {
        let matrix: FloatBuffer
        let itemCount: Int
        let rows: [Float]
        let columns: [Float]

        func score(
            _ histories: InteractionMatrix, rows users: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
        ) {
            let engine = KernelEngine()
            let weights = matrix.matrix(rows: itemCount, columns: itemCount)
            workers.forEachPiece(of: users.count, size: 4) { piece, _ in
                for user in piece {
                    let history = histories.row(users.lowerBound + user)
                    let factors = history.map { rows[Int($0)] }
                    let out = scores + user * itemCount
                    history.withUnsafeBufferPointer { history in
                        factors.withUnsafeBufferPointer { factors in
                            engine.multiply(
                                SparseVector(indices: history, values: VectorView(factors)), weights, plus: nil,
                                into: MutableVectorView(out, count: itemCount))
                        }
                    }
                    columns.withUnsafeBufferPointer { columns in
                        for item in 0..<itemCount { out[item] *= columns[item] }
                    }
                }
            }
        }
    }
}

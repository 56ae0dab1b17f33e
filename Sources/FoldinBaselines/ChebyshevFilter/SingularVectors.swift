import FoldinInteractions
import FoldinKernels
import Foundation

/// The strongest right singular vectors of R = D_U^-1/2 X D_I^-1/2 by randomised subspace iteration (Halko, Martinsson and Tropp 2011).
///
/// An orthonormal basis S [items, width] is multiplied by R^T R and made orthonormal again, a few times. The basis is of the space of the
/// vectors, not the vectors themselves: a projection on them needs no more.
enum SingularVectors {
    /// Rows of a matrix that one task takes.
    private static let rowsPerPiece = 256

    /// Bytes that `strongest` takes: two bases of the items, one of the users.
    static func memory(_ matrix: InteractionMatrix, width: Int) -> Int {
        4 * width * (2 * matrix.itemCount + matrix.userCount) + 16 * width * width
    }

    /// The basis [items, width], row-major; where the matrix has a lower rank, columns of zeros. The bits do not depend on the workers.
    ///
    /// `iterations` is how often the basis is multiplied by R^T R: the strongest vectors take few, those next to the first one that is left out
    /// many. On Gowalla two give the same metrics as five.
    static func strongest(
        _ width: Int, of matrix: InteractionMatrix, iterations: Int = 4, workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> FloatBuffer {
        let basis = FloatBuffer(count: matrix.itemCount * width)
        guard width > 0 else { return basis }
        let items = matrix.transposed()
        workers.forEachPiece(of: matrix.itemCount, size: rowsPerPiece) { piece, _ in
            let source = RandomSource(seed: 98_765, stream: 0x5356_4400, step: UInt64(piece.lowerBound))
            source.normal(
                into: MutableVectorView(basis.pointer + piece.lowerBound * width, count: piece.count * width))
        }
        let (moved, people) = (FloatBuffer(count: basis.count), FloatBuffer(count: matrix.userCount * width))
        let itemFactors = factors(items)
        let userFactors = factors(matrix)
        for iteration in 0..<iterations {
            try multiply(matrix, basis, by: itemFactors, into: people, by: userFactors, width, workers, isCancelled)
            progress((Double(iteration) + 0.4) / Double(iterations))
            try multiply(items, people, by: userFactors, into: moved, by: itemFactors, width, workers, isCancelled)
            progress((Double(iteration) + 0.8) / Double(iterations))
            // Twice: after the first time rounding still shows.
            makeOrthonormal(moved, rows: matrix.itemCount, width, scratch: basis, workers: workers)
            if isCancelled() { throw CancellationError() }
            makeOrthonormal(basis, rows: matrix.itemCount, width, scratch: moved, workers: workers)
            basis.copy(from: moved)
            progress(Double(iteration + 1) / Double(iterations))
        }
        return basis
    }

    /// n^-1/2 of each row's number of entries n, and 1 for an empty row.
    private static func factors(_ matrix: InteractionMatrix) -> [Float] {
        (0..<matrix.userCount).map { 1 / Float(max(1, matrix.row($0).count)).squareRoot() }
    }

    /// out [rows, width] = diag(outer) A diag(inner) b [columns, width] for a binary matrix A [rows, columns].
    private static func multiply(
        _ matrix: InteractionMatrix, _ b: FloatBuffer, by inner: [Float], into out: FloatBuffer, by outer: [Float], _ width: Int,
        _ workers: Workers, _ isCancelled: () -> Bool
    ) throws {
        let b = b.matrix(rows: matrix.itemCount, columns: width)
        let result = out.mutableMatrix(rows: matrix.userCount, columns: width)
        let engine = KernelEngine()
        let passes = 32 * rowsPerPiece
        for first in stride(from: 0, to: matrix.userCount, by: passes) {
            if isCancelled() { throw CancellationError() }
            workers.forEachPiece(of: min(passes, matrix.userCount - first), size: rowsPerPiece) { piece, _ in
                for row in first + piece.lowerBound..<first + piece.upperBound {
                    let columns = matrix.row(row)
                    let values = columns.map { outer[row] * inner[Int($0)] }
                    columns.withUnsafeBufferPointer { columns in
                        values.withUnsafeBufferPointer { values in
                            engine.multiply(
                                SparseVector(indices: columns, values: VectorView(values)), b, plus: nil, into: result.row(row))
                        }
                    }
                }
            }
        }
    }

    /// scratch = a basis of the columns of `matrix` [rows, width] with orthonormal columns: A L^-T with A^T A = L L^T.
    ///
    /// A column that depends on those before it becomes 0. Both buffers are changed.
    private static func makeOrthonormal(
        _ matrix: FloatBuffer, rows: Int, _ width: Int, scratch: FloatBuffer, workers: Workers
    ) {
        let engine = KernelEngine()
        let a = matrix.matrix(rows: rows, columns: width)
        // Sums of pieces in their order, in double precision.
        var gram = [Double](repeating: 0, count: width * width)
        let (pieceRows, count) = (2048, (rows + 2047) / 2048)
        for first in stride(from: 0, to: count, by: 16) {
            let parts = workers.map(min(16, count - first)) { piece, _ in
                let start = (first + piece) * pieceRows
                let part = a.rows(start..<min(rows, start + pieceRows))
                let product = FloatBuffer(count: width * width)
                engine.multiply(part.transposed, part, into: product.mutableMatrix(rows: width, columns: width))
                return product
            }
            for part in parts { for index in gram.indices { gram[index] += Double(part.pointer[index]) } }
        }
        let inverse = FloatBuffer(inverseOfCholesky(&gram, width).map { Float($0) })
        let out = scratch.mutableMatrix(rows: rows, columns: width)
        let factor = inverse.matrix(rows: width, columns: width)
        workers.forEachPiece(of: rows, size: rowsPerPiece) { piece, _ in
            engine.multiply(a.rows(piece), factor.transposed, into: out.rows(piece))
        }
    }

    /// L^-1 [width, width], row-major, of A = L L^T; rows of zeros where A's pivot is 0 up to rounding. `a` is overwritten.
    private static func inverseOfCholesky(_ a: inout [Double], _ width: Int) -> [Double] {
        var inverse = [Double](repeating: 0, count: width * width)
        let smallest = (0..<width).map { 1e-6 * a[$0 * width + $0] }
        a.withUnsafeMutableBufferPointer { a in
            inverse.withUnsafeMutableBufferPointer { inverse in
                // Row by row: L_ij = (A_ij - sum over k < j of L_ik L_jk) / L_jj, and then row i of L^-1.
                for i in 0..<width {
                    for j in 0..<i {
                        var sum = a[i * width + j]
                        for k in 0..<j { sum -= a[i * width + k] * a[j * width + k] }
                        let pivot = a[j * width + j]
                        a[i * width + j] = pivot > 0 ? sum / pivot : 0
                    }
                    var square = a[i * width + i]
                    for k in 0..<i { square -= a[i * width + k] * a[i * width + k] }
                    guard square > smallest[i], square > 0 else {
                        a[i * width + i] = 0
                        continue
                    }
                    let pivot = square.squareRoot()
                    a[i * width + i] = pivot
                    for k in 0..<i where a[i * width + k] != 0 {
                        let factor = a[i * width + k] / pivot
                        for j in 0...k { inverse[i * width + j] -= factor * inverse[k * width + j] }
                    }
                    inverse[i * width + i] = 1 / pivot
                }
            }
        }
        return inverse
    }
}

import CFoldinKernels

/// The eigenvalues and eigenvectors of a symmetric matrix.
///
/// Householder reflections to a tridiagonal matrix, then QR steps with Wilkinson's shift (Golub and Van Loan, *Matrix Computations*, 8.3),
/// in double precision on the calling thread: about 9 side^3 operations, and 16 bytes of memory for each pair of rows beside the matrix. The
/// error of an eigenvalue is the rounding of the largest.
public struct SymmetricEigen: Sendable {
    /// The eigenvalues, from the largest to the smallest.
    public let values: [Double]
    /// The eigenvectors [side, side], row by row in the order of the values; each has length 1.
    public let vectors: FloatBuffer

    /// The decomposition of `matrix` [side, side], of finite numbers, row by row with both halves.
    ///
    /// - Throws: `CancellationError` when `isCancelled` returns true; it is called all the time.
    public init(_ matrix: [Double], side: Int, isCancelled: () -> Bool = { false }) throws {
        precondition(matrix.count == side * side && side > 0, "\(matrix.count) numbers are not [\(side), \(side)]")
        func check() throws { if isCancelled() { throw CancellationError() } }
        var (a, q) = (matrix, [Double](repeating: 0, count: side * side))
        var (diagonal, beside, factors) = (Self.zeros(side), Self.zeros(side), Self.zeros(side))
        var scratch = Self.zeros(side)
        let (reflections, atOnce) = (max(0, side - 2), 64)
        for first in stride(from: 0, to: max(1, reflections), by: atOnce) {
            try check()
            foldin_tridiagonalize(
                side, first, min(reflections, first + atOnce), &a, &diagonal, &beside, &factors, &scratch)
        }
        for row in 0..<side { q[row * side + row] = 1 }
        for last in stride(from: reflections, to: 0, by: -atOnce) {
            try check()
            foldin_multiply_reflections(side, max(0, last - atOnce), last, a, factors, &q)
        }
        var end = side
        while end > 0 {
            try check()
            end = foldin_diagonalize(side, end, &diagonal, &beside, &q)
        }
        // Among equal values the order is that of the rows, so that it is always the same.
        let order = diagonal.indices.sorted { (-diagonal[$0], $0) < (-diagonal[$1], $1) }
        values = order.map { diagonal[$0] }
        vectors = FloatBuffer(count: side * side)
        for (place, row) in order.enumerated() {
            for column in 0..<side { vectors.pointer[place * side + column] = Float(q[row * side + column]) }
        }
    }

    private static func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
}

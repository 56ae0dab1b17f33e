import CFoldinKernels

/// Linear equations with a symmetric positive definite matrix, solved on the calling thread: for many small systems, one per task.
///
/// A blocked Cholesky factorisation of the lower half. A column of 64 is updated by one product with the columns before it, its block of the
/// diagonal is factored, and the rows below are multiplied by the inverse of that factor. Takes side^3 / 3 operations and as good as all
/// of them in products.
public enum PositiveSystem {
    private static let block = Int(FOLDIN_CHOLESKY_SIDE)

    /// A pivot is the diagonal's element less what the rows before explain of it. Below this share of the element it is rounding noise.
    private static let leastPivot: Float = 1e-6

    /// The number of floats of scratch memory for a matrix of `side` rows.
    public static func scratchCount(side: Int) -> Int { (block + 1) * (side + 1) + block * block }

    /// Solves `A x = b`. Returns false if A is not positive definite, or not in 32-bit floats; the elements of `system` are then undefined.
    ///
    /// - Parameters:
    ///   - system: [side + 1, stride], row-major. The first `side` rows are A, of which the lower half is read, and is its Cholesky factor afterwards.
    ///     The last row is b, and x afterwards.
    ///   - side: the number of rows of A.
    ///   - rowStride: the distance between two rows in floats, at least `side`.
    ///   - scratch: `scratchCount(side:)` floats, which may hold anything.
    public static func solve(
        _ system: UnsafeMutablePointer<Float>, side: Int, stride rowStride: Int, scratch: UnsafeMutablePointer<Float>
    ) -> Bool {
        precondition(rowStride >= side, "rows of \(side) floats cannot be \(rowStride) apart")
        let least = scratch
        let inverse = least + side + 1
        let products = inverse + block * block
        for row in 0..<side { least[row] = leastPivot * system[row * rowStride + row] }
        for first in stride(from: 0, to: side, by: block) {
            let width = min(block, side - first)
            let rows = side + 1 - first
            let left = system + first * rowStride
            let pivot = left + first
            if first > 0 {
                matrixMultiply(
                    rows: rows, columns: width, inner: first, .plain(left, stride: rowStride),
                    .transposed(left, stride: rowStride),
                    into: products, stride: width)
                for row in 0..<rows {
                    let (target, source) = (pivot + row * rowStride, products + row * width)
                    for column in 0..<width { target[column] -= source[column] }
                }
            }
            guard foldin_cholesky(width, pivot, rowStride, least + first, inverse) else { return false }
            let below = pivot + width * rowStride
            matrixMultiply(
                rows: rows - width, columns: width, inner: width, .plain(below, stride: rowStride),
                .transposed(inverse, stride: width), into: products, stride: width)
            for row in 0..<rows - width { (below + row * rowStride).update(from: products + row * width, count: width) }
        }
        foldin_solve_transposed(side, system, rowStride, system + side * rowStride)
        return true
    }
}

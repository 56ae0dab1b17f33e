import COpenBLAS

/// The machine's matrix product.
public enum MatrixMultiply {
    /// The library and kernels in use, for people; opens the library on first use.
    public static var libraryDescription: String { String(cString: foldin_blas_description()) }

    /// Whether a BLAS was found; without one the products are right but slow.
    public static let isAccelerated: Bool = foldin_blas_open()
}

/// `c [m, n] = alpha * op(a) [m, k] * op(b) [k, n] + beta * c`, row-major, on the calling thread.
///
/// `rowStride` parameters are the distances between rows *as stored*, in floats. `beta == 0` overwrites `c` whatever it held.
@inline(__always)
public func matrixMultiply(
    rows m: Int, columns n: Int, inner k: Int, alpha: Float = 1,
    _ a: UnsafePointer<Float>, rowStride aStride: Int, transposed transposeA: Bool = false,
    _ b: UnsafePointer<Float>, rowStride bStride: Int, transposed transposeB: Bool = false,
    beta: Float = 0, into c: UnsafeMutablePointer<Float>, rowStride cStride: Int
) {
    guard m > 0, n > 0 else { return }
    _ = MatrixMultiply.isAccelerated
    foldin_sgemm(
        transposeA, transposeB, Int32(m), Int32(n), Int32(k), alpha, a, Int32(aStride), b, Int32(bStride), beta, c, Int32(cStride)
    )
}

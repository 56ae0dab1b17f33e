#if canImport(Accelerate)
    import Accelerate
#else
    import COpenBLAS
#endif

/// The machine's matrix product.
public enum MatrixMultiply {
    /// The library and kernels in use, for people.
    public static var libraryDescription: String {
        #if canImport(Accelerate)
            return "Accelerate"
        #else
            return String(cString: openblas_get_config()) + " (kernels: " + String(cString: openblas_get_corename()) + ")"
        #endif
    }

    /// Set once, before the first product: threads are ours, a product runs on the thread that asks for it.
    fileprivate static let isSingleThreaded: Bool = {
        #if canImport(Accelerate)
            BLASSetThreading(BLAS_THREADING_SINGLE_THREADED)
        #else
            openblas_set_num_threads(1)
        #endif
        return true
    }()
}

/// A matrix in memory, taken as it lies or transposed; `stride` is the distance between its stored rows in floats.
public struct MatrixOperand {
    let pointer: UnsafePointer<Float>
    let stride: Int
    let isTransposed: Bool

    /// The matrix as it lies, row-major.
    @inline(__always)
    public static func plain(_ pointer: UnsafePointer<Float>, stride: Int) -> MatrixOperand {
        MatrixOperand(pointer: pointer, stride: stride, isTransposed: false)
    }

    /// The transpose of the row-major matrix at `pointer`.
    @inline(__always)
    public static func transposed(_ pointer: UnsafePointer<Float>, stride: Int) -> MatrixOperand {
        MatrixOperand(pointer: pointer, stride: stride, isTransposed: true)
    }
}

/// `c [rows, columns] = a [rows, inner] * b [inner, columns] + beta * c`, row-major, on the calling thread.
///
/// `beta == 0` overwrites `c` whatever it held. Costs `2 * rows * columns * inner` operations.
@inline(__always)
public func matrixMultiply(
    rows: Int, columns: Int, inner: Int, _ a: MatrixOperand, _ b: MatrixOperand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int
) {
    guard rows > 0, columns > 0 else { return }
    _ = MatrixMultiply.isSingleThreaded
    cblas_sgemm(
        CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
        Int32(rows), Int32(columns), Int32(inner), 1, a.pointer, Int32(a.stride), b.pointer, Int32(b.stride), beta, c,
        Int32(stride))
}

import CFoldinKernels
import Foundation

#if canImport(Accelerate)
import Accelerate
#else
import COpenBLAS
#endif

/// The library of matrix products: Foldin's own kernels where they are faster, else the system's BLAS.
///
/// The environment variable `FOLDIN_MATRIX` selects one: `own` (if the processor can run it) or `blas`. It is read once;
/// other values are ignored. `Documentation/Decisions/0006-own-matrix-kernels.md` has the measurements.
public enum MatrixMultiply {
    /// A description of the library and the kernels in use, for people.
    public static var libraryDescription: String {
        switch ownInstructionSet {
        case Int32(FOLDIN_AVX512.rawValue): return "Foldin's own AVX-512 kernels"
        case Int32(FOLDIN_AVX2.rawValue): return "Foldin's own AVX2 kernels"
        default: return blasDescription
        }
    }

    private static var blasDescription: String {
        #if canImport(Accelerate)
        return "Accelerate"
        #else
        guard let built = foldin_openblas_configuration(), let kernels = foldin_openblas_kernels() else { return "none" }
        return String(cString: built) + " (kernels: " + String(cString: kernels) + ")"
        #endif
    }

    /// Whether products can be computed, by own kernels or a BLAS.
    ///
    /// False on Linux if the processor has no AVX2 and OpenBLAS is missing; `matrixMultiply` then stops the program.
    public static var isAvailable: Bool {
        #if canImport(Accelerate)
        return true
        #else
        return isOwn || foldin_openblas_is_available()
        #endif
    }

    /// The instruction set of the own kernels in use, or nil for the BLAS. Own kernels exist for x86-64 with AVX2 or AVX-512 only.
    static let ownInstructionSet: Int32? = {
        let wish = ProcessInfo.processInfo.environment["FOLDIN_MATRIX"]
        #if canImport(Accelerate)
        guard wish == "own" else { return nil }
        #else
        guard wish != "blas" else { return nil }
        #endif
        return [FOLDIN_AVX512, FOLDIN_AVX2].first { Processor.has($0) }.map { Int32($0.rawValue) }
    }()

    /// Whether products are computed by Foldin's own kernels. Then the bits of an element depend on its row of a and its column of b alone.
    public static var isOwn: Bool { ownInstructionSet != nil }

    #if canImport(Accelerate)
    /// Set once, before the first product: Foldin has threads of its own, and a product runs on the calling thread.
    private static let isSingleThreaded: Bool = {
        BLASSetThreading(BLAS_THREADING_SINGLE_THREADED)
        return true
    }()
    #endif

    /// The BLAS's product; arguments as for `matrixMultiply`.
    static func byBLAS(
        rows: Int, columns: Int, inner: Int, _ a: MatrixOperand, _ b: MatrixOperand, beta: Float,
        into c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        #if canImport(Accelerate)
        _ = isSingleThreaded
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
            Int32(rows), Int32(columns), Int32(inner), 1, a.pointer, Int32(a.stride), b.pointer, Int32(b.stride), beta, c,
            Int32(stride))
        #else
        let isDone = foldin_openblas_multiply(
            a.isTransposed, b.isTransposed, Int32(rows), Int32(columns), Int32(inner), a.pointer, Int32(a.stride), b.pointer,
            Int32(b.stride), beta, c, Int32(stride))
        precondition(isDone, "OpenBLAS (libopenblas.so.0) not found, which this processor needs")
        #endif
    }
}

/// A row-major matrix in memory or its transpose; `stride` is the distance between its stored rows in floats. It has no bounds: see
/// `MatrixView`.
public struct MatrixOperand {
    let pointer: UnsafePointer<Float>
    let stride: Int
    let isTransposed: Bool

    /// The row-major matrix at `pointer`.
    @inline(__always)
    public static func plain(_ pointer: UnsafePointer<Float>, stride: Int) -> MatrixOperand {
        MatrixOperand(pointer: pointer, stride: stride, isTransposed: false)
    }

    /// The transpose of the row-major matrix at `pointer`.
    @inline(__always)
    public static func transposed(_ pointer: UnsafePointer<Float>, stride: Int) -> MatrixOperand {
        MatrixOperand(pointer: pointer, stride: stride, isTransposed: true)
    }

    var matrix: foldin_matrix { foldin_matrix(start: pointer, stride: stride, is_transposed: isTransposed) }
}

/// `c [rows, columns] = a [rows, inner] * b [inner, columns] + beta * c`, row-major, on the calling thread.
///
/// With `beta == 0`, `c` may hold anything before. Costs `2 * rows * columns * inner` operations; own kernels allocate nothing.
/// With own kernels the bits of an element depend on its row of `a` and its column of `b` alone, not on the number of others.
/// `KernelEngine` has the same product over views.
public func matrixMultiply(
    rows: Int, columns: Int, inner: Int, _ a: MatrixOperand, _ b: MatrixOperand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int
) {
    guard rows > 0, columns > 0 else { return }
    if let instructionSet = MatrixMultiply.ownInstructionSet, beta == 0 || beta == 1 {
        foldin_multiply_by(instructionSet, rows, columns, inner, a.matrix, b.matrix, beta == 1, c, stride)
    } else {
        MatrixMultiply.byBLAS(rows: rows, columns: columns, inner: inner, a, b, beta: beta, into: c, stride: stride)
    }
}

/// `c [rows.count] =` the products of `a [inner]` and the rows `rows` of `b`, which are `stride` floats apart.
///
/// With own kernels the same bits as `matrixMultiply` for `a` and the transpose of `b`.
public func multiplyRows(
    _ rows: UnsafeBufferPointer<Int32>, of b: UnsafePointer<Float>, stride: Int, inner: Int, by a: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
) {
    guard let start = rows.baseAddress, !rows.isEmpty else { return }
    if let instructionSet = MatrixMultiply.ownInstructionSet {
        foldin_multiply_rows_by(instructionSet, rows.count, start, inner, a, b, stride, c)
    } else {
        for (place, row) in rows.enumerated() {
            matrixMultiply(
                rows: 1, columns: 1, inner: inner, .plain(a, stride: inner), .transposed(b + Int(row) * stride, stride: stride),
                into: c + place, stride: 1)
        }
    }
}

import Dispatch

extension MatrixMultiply {
    /// The speed of products with the shape of a training step on one thread, in 10^9 floating-point operations per second.
    ///
    /// The best of several runs over about `seconds`.
    public static func measuredGigaflops(seconds: Double = 0.3) -> Double {
        let (rows, columns, inner) = (500, 512, 600)
        let left = FloatBuffer(count: rows * inner)
        let right = FloatBuffer(count: columns * inner)
        let product = FloatBuffer(count: rows * columns)
        for index in 0..<left.count { left.pointer[index] = Float(index % 7) - 3 }
        for index in 0..<right.count { right.pointer[index] = Float(index % 5) - 2 }
        var best = Double.infinity
        let begin = DispatchTime.now().uptimeNanoseconds
        repeat {
            let start = DispatchTime.now().uptimeNanoseconds
            KernelEngine().multiply(
                left.matrix(rows: rows, columns: inner), right.matrix(rows: columns, columns: inner).transposed,
                into: product.mutableMatrix(rows: rows, columns: columns))
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start))
        } while Double(DispatchTime.now().uptimeNanoseconds - begin) < seconds * 1e9
        return Double(2 * rows * columns * inner) / best
    }
}

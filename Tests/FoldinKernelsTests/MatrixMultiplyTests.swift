import FoldinKernels
import Testing

@Suite("Matrix products") struct MatrixMultiplyTests {
    /// Rows, columns and inner sides: ones, a vector's width, neither.
    static let sizes = [(1, 1, 1), (1, 17, 5), (16, 1, 33), (3, 16, 64), (13, 29, 31), (5, 7, 0), (40, 65, 3)]

    /// All four combinations of transposed operands, rows with gaps between them, and three values of beta.
    @Test(arguments: sizes, [0, 1, 0.5] as [Float])
    func agreesWithThreeLoops(size: (Int, Int, Int), beta: Float) {
        let (rows, columns, inner) = size
        for (leftTurned, rightTurned) in [(false, false), (false, true), (true, false), (true, true)] {
            let leftStride = (leftTurned ? rows : inner) + 2
            let rightStride = (rightTurned ? inner : columns) + 1
            let stride = columns + 3
            let a = LoopsTests.numbers(leftStride * ((leftTurned ? inner : rows) + 1))
            let b = LoopsTests.numbers(rightStride * ((rightTurned ? columns : inner) + 1), seed: 2)
            let start = beta == 0 ? [Float](repeating: .nan, count: rows * stride) : LoopsTests.numbers(rows * stride, seed: 3)
            var c = start
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress else { return }
                    matrixMultiply(
                        rows: rows, columns: columns, inner: inner,
                        leftTurned ? .transposed(a, stride: leftStride) : .plain(a, stride: leftStride),
                        rightTurned ? .transposed(b, stride: rightStride) : .plain(b, stride: rightStride), beta: beta,
                        into: &c, stride: stride)
                }
            }
            for row in 0..<rows {
                for column in 0..<stride {
                    let place = row * stride + column
                    guard column < columns else {
                        #expect(c[place].bitPattern == start[place].bitPattern, "memory between the rows does not change")
                        continue
                    }
                    var sum = beta == 0 ? 0 : Double(beta) * Double(start[place])
                    for k in 0..<inner {
                        let left = leftTurned ? a[k * leftStride + row] : a[row * leftStride + k]
                        let right = rightTurned ? b[column * rightStride + k] : b[k * rightStride + column]
                        sum += Double(left) * Double(right)
                    }
                    #expect(abs(Double(c[place]) - sum) < 1e-5 * max(1, abs(sum)))
                }
            }
        }
    }
}

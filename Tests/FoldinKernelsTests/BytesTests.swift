import CFoldinKernels
import FoldinKernels
import Testing

/// Products of bytes against whole numbers and sums in `Double`; on all processors with AVX2, also where Foldin does not use them.
@Suite("Products in bytes", .enabled(if: Processor.has(FOLDIN_AVX2))) struct BytesTests {
    /// A row in whole numbers of at most `most`, and its scale.
    static func rounded(_ row: ArraySlice<Float>, most: Float) -> (whole: [Int], scale: Float) {
        let scale = (row.map(abs).max() ?? 0) / most
        guard scale >= .leastNormalMagnitude else { return (row.map { _ in 0 }, 0) }
        return (row.map { Int(($0 * (1 / scale)).rounded(.toNearestOrEven)) }, scale)
    }

    struct Product {
        var c: [Float]
        var left: [foldin_lengths]
        var right: foldin_lengths
    }

    /// a [rows, inner] * the transpose of b [columns, inner] + bias, with guards behind all outputs.
    static func multiply(_ a: [Float], _ b: [Float], bias: [Float], rows: Int, columns: Int, inner: Int, stride: Int) -> Product {
        let padded = foldin_padded_to_byte_strips(columns)
        var left = [UInt32](repeating: 0xABCD, count: rows * foldin_quads(inner) + 1)
        var leftScales = [Float](repeating: -7, count: rows + 1)
        var lengths = [foldin_lengths](repeating: foldin_lengths(vector: -7, loss: -7), count: rows + 1)
        var right = [UInt32](repeating: 0xABCD, count: padded * foldin_quads(inner) + 1)
        var rightScales = [Float](repeating: -7, count: padded + 1)
        var excesses = [Int32](repeating: -7, count: padded + 1)
        var c = [Float](repeating: -7, count: rows * stride + 1)
        foldin_round_left(rows, inner, a, &left, &leftScales, &lengths)
        let longest = foldin_round_right(columns, inner, b, &right, &rightScales, &excesses)
        foldin_multiply_quads(rows, columns, inner, left, leftScales, right, rightScales, excesses, bias, &c, stride)
        #expect(left.last == 0xABCD && right.last == 0xABCD && leftScales.last == -7 && rightScales.last == -7)
        #expect(excesses.last == -7 && lengths.removeLast().loss == -7 && c.removeLast() == -7)
        return Product(c: c, left: lengths, right: longest)
    }

    static let shapes = [
        (1, 1, 1), (2, 15, 7), (3, 16, 8), (4, 17, 9), (5, 31, 16), (9, 33, 63), (13, 48, 64), (6, 70, 600), (4, 5, 1_003),
    ]

    /// Whole numbers are summed exactly; the error is the rounding to them, within the bound that the lengths give.
    @Test(arguments: shapes, [1, 1e-30, 1e30] as [Float])
    func productsAgreeWithWholeNumbers(shape: (rows: Int, columns: Int, inner: Int), size: Float) {
        let (rows, columns, inner) = shape
        var a = MultiplyTests.random(rows * inner, seed: 3).map { $0 * size }
        let b = MultiplyTests.random(columns * inner, seed: 4)
        let bias = MultiplyTests.random(columns, seed: 5).map { $0 * size }
        if rows > 1 { for k in 0..<inner { a[inner + k] = 0 } }
        let stride = columns + 3
        let product = Self.multiply(a, b, bias: bias, rows: rows, columns: columns, inner: inner, stride: stride)
        for row in 0..<rows {
            let left = a[row * inner..<(row + 1) * inner]
            let (wholeLeft, leftScale) = Self.rounded(left, most: 31)
            let length = left.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(product.left[row].vector - length) <= 1e-12 * length)
            for column in 0..<stride {
                let found = product.c[row * stride + column]
                guard column < columns else {
                    #expect(found == -7)
                    continue
                }
                let right = b[column * inner..<(column + 1) * inner]
                let (wholeRight, rightScale) = Self.rounded(right, most: 127)
                let sum = zip(wholeLeft, wholeRight).reduce(0) { $0 + $1.0 * $1.1 }
                let expected = Double(sum) * Double(leftScale) * Double(rightScale) + Double(bias[column])
                #expect(abs(Double(found) - expected) <= 1e-6 * (abs(expected) + Double(size)))
                let exact = zip(left, right).reduce(Double(bias[column])) { $0 + Double($1.0) * Double($1.1) }
                let (own, longest) = (product.left[row], product.right)
                let margin = own.vector * longest.loss + own.loss * (longest.vector + longest.loss)
                #expect(abs(Double(found) - exact) <= 1.001 * margin + 1e-6 * Double(size))
            }
        }
    }

    /// The largest numbers, all of the same sign: sums of four products are near the limit of 16 bits.
    @Test(arguments: [1, -1] as [Float]) func sumsDoNotOverflow(sign: Float) {
        let inner = 4_096
        let (a, b) = ([Float](repeating: 1, count: inner), [Float](repeating: sign, count: inner))
        let product = Self.multiply(a, b, bias: [0], rows: 1, columns: 1, inner: inner, stride: 1)
        #expect(abs(product.c[0] - sign * Float(inner)) < 1e-2)
        #expect(product.left[0].loss < 1e-5 && product.right.loss < 1e-5)
    }

    /// A row with NaN or infinity has no finite loss.
    @Test(arguments: [.infinity, -.infinity, .nan] as [Float]) func lengthsShowNaNAndInfinity(value: Float) {
        var a = MultiplyTests.random(40, seed: 1)
        a[3] = value
        let b = MultiplyTests.random(20 * 20, seed: 2)
        let bias = [Float](repeating: 0, count: 20)
        let left = Self.multiply(a, b, bias: bias, rows: 2, columns: 20, inner: 20, stride: 20)
        #expect(!left.left[0].loss.isFinite && left.left[1].loss.isFinite && left.right.loss.isFinite)
        let right = Self.multiply(b, a, bias: [0, 0], rows: 20, columns: 2, inner: 20, stride: 2)
        #expect(!right.right.loss.isFinite && right.left.allSatisfy { $0.loss.isFinite })
    }
}

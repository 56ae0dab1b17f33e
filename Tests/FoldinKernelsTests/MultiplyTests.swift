import CFoldinKernels
import FoldinKernels
import Testing

@Suite("Matrix products") struct MultiplyTests {
    struct Shape: CustomTestStringConvertible {
        let rows: Int, columns: Int, inner: Int
        var testDescription: String { "\(rows) x \(columns) x \(inner)" }
    }

    /// The own kernels this processor can run.
    static let instructionSets = [FOLDIN_AVX2, FOLDIN_AVX512].filter { Processor.has($0) }.map { Int32($0.rawValue) }

    static let shapes: [Shape] =
        [
            (1, 1, 1), (1, 70, 600), (2, 17, 3), (3, 16, 16), (5, 31, 8), (6, 32, 15), (11, 33, 17), (12, 64, 256),
            (13, 65, 67), (23, 24, 509), (13, 40, 513), (37, 41, 43), (26, 66, 400), (49, 7, 600), (101, 48, 1),
            (31, 70, 300), (40, 20, 0),
        ].map { Shape(rows: $0.0, columns: $0.1, inner: $0.2) }

    static func random(_ count: Int, seed: Int) -> [Float] {
        var state = UInt64(seed) &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24) - 0.5
        }
    }

    /// A matrix of random numbers whose stored rows are `extra` floats apart, the gaps NaN: nothing may read them.
    struct Operand {
        let values: [Float]
        /// The numbers after rounding.
        private let exact: [Double]
        let stride: Int
        let isTransposed: Bool

        init(
            rows: Int, columns: Int, isTransposed: Bool, extra: Int, seed: Int, rounding: (Float) -> Float = { $0 }
        ) {
            let (height, width) = isTransposed ? (columns, rows) : (rows, columns)
            let stride = width + extra
            let random = MultiplyTests.random(height * width, seed: seed)
            values = (0..<height * stride).map { $0 % stride < width ? random[$0 / stride * width + $0 % stride] : .nan }
            exact = values.map { Double(rounding($0)) }
            (self.stride, self.isTransposed) = (stride, isTransposed)
        }

        subscript(row: Int, column: Int) -> Double {
            exact[isTransposed ? column * stride + row : row * stride + column]
        }
    }

    /// Checks `multiply(a, b, beta, c, stride of c)` against sums in `Double` of the operands' numbers after `rounding`.
    static func check(
        _ shape: Shape, rounding: (Float) -> Float = { $0 },
        _ multiply: (Operand, Operand, Float, UnsafeMutablePointer<Float>, Int) -> Void
    ) {
        for (number, extra) in [0, 3, 16].enumerated() {
            for (aTransposed, bTransposed) in [(false, false), (false, true), (true, false), (true, true)] {
                let a = Operand(
                    rows: shape.rows, columns: shape.inner, isTransposed: aTransposed, extra: extra, seed: 10 + number,
                    rounding: rounding)
                let b = Operand(
                    rows: shape.inner, columns: shape.columns, isTransposed: bTransposed, extra: extra, seed: 20 + number,
                    rounding: rounding)
                var products = [Double](repeating: 0, count: shape.rows * shape.columns)
                for row in 0..<shape.rows {
                    for column in 0..<shape.columns {
                        var sum = 0.0
                        for k in 0..<shape.inner { sum += a[row, k] * b[k, column] }
                        products[row * shape.columns + column] = sum
                    }
                }
                let stride = shape.columns + extra
                for beta: Float in [0, 1] {
                    // With beta 0, c may hold anything; nothing may be written outside its columns.
                    var c = random(shape.rows * stride + 64, seed: 30)
                    let before = c
                    if beta == 0 { for row in 0..<shape.rows { for j in 0..<shape.columns { c[row * stride + j] = .nan } } }
                    c.withUnsafeMutableBufferPointer { multiply(a, b, beta, $0.baseAddress.unsafelyUnwrapped, stride) }
                    var worst = 0.0
                    for index in c.indices {
                        let (row, column) = (index / stride, index % stride)
                        var expected = Double(before[index])
                        if row < shape.rows, column < shape.columns {
                            expected = (beta == 0 ? 0 : expected) + products[row * shape.columns + column]
                        }
                        let error = abs(Double(c[index]) - expected)
                        worst = error.isNaN ? .infinity : max(worst, error)
                    }
                    // Terms are below a quarter; roundings of n terms add up to about sqrt(n) of them.
                    let allowed = 3e-7 * (1 + Double(shape.inner).squareRoot())
                    #expect(
                        worst <= allowed, "transposed \(aTransposed) \(bTransposed), beta \(beta), gap \(extra): off by \(worst)")
                }
            }
        }
    }

    static func matrix(_ operand: Operand, _ start: UnsafePointer<Float>) -> foldin_matrix {
        foldin_matrix(start: start, stride: operand.stride, is_transposed: operand.isTransposed)
    }

    @Test("of the own kernels agree with sums in Double", arguments: instructionSets, shapes)
    func ownKernels(instructionSet: Int32, shape: Shape) {
        Self.check(shape) { a, b, beta, c, stride in
            a.values.withUnsafeBufferPointer { left in
                b.values.withUnsafeBufferPointer { right in
                    // An empty array may have no address; then nothing is read either.
                    foldin_multiply_by(
                        instructionSet, shape.rows, shape.columns, shape.inner,
                        Self.matrix(a, left.baseAddress ?? UnsafePointer(c)),
                        Self.matrix(b, right.baseAddress ?? UnsafePointer(c)), beta == 1, c, stride)
                }
            }
        }
    }

    @Test("of this machine agree with sums in Double", arguments: shapes.filter { $0.inner > 0 })
    func machine(shape: Shape) {
        Self.check(shape) { a, b, beta, c, stride in
            a.values.withUnsafeBufferPointer { left in
                b.values.withUnsafeBufferPointer { right in
                    guard let left = left.baseAddress, let right = right.baseAddress else { return }
                    matrixMultiply(
                        rows: shape.rows, columns: shape.columns, inner: shape.inner,
                        a.isTransposed ? .transposed(left, stride: a.stride) : .plain(left, stride: a.stride),
                        b.isTransposed ? .transposed(right, stride: b.stride) : .plain(right, stride: b.stride), beta: beta,
                        into: c, stride: stride)
                }
            }
        }
    }

    @Test("of one row are the same bits as that row among many", arguments: instructionSets)
    func rowsAlone(instructionSet: Int32) {
        let (rows, columns, inner) = (29, 45, 601)
        let a = Self.random(rows * inner, seed: 1)
        let b = Self.random(columns * inner, seed: 2)
        func product(_ rows: Range<Int>) -> [Float] {
            var c = [Float](repeating: .nan, count: rows.count * columns)
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    foldin_multiply_by(
                        instructionSet, rows.count, columns, inner,
                        foldin_matrix(
                            start: a.baseAddress.unsafelyUnwrapped + rows.lowerBound * inner, stride: inner, is_transposed: false),
                        foldin_matrix(start: b.baseAddress.unsafelyUnwrapped, stride: inner, is_transposed: true), false, &c,
                        columns)
                }
            }
            return c
        }
        let whole = product(0..<rows)
        for row in 0..<rows { #expect(product(row..<row + 1) == Array(whole[row * columns..<(row + 1) * columns])) }
    }

    /// Rows from anywhere, some of them twice, of a matrix with gaps of NaN between its rows.
    @Test(
        "of selected rows are the same bits as those of all rows", arguments: instructionSets, [1, 7, 8, 33, 319, 321, 600, 901])
    func selectedRows(instructionSet: Int32, inner: Int) {
        let items = 150
        let x = Self.random(inner, seed: 1)
        let b = Operand(rows: inner, columns: items, isTransposed: true, extra: 5, seed: 2)
        var all = [Float](repeating: .nan, count: items)
        x.withUnsafeBufferPointer { x in
            b.values.withUnsafeBufferPointer { b in
                guard let x = x.baseAddress, let b = b.baseAddress else { return }
                foldin_multiply_by(
                    instructionSet, 1, items, inner, foldin_matrix(start: x, stride: inner, is_transposed: false),
                    foldin_matrix(start: b, stride: inner + 5, is_transposed: true), false, &all, items)
            }
        }
        for count in [0, 1, 15, 16, 17, 31, 32, 33, 100] {
            let rows = (0..<count).map { Int32(($0 * 67 + 149) % items) }
            var selected = [Float](repeating: .nan, count: count + 1)
            foldin_multiply_rows_by(instructionSet, count, rows, inner, x, b.values, inner + 5, &selected)
            #expect(selected.removeLast().isNaN && selected == rows.map { all[Int($0)] })
        }
    }
}

import CFoldinKernels
import FoldinKernels
import Testing

/// The nearest bfloat16, ties to even, with numbers below the smallest normal one as 0: by hand, from the bits.
func roundedToBFloat16(_ x: Float) -> UInt16 {
    if x.isNaN { return UInt16(x.bitPattern >> 16) | 0x40 }
    if x.isSubnormal { return x.sign == .minus ? 0x8000 : 0 }
    let (upper, lower) = (x.bitPattern >> 16, x.bitPattern & 0xFFFF)
    return UInt16(lower > 0x8000 || (lower == 0x8000 && upper % 2 == 1) ? upper + 1 : upper)
}

func widened(_ half: UInt16) -> Float { Float(bitPattern: UInt32(half) << 16) }

@Suite("Products in bfloat16", .enabled(if: Processor.has(FOLDIN_AVX512_BF16))) struct BFloat16Tests {
    static let guardian: UInt16 = 0xBEEF

    static func rounded(_ x: [Float]) -> [UInt16] {
        var halves = [UInt16](repeating: guardian, count: x.count + 1)
        foldin_bfloat16_round(x.count, x, &halves)
        #expect(halves.last == guardian)
        return Array(halves.dropLast())
    }

    @Test func roundsToTheNearest() {
        let specials: [(Float, UInt16)] = [
            (0, 0), (-0.0, 0x8000), (1, 0x3F80), (-2, 0xC000), (.infinity, 0x7F80), (-.infinity, 0xFF80),
            // Halfway between two: to the even one, up and down.
            (1 + 0x1p-8, 0x3F80), (1 + 3 * 0x1p-8, 0x3F82), (-1 - 0x1p-8, 0xBF80), (-1 - 3 * 0x1p-8, 0xBF82),
            (1 + 0x1p-8 + 0x1p-23, 0x3F81), (1 + 3 * 0x1p-8 - 0x1p-23, 0x3F81),
            // Beyond the largest bfloat16, and the last that is not.
            (.greatestFiniteMagnitude, 0x7F80), (Float(bitPattern: 0x7F7F_7FFF), 0x7F7F),
            (Float(bitPattern: 0x7F7F_8000), 0x7F80),
            (.leastNormalMagnitude, 0x0080), (.leastNonzeroMagnitude, 0), (-.leastNonzeroMagnitude, 0x8000),
            (Float.leastNormalMagnitude.nextDown, 0),
        ]
        for (x, expected) in specials { #expect(Self.rounded([x]) == [expected], "\(x)") }
        #expect(specials.allSatisfy { roundedToBFloat16($0) == $1 })
        for nan in [Float.nan, -.nan, .signalingNaN, Float(bitPattern: 0x7F80_0001)] {
            #expect(widened(Self.rounded([nan])[0]).isNaN)
        }
    }

    @Test func roundsAllBitPatterns() {
        var words = [UInt32](repeating: 0, count: 100_003)
        foldin_random_words(foldin_random_source(seed: 1, stream: 0, step: 0), 0, words.count, &words)
        let x = words.map { Float(bitPattern: $0) }.filter { !$0.isNaN }
        #expect(Self.rounded(x) == x.map(roundedToBFloat16))
    }

    /// Pairs of neighbours along the sum, as a left operand: packed here, a number at a time.
    static func pairs(_ a: MultiplyTests.Operand, rows: Int, inner: Int, byRows: Bool) -> [UInt32] {
        let count = foldin_pairs(inner)
        var pairs = [UInt32](repeating: 0xFFFF_FFFF, count: rows * count)
        for row in 0..<rows {
            for k in 0..<count {
                let high = 2 * k + 1 < inner ? roundedToBFloat16(Float(a[row, 2 * k + 1])) : 0
                pairs[byRows ? row * count + k : k * rows + row] =
                    UInt32(roundedToBFloat16(Float(a[row, 2 * k]))) | UInt32(high) << 16
            }
        }
        return pairs
    }

    static let shapes =
        MultiplyTests.shapes
        + [(3, 35, 639), (13, 33, 641), (2, 18, 1_283)].map { MultiplyTests.Shape(rows: $0.0, columns: $0.1, inner: $0.2) }

    /// A right operand packed beforehand or on the way, a left one by rows or transposed: the sums in `Double` of the rounded numbers.
    @Test(arguments: shapes, [false, true])
    func productsAgreeWithSumsInDouble(shape: MultiplyTests.Shape, packed: Bool) {
        func rounding(_ x: Float) -> Float { widened(roundedToBFloat16(x)) }
        MultiplyTests.check(shape, rounding: rounding) { a, b, beta, c, stride in
            let isByRows = !a.isTransposed
            let left = Self.pairs(a, rows: shape.rows, inner: shape.inner, byRows: isByRows)
            if isByRows {
                var own = [UInt32](repeating: 7, count: left.count + 1)
                foldin_pack_rows(shape.rows, shape.inner, a.values, a.stride, &own)
                #expect(own == left + [7])
            }
            let strips = Int(foldin_strips(shape.columns, shape.inner))
            left.withUnsafeBufferPointer { left in
                b.values.withUnsafeBufferPointer { right in
                    // An empty array may have no address; then nothing is read either.
                    let none = UnsafeMutableRawPointer(c).assumingMemoryBound(to: UInt32.self)
                    let operand = foldin_left_pairs(
                        start: left.baseAddress ?? UnsafePointer(none), row_stride: isByRows ? foldin_pairs(shape.inner) : 1,
                        pair_stride: isByRows ? 1 : shape.rows)
                    let matrix = MultiplyTests.matrix(b, right.baseAddress ?? UnsafePointer(c))
                    if packed {
                        var strip = [UInt32](repeating: 7, count: strips + 1)
                        foldin_pack_strips(shape.inner, shape.columns, matrix, &strip)
                        #expect(strip.last == 7)
                        let next = strip.withUnsafeBytes {
                            let floats = $0.bindMemory(to: Float.self)
                            let second = floats.baseAddress.map { $0 + 1 }
                            return foldin_prefetch_ranges(first: floats.baseAddress, second: second, count: floats.count - 1)
                        }
                        foldin_multiply_pairs(shape.rows, shape.columns, shape.inner, operand, strip, beta == 1, c, stride, next)
                    } else {
                        foldin_multiply_rounding(shape.rows, shape.columns, shape.inner, operand, matrix, beta == 1, c, stride)
                    }
                }
            }
        }
    }

    @Test func aRowHasTheSameBitsAloneAsAmongOthers() {
        let (rows, columns, inner) = (29, 45, 1_301)
        let a = MultiplyTests.Operand(rows: rows, columns: inner, isTransposed: false, extra: 0, seed: 1)
        let b = MultiplyTests.random(columns * inner, seed: 2)
        let left = Self.pairs(a, rows: rows, inner: inner, byRows: true)
        func product(_ rows: Range<Int>) -> [Float] {
            var c = [Float](repeating: .nan, count: rows.count * columns)
            left.withUnsafeBufferPointer { left in
                b.withUnsafeBufferPointer { b in
                    guard let left = left.baseAddress, let b = b.baseAddress else { return }
                    let pairs = foldin_pairs(inner)
                    foldin_multiply_rounding(
                        rows.count, columns, inner,
                        foldin_left_pairs(start: left + rows.lowerBound * pairs, row_stride: pairs, pair_stride: 1),
                        foldin_matrix(start: b, stride: inner, is_transposed: true), false, &c, columns)
                }
            }
            return c
        }
        let whole = product(0..<rows)
        for row in 0..<rows { #expect(product(row..<row + 1) == Array(whole[row * columns..<(row + 1) * columns])) }
    }

    @Test func productsCarryNaNAndInfinity() {
        for (value, expected) in [(Float.nan, Float.nan), (.infinity, .infinity)] {
            var c: [Float] = [0]
            [value, 1].withUnsafeBufferPointer { b in
                [0x3F80_3F80 as UInt32].withUnsafeBufferPointer { ones in
                    guard let b = b.baseAddress, let ones = ones.baseAddress else { return }
                    foldin_multiply_rounding(
                        1, 1, 2, foldin_left_pairs(start: ones, row_stride: 1, pair_stride: 1),
                        foldin_matrix(start: b, stride: 1, is_transposed: false), false, &c, 1)
                }
            }
            #expect(c[0] == expected || (c[0].isNaN && expected.isNaN))
        }
    }
}

import CFoldinKernels
import Foundation
import Testing

/// The vector loops against the same formulas in double precision, a number at a time.
@Suite("Vector loops") struct LoopsTests {
    /// Around the width of a vector, of four vectors, and of neither.
    static let lengths = [0, 1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 100, 128, 200]
    /// The value behind the end of every buffer, which shows a write past it.
    static let guardian: Float = -12_345

    static func numbers(_ count: Int, seed: UInt64 = 1) -> [Float] {
        var numbers = [Float](repeating: 0, count: count)
        foldin_random_normal(foldin_random_source(seed: seed, stream: 0, step: 0), 0, count, &numbers)
        return numbers
    }

    /// Equal except for rounding, relative to the size of the numbers.
    static func near(_ a: [Float], _ b: [Double], _ tolerance: Double = 1e-6) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs(Double($0) - $1) <= tolerance * max(1, abs($1)) }
    }

    /// exp through `foldin_exponentials` of a row whose maximum is 0.
    static func exponentials(_ x: [Float]) -> [Float] {
        var panel = x + [0]
        let bias = [Float](repeating: 0, count: panel.count)
        var maximum: Float = .nan
        var sum: Float = .nan
        foldin_exponentials(1, panel.count, &panel, bias, &maximum, &sum)
        #expect(maximum == 0)
        return Array(panel.dropLast())
    }

    @Test func exponentialIsAccurate() {
        let x = stride(from: -86.9, through: 0, by: 0.0137).map { Float($0) } + [-1e-30, -Float.leastNonzeroMagnitude, -0.5, -1]
        let worst = zip(x, Self.exponentials(x)).map { abs(Double($1) / exp(Double($0)) - 1) }.max()
        #expect(worst.map { $0 < 2.5e-7 } == true, "\(String(describing: worst))")
        // Far below the smallest normal number it stays tiny, not zero and not negative.
        for e in Self.exponentials([-88, -1_000, -1e30, -.infinity]) { #expect(e > 0 && e < 2e-38) }
    }

    @Test(arguments: lengths.dropFirst())
    func exponentialsOfAPanelAreAccurate(columns: Int) {
        let rows = 3
        let logits = Self.numbers(rows * columns).map { 5 * $0 }
        let bias = Self.numbers(columns, seed: 2)
        var panel = logits + [Self.guardian]
        var maxima = [Float](repeating: Self.guardian, count: rows + 1)
        var sums = maxima
        foldin_exponentials(rows, columns, &panel, bias, &maxima, &sums)
        #expect(panel.last == Self.guardian && maxima.last == Self.guardian && sums.last == Self.guardian)
        for row in 0..<rows {
            let shifted = (0..<columns).map { logits[row * columns + $0] + bias[$0] }
            let top = shifted.reduce(-.infinity, max)
            let expected = shifted.map { exp(Double($0) - Double(top)) }
            #expect(maxima[row] == top)
            #expect(Self.near(Array(panel[row * columns..<(row + 1) * columns]), expected))
            #expect(abs(Double(sums[row]) / expected.reduce(0, +) - 1) < 1e-6)
        }
    }

    /// The largest logit may be at any place, far above the others, or below zero.
    @Test func exponentialsSurviveExtremes() {
        for place in [0, 7, 15, 16, 20] {
            for (rest, top) in [(-3e38, 3e38), (-1e4, -9e3), (0, 200)] as [(Float, Float)] {
                var panel = [Float](repeating: rest, count: 21)
                panel[place] = top
                var (maximum, sum): (Float, Float) = (0, 0)
                foldin_exponentials(1, 21, &panel, [Float](repeating: 0, count: 21), &maximum, &sum)
                #expect(maximum == top && panel[place] == 1 && abs(sum - 1) < 1e-6)
            }
        }
    }

    @Test func tanhIsAccurate() {
        let x = stride(from: -12, through: 12, by: 0.0037).map { Float($0) }
        let extremes: [Float] = [0, -0.0, 1e-30, -1e-30, 0.625, 0.62499994, 20, -45, 100, -1e30, 3e38, .infinity, -.infinity]
        var y = [Float](repeating: .nan, count: x.count)
        foldin_tanh(x.count, x, &y)
        let worst = zip(x, y).map { abs(Double($1) - tanh(Double($0))) / max(1e-6, abs(tanh(Double($0)))) }.max()
        #expect(worst.map { $0 < 4e-7 } == true, "\(String(describing: worst))")
        #expect(y.allSatisfy { abs($0) <= 1 })
        var ends = extremes
        foldin_tanh(ends.count, ends, &ends)
        #expect(zip(extremes, ends).allSatisfy { abs($1 - Foundation.tanh($0)) <= 1e-6 * abs(Foundation.tanh($0)) })
        #expect(ends.suffix(2) == [1, -1])
        var nothing: [Float] = [.nan]
        foldin_tanh(1, nothing, &nothing)
        #expect(nothing[0].isNaN)
    }

    @Test(arguments: lengths)
    func elementwiseLoopsFollowTheirFormulas(count: Int) {
        let (x, y) = (Self.numbers(count), Self.numbers(count, seed: 2))
        var t = x + [Self.guardian]
        foldin_tanh(count, t, &t)
        #expect(Self.near(Array(t.prefix(count)), x.map { tanh(Double($0)) }) && t.last == Self.guardian)
        var g = y + [Self.guardian]
        foldin_tanh_backward(count, t, &g)
        #expect(Self.near(Array(g.prefix(count)), zip(x, y).map { Double($1) / pow(cosh(Double($0)), 2) }))
        #expect(g.last == Self.guardian)
        var sum = y + [Self.guardian]
        foldin_add(count, x, &sum)
        #expect(Array(sum.prefix(count)) == zip(x, y).map { $0 + $1 } && sum.last == Self.guardian)
    }

    @Test(arguments: lengths)
    func rowAndColumnLoopsFollowTheirFormulas(columns: Int) {
        let rows = 5
        let matrix = Self.numbers(rows * columns)
        let bias = Self.numbers(columns, seed: 3)
        var shifted = matrix + [Self.guardian]
        foldin_add_bias(rows, columns, &shifted, bias)
        #expect(shifted.last == Self.guardian)
        for i in matrix.indices { #expect(shifted[i] == matrix[i] + bias[i % columns]) }
        // Sums of the first columns of wider rows.
        let some = columns / 2
        var sums = [Float](repeating: Self.guardian, count: some + 1)
        foldin_sum_columns(rows, some, columns, matrix, &sums)
        let expected = (0..<some).map { column in (0..<rows).reduce(0.0) { $0 + Double(matrix[$1 * columns + column]) } }
        #expect(Self.near(Array(sums.dropLast()), expected) && sums.last == Self.guardian)
    }

    /// User 0 clicks every third item from 10 on, user 1 every fourth, user 2 none; the panel starts at item 20.
    @Test(arguments: lengths)
    func theLossGradientSubtractsTheClicks(columns: Int) {
        let first = 20
        let rows = [3, 4].map { step in (10..<first + columns + 9).filter { $0 % step == 0 }.map(Int32.init) } + [[]]
        let starts = [0, rows[0].count, rows[0].count + rows[1].count, rows[0].count + rows[1].count]
        let matrix = Self.numbers(3 * columns)
        let bias = Self.numbers(columns, seed: 3)
        let scales: [Float] = [0.5, -2, 3]
        let shares: [Float] = [0.25, 0.75, 2]
        starts.withUnsafeBufferPointer { starts in
            rows.flatMap { $0 }.withUnsafeBufferPointer { items in
                guard let starts = starts.baseAddress, let items = items.baseAddress else { return }
                let clicks = foldin_clicks(starts: starts, items: items)
                var sums = [Float](repeating: Self.guardian, count: 4)
                foldin_sum_clicks(3, first, columns, clicks, matrix, bias, &sums)
                var panel = matrix + [Self.guardian]
                var columnSums = [Float](repeating: Self.guardian, count: columns + 1)
                foldin_loss_gradient(3, first, columns, clicks, shares, scales, &panel, &columnSums)
                var expected = [Double](repeating: 0, count: columns)
                for user in 0..<3 {
                    var sum = 0.0
                    for column in 0..<columns {
                        let isClicked = rows[user].contains(Int32(first + column))
                        let value = matrix[user * columns + column]
                        if isClicked { sum += Double(value) + Double(bias[column]) }
                        let gradient = Double(value) * Double(scales[user]) - (isClicked ? Double(shares[user]) : 0)
                        #expect(abs(Double(panel[user * columns + column]) - gradient) < 1e-5)
                        expected[column] += gradient
                    }
                    #expect(abs(Double(sums[user]) - sum) < 1e-4)
                }
                #expect(zip(columnSums, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 })
                #expect(panel.last == Self.guardian && columnSums.last == Self.guardian && sums.last == Self.guardian)
            }
        }
    }

    @Test(arguments: lengths, [0, 1, 7, 300])
    func sumsOfRowsLeaveOutFactorZero(width: Int, count: Int) {
        // The last row has factor 0 and must not be read.
        let matrix = Self.numbers(11 * width) + [Float](repeating: .nan, count: width)
        var rows = (0..<count).map { Int32(($0 * 4 + 10) % 11) }
        var factors = Self.numbers(count, seed: 4)
        for place in stride(from: 5, to: count, by: 7) { (rows[place], factors[place]) = (11, 0) }
        let start = Self.numbers(width, seed: 5)
        for begins in [true, false] {
            var out = [Float](repeating: Self.guardian, count: width + 1)
            foldin_sum_rows(width, begins ? start : nil, count, rows, factors, matrix, &out)
            let expected = (0..<width).map { column in
                var sum = begins ? Double(start[column]) : 0
                for (row, factor) in zip(rows, factors) where factor != 0 {
                    sum += Double(factor) * Double(matrix[Int(row) * width + column])
                }
                return sum
            }
            #expect(Self.near(Array(out.dropLast()), expected, count > 100 ? 3e-5 : 1e-6) && out.last == Self.guardian)
        }
    }
}

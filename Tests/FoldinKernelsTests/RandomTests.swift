import CFoldinKernels
import Foundation
import Testing

@Suite("Counter-based random numbers") struct RandomTests {
    static func words(_ source: foldin_random_source, from first: UInt64, _ count: Int) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: count)
        foldin_random_words(source, first, count, &words)
        return words
    }

    static func normals(_ source: foldin_random_source, from first: UInt64, _ count: Int) -> [Float] {
        var numbers = [Float](repeating: .nan, count: count)
        foldin_random_normal(source, first, count, &numbers)
        return numbers
    }

    static let source = foldin_random_source(seed: 12_345, stream: 3, step: 7)

    /// The vectors that Random123 (Salmon et al.) publishes for philox4x32-10: counters and keys of zeros, of ones, of pi.
    @Test func wordsAgreeWithKnownAnswers() {
        #expect(
            Self.words(foldin_random_source(seed: 0, stream: 0, step: 0), from: 0, 4)
                == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        #expect(
            Self.words(foldin_random_source(seed: .max, stream: .max, step: .max), from: 4 * 0xFFFF_FFFF, 4)
                == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
        #expect(
            Self.words(
                foldin_random_source(seed: 0x299F_31D0_A409_3822, stream: 0x85A3_08D3, step: 0x0370_7344_1319_8A2E),
                from: 4 * 0x243F_6A88, 4) == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    }

    /// A part of a sequence has the numbers that it has in the whole sequence.
    @Test func partsOfASequenceAreTheSameNumbers() {
        let all = Self.words(Self.source, from: 0, 40)
        let normals = Self.normals(Self.source, from: 0, 40)
        var uniforms = [Float](repeating: 0, count: 40)
        foldin_random_uniform(Self.source, 0, 40, &uniforms)
        #expect(Set(all).count == 40)
        for first in 0..<12 {
            for count in [0, 1, 2, 3, 4, 5, 9, 16, 28] {
                #expect(Self.words(Self.source, from: UInt64(first), count) == Array(all[first..<first + count]))
                var part = [Float](repeating: 0, count: count)
                foldin_random_uniform(Self.source, UInt64(first), count, &part)
                #expect(part == Array(uniforms[first..<first + count]))
                if first % 2 == 0 {
                    #expect(Self.normals(Self.source, from: UInt64(first), count) == Array(normals[first..<first + count]))
                }
            }
        }
    }

    @Test func seedsStreamsAndStepsGiveDifferentNumbers() {
        let sources = [
            Self.source, foldin_random_source(seed: 12_346, stream: 3, step: 7),
            foldin_random_source(seed: 12_345 + 1 << 32, stream: 3, step: 7),
            foldin_random_source(seed: 12_345, stream: 4, step: 7), foldin_random_source(seed: 12_345, stream: 3, step: 8),
            foldin_random_source(seed: 12_345, stream: 3, step: 7 + 1 << 32),
        ]
        #expect(Set(sources.flatMap { Self.words($0, from: 0, 100) }).count == 600)
    }

    /// Mean, variance, the share of each tenth; neighbours are not correlated.
    @Test func uniformNumbersAreUniform() {
        let count = 100_000
        var numbers = [Float](repeating: -1, count: count)
        foldin_random_uniform(Self.source, 0, count, &numbers)
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        let moments = Moments(numbers.map { Double($0) - 0.5 })
        let n = Double(count)
        #expect(abs(moments.mean) < 5 / sqrt(12 * n))
        #expect(abs(moments.variance - 1 / 12) < 5 * sqrt(1 / 180 / n))
        #expect(abs(moments.correlation) < 5 / sqrt(n))
        var tenths = [Int](repeating: 0, count: 10)
        for number in numbers { tenths[Int(number * 10)] += 1 }
        #expect(tenths.allSatisfy { abs(Double($0) - n / 10) < 5 * sqrt(0.09 * n) })
    }

    @Test func normalNumbersAreNormal() {
        let numbers = Self.normals(Self.source, from: 0, 100_000).map(Double.init)
        let n = Double(numbers.count)
        #expect(numbers.allSatisfy { $0.isFinite })
        let moments = Moments(numbers)
        #expect(abs(moments.mean) < 5 / sqrt(n))
        #expect(abs(moments.variance - 1) < 5 * sqrt(2 / n))
        #expect(abs(moments.correlation) < 5 / sqrt(n))
        // The shares of the normal distribution within one, two and three standard deviations.
        for (limit, share) in [(1.0, 0.682689), (2.0, 0.954500), (3.0, 0.997300)] {
            let inside = Double(numbers.count { abs($0) < limit }) / n
            #expect(abs(inside - share) < 5 * sqrt(share * (1 - share) / n))
        }
    }

    struct Moments {
        let mean, variance, correlation: Double

        init(_ values: [Double]) {
            let n = Double(values.count)
            let mean = values.reduce(0, +) / n
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
            let product = zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / n
            (self.mean, self.variance, correlation) = (mean, variance, product / variance)
        }
    }

    @Test(arguments: [0.1, 0.5, 0.75, 0.999, 1] as [Float])
    func dropoutKeepsItsShareAndScales(keep: Float) {
        let count = 100_000
        let x = (0..<count).map { Float($0 % 7 + 1) }
        var y = [Float](repeating: .nan, count: count)
        foldin_dropout(Self.source, 0, count, keep, x, &y)
        let kept = y.count { $0 != 0 }
        #expect(abs(Double(kept) - Double(keep) * Double(count)) <= 5 * sqrt(Double(keep * (1 - keep)) * Double(count)))
        #expect(zip(x, y).allSatisfy { $1 == 0 || $1 == $0 * (1 / keep) })
        // In place, and from the middle, it drops the same positions.
        var again = x
        foldin_dropout(Self.source, 0, count, keep, again, &again)
        #expect(again == y)
        var part = [Float](repeating: .nan, count: 50)
        foldin_dropout(Self.source, 33, 50, keep, Array(x[33..<83]), &part)
        #expect(part == Array(y[33..<83]))
    }
}

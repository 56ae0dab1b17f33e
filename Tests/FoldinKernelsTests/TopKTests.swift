import CFoldinKernels
import FoldinKernels
import Testing

@Suite("The k best of a row") struct TopKTests {
    /// The instruction sets that this processor has.
    static let instructionSets = [FOLDIN_PORTABLE, FOLDIN_AVX2].filter { Processor.has($0) }.map { Int32($0.rawValue) }

    /// The expected result, by sorting.
    static func sorted(_ k: Int, of scores: [Float]) -> [Int32] {
        let ranked = scores.indices.filter { scores[$0] > -.infinity }
            .sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return ranked.prefix(k).map { Int32($0) }
    }

    static func selected(_ k: Int, of scores: [Float], by instructionSet: Int32) -> [Int32] {
        // Guards behind both buffers show a write past the end.
        let words = TopK.scratchCount(k)
        var scratch = [UInt64](repeating: 0xA5A5, count: words + 8)
        var items = [Int32](repeating: -7, count: k + 8)
        let found = foldin_top_k_by(instructionSet, scores, scores.count, k, &scratch, &items)
        #expect(scratch[words...].allSatisfy { $0 == 0xA5A5 })
        #expect(items[min(found, k)...].allSatisfy { $0 == -7 })
        return Array(items.prefix(found))
    }

    static func random(_ count: Int, seed: UInt64, levels: Int? = nil) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let unit = Float(state >> 40) / Float(1 << 24) - 0.5
            guard let levels else { return unit }
            return (unit * Float(levels)).rounded()
        }
    }

    @Test(
        "agrees with sorting, whatever the length and k", arguments: instructionSets,
        [0, 1, 15, 16, 63, 64, 65, 127, 500, 1_023, 3_001])
    func agreesWithSorting(instructionSet: Int32, count: Int) {
        for k in [1, 2, 7, 16, 20, 100, 200, 1_000, 5_000] {
            let scores = Self.random(count, seed: UInt64(count * 31 + k))
            #expect(Self.selected(k, of: scores, by: instructionSet) == Self.sorted(k, of: scores))
        }
    }

    @Test("gives the lower index first among equals", arguments: instructionSets) func ties(instructionSet: Int32) {
        for levels in [1, 2, 5, 40] {
            let scores = Self.random(2_500, seed: UInt64(levels), levels: levels)
            for k in [1, 10, 100, 700] {
                #expect(Self.selected(k, of: scores, by: instructionSet) == Self.sorted(k, of: scores))
            }
        }
        let constant = [Float](repeating: 3, count: 1_000)
        #expect(Self.selected(5, of: constant, by: instructionSet) == [0, 1, 2, 3, 4])
    }

    @Test("treats minus zero as zero", arguments: instructionSets) func zeros(instructionSet: Int32) {
        let scores = (0..<600).map { $0 % 2 == 0 ? -Float.zero : Float.zero }
        #expect(Self.selected(4, of: scores, by: instructionSet) == [0, 1, 2, 3])
    }

    @Test("never selects NaN or minus infinity", arguments: instructionSets) func masked(instructionSet: Int32) {
        var scores = Self.random(2_000, seed: 5)
        for index in stride(from: 0, to: 2_000, by: 3) { scores[index] = .nan }
        for index in stride(from: 1, to: 2_000, by: 3) { scores[index] = -.infinity }
        for k in [1, 10, 100, 1_500] {
            #expect(Self.selected(k, of: scores, by: instructionSet) == Self.sorted(k, of: scores))
        }
        #expect(Self.selected(10, of: [Float](repeating: .nan, count: 900), by: instructionSet) == [])
        #expect(Self.selected(10, of: [Float](repeating: -.infinity, count: 900), by: instructionSet) == [])
    }

    @Test("orders infinity and the extremes of Float", arguments: instructionSets) func extremes(instructionSet: Int32) {
        var scores = [Float](repeating: -.greatestFiniteMagnitude, count: 400)
        scores[17] = .infinity
        scores[399] = .greatestFiniteMagnitude
        scores[200] = .leastNonzeroMagnitude
        scores[201] = -.leastNonzeroMagnitude
        #expect(Self.selected(6, of: scores, by: instructionSet) == [17, 399, 200, 201, 0, 1])
        #expect(Self.selected(2, of: [Float](repeating: .infinity, count: 300), by: instructionSet) == [0, 1])
    }

    @Test("is correct for rising, falling and wave-shaped rows", arguments: instructionSets) func orders(instructionSet: Int32) {
        let shapes: [(Int) -> Float] = [{ Float($0) }, { -Float($0) }, { Float(min($0, 4_000 - $0)) }, { Float($0 % 97) }]
        for shape in shapes {
            let scores = (0..<4_000).map(shape)
            for k in [3, 100] {
                #expect(Self.selected(k, of: scores, by: instructionSet) == Self.sorted(k, of: scores))
            }
        }
    }

    @Test("the version for arrays returns all items if k is greater than their number") func face() {
        #expect(TopK.items(10, of: [1, 3, .nan, 2, -.infinity]) == [1, 3, 0])
        #expect(TopK.items(0, of: [1, 2]) == [])
        #expect(TopK.items(3, of: []) == [])
        #expect(TopK.items(Int.max, of: [1, 2]) == [1, 0])
    }

    @Test("finds all scores that reach a bound", arguments: instructionSets, [0, 1, 15, 16, 63, 64, 65, 127, 500, 3_001])
    func bounds(instructionSet: Int32, count: Int) {
        var scores = Self.random(count, seed: UInt64(count), levels: 20)
        for index in stride(from: 0, to: count, by: 7) { scores[index] = .nan }
        for index in stride(from: 3, to: count, by: 11) { scores[index] = -.infinity }
        for bound in [-20, -3, 4, 9, 20, -.greatestFiniteMagnitude, -.infinity, .infinity] as [Float] {
            var items = [Int32](repeating: -7, count: count + 1)
            let found = foldin_at_least_by(instructionSet, bound, scores, count, &items)
            #expect(items[found...].allSatisfy { $0 == -7 })
            #expect(items.prefix(found).map(Int.init) == scores.indices.filter { scores[$0] >= bound })
        }
    }
}

import FoldinKernels

/// Which items of a row of scores are wanted.
struct Ranking: Sendable {
    let top: Int
    let offset: Int
    /// Items that are not wanted: the history and the exclusions.
    let masked: [Int]
    /// The only items that are wanted; all when nil.
    let allowed: [Int]?

    /// The best of `scores` [items], best first; equal scores by index. The row is changed: masked items become minus infinity.
    func best(of scores: UnsafeMutablePointer<Float>, items: Int) -> [RankedItem] {
        for item in masked { scores[item] = -.infinity }
        let ranked: [Int32]
        if let allowed {
            // A few items of many: sort them alone.
            let candidates = Set(allowed).filter { scores[$0] > -.infinity }
            ranked = candidates.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(reach(items)).map(Int32.init)
        } else {
            let count = reach(items)
            let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: TopK.scratchCount(count))
            defer { scratch.deallocate() }
            ranked = [Int32](unsafeUninitializedCapacity: count) { buffer, found in
                guard let start = buffer.baseAddress else { return }
                found = TopK.select(count, of: scores, count: items, scratch: scratch, into: start)
            }
        }
        return ranked.dropFirst(offset).map { RankedItem(item: $0, score: scores[Int($0)]) }
    }

    private func reach(_ items: Int) -> Int { min(items, top + offset) }
}

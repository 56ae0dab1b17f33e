#if Service
import FoldinInteractions
import FoldinKernels

/// Which of the best items of a row of scores to return.
struct Ranking: Sendable {
    /// How many items to return.
    let top: Int
    /// How many of the best to skip.
    let offset: Int
    /// Items to leave out: the history and the exclusions.
    let masked: [Int]
    /// The only items that may be returned; all when nil.
    let allowed: [Int]?

    /// The best items of the first row of `scores` and their exact scores, best first; equal scores by index. Overwrites the row.
    func best(of scores: ScoringQueue.Scores) -> [RankedItem] {
        let reach = min(scores.items, top + offset)
        if let allowed {
            let candidates = Set(allowed).subtracting(masked).sorted().map(Int32.init)
            let exact = scores.exact(candidates, row: 0)
            return TopK.items(reach, of: exact).dropFirst(offset).map { RankedItem(item: candidates[$0], score: exact[$0]) }
        }
        let ranker = BestItems(reach, of: scores.items)
        return withExtendedLifetime(ranker) {
            let best = ranker.find(in: scores.pointer, without: masked.map(Int32.init)[...], approximate: scores.approximate)
            return zip(best.items, best.scores).dropFirst(offset).map { RankedItem(item: $0, score: $1) }
        }
    }
}

extension ScoringQueue.Scores {
    /// The exact scores of some items in a row.
    func exact(_ items: [Int32], row: Int) -> [Float] {
        guard let approximate else { return items.map { pointer[row * self.items + Int($0)] } }
        guard !items.isEmpty else { return [] }
        return [Float](unsafeUninitializedCapacity: items.count) { exact, count in
            count = items.count
            guard let start = exact.baseAddress else { return }
            items.withUnsafeBufferPointer { approximate.scores.exact($0, row: approximate.row + row, into: start) }
        }
    }
}
#endif

import FoldinInteractions
import FoldinKernels

/// Which items of a row of scores are wanted.
struct Ranking: Sendable {
    let top: Int
    let offset: Int
    /// Items that are not wanted: the history and the exclusions.
    let masked: [Int]
    /// The only items that are wanted; all when nil.
    let allowed: [Int]?

    /// The best of the first row of `scores` and their exact scores, best first; equal scores by index. The row is changed.
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
    /// The scores of some items in a row as the model defines them.
    func exact(_ items: [Int32], row: Int) -> [Float] {
        guard let approximate else { return items.map { pointer[row * self.items + Int($0)] } }
        return [Float](unsafeUninitializedCapacity: items.count) { exact, count in
            count = items.count
            guard let start = exact.baseAddress else { return }
            items.withUnsafeBufferPointer { approximate.scores.exact($0, row: approximate.row + row, into: start) }
        }
    }
}

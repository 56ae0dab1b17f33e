import FoldinKernels
import FoldinModels

/// Which items of a row of scores are wanted.
struct Ranking: Sendable {
    let top: Int
    let offset: Int
    /// Items that are not wanted: the history and the exclusions.
    let masked: [Int]
    /// The only items that are wanted; all when nil.
    let allowed: [Int]?

    /// The best of the first row of `scores`, best first; equal scores by index. The row is changed: masked items become minus infinity.
    func best(of scores: ScoringQueue.Scores) -> [RankedItem] {
        for item in masked { scores.pointer[item] = -.infinity }
        let reach = min(scores.items, top + offset)
        let candidates: [Int32]
        if let allowed {
            let unwanted = Set(masked)
            candidates = Set(allowed).subtracting(unwanted).sorted().map(Int32.init)
        } else if let rounded = scores.rounded, !rounded.scores.margin(of: rounded.first).isFinite {
            let unwanted = Set(masked)
            candidates = (0..<scores.items).filter { !unwanted.contains($0) }.map(Int32.init)
        } else {
            candidates = scores.candidates(reach).sorted()
        }
        let exact = scores.exact(candidates, row: 0)
        return TopK.items(reach, of: exact).dropFirst(offset).map { RankedItem(item: candidates[$0], score: exact[$0]) }
    }
}

extension ScoringQueue.Scores {
    /// The scores of some items in a row as the model defines them.
    func exact(_ items: [Int32], row: Int) -> [Float] {
        if let rounded { return rounded.scores.exact(items, row: rounded.first + row) }
        return items.map { pointer[row * self.items + Int($0)] }
    }

    /// Items of the first row, among them the `count` best by their exact scores: all that rounding may have placed too low.
    func candidates(_ count: Int) -> [Int32] {
        guard let rounded else { return select(count) }
        let margin = rounded.scores.margin(of: rounded.first)
        var reach = count
        while true {
            reach = min(items, 2 * reach + 32)
            let found = select(reach)
            guard found.count == reach, reach < items else { return found }
            // `count` items are surely no lower than `bar` plus the margin; what is below `bar` is surely lower than those.
            let bar = pointer[Int(found[count - 1])] - 2 * margin
            if let end = found.firstIndex(where: { pointer[Int($0)] < bar }) { return Array(found[..<end]) }
        }
    }

    private func select(_ count: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: count) { buffer, found in
            guard let start = buffer.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: TopK.scratchCount(count)) { scratch in
                guard let scratch = scratch.baseAddress else { return }
                found = TopK.select(count, of: pointer, count: items, scratch: scratch, into: start)
            }
        }
    }
}

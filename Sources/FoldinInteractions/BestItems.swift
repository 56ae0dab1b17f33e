import FoldinKernels

/// Finds the best items in a row of scores, with scratch buffers of its own: each thread needs one.
///
/// Items whose approximate scores may be among the best are scored exactly, so that the result is the same as with exact scores.
public final class BestItems {
    /// The largest number of items to find; at most the number of items.
    public let capacity: Int
    private let itemCount: Int
    private let best: UnsafeMutablePointer<Int32>
    private let bestScores: UnsafeMutablePointer<Float>
    private let scratch: UnsafeMutablePointer<UInt64>
    /// Items that may be among the best, ascending, and their exact scores; allocated at the first use.
    private var candidates: UnsafeMutablePointer<Int32>?
    private var exact: UnsafeMutablePointer<Float>?

    /// Allocates buffers to find the `capacity` best of `itemCount` items.
    public init(_ capacity: Int, of itemCount: Int) {
        self.capacity = min(capacity, itemCount)
        self.itemCount = itemCount
        best = .allocate(capacity: self.capacity)
        bestScores = .allocate(capacity: self.capacity)
        scratch = .allocate(capacity: TopK.scratchCount(self.capacity))
    }

    deinit {
        best.deallocate()
        bestScores.deallocate()
        scratch.deallocate()
        candidates?.deallocate()
        exact?.deallocate()
    }

    /// The best items without `masked` and their exact scores: best first, equal scores by index. Valid until the next call.
    ///
    /// - Parameters:
    ///   - count: how many items to find; at most `capacity`, the default.
    ///   - scores: one score per item; those of `masked` are overwritten.
    ///   - masked: items to leave out.
    ///   - approximate: the error bounds of the scores and the row of these scores in their block; nil if the scores are exact.
    public func find(
        _ count: Int = .max, in scores: UnsafeMutablePointer<Float>, without masked: ArraySlice<Int32>,
        approximate: (scores: any ApproximateScores, row: Int)? = nil
    ) -> (items: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Float>) {
        for item in masked { scores[Int(item)] = -.infinity }
        let count = min(count, capacity)
        let found: Int
        if let approximate {
            found = findExactly(count, in: scores, without: masked, approximate.scores, row: approximate.row)
        } else {
            found = select(count, of: scores, itemCount)
            for place in 0..<found { bestScores[place] = scores[Int(best[place])] }
        }
        return (UnsafeBufferPointer(start: best, count: found), UnsafeBufferPointer(start: bestScores, count: found))
    }

    private func select(_ count: Int, of scores: UnsafePointer<Float>, _ scoreCount: Int) -> Int {
        TopK.select(count, of: scores, count: scoreCount, scratch: scratch, into: best)
    }

    /// Scores the candidates exactly and finds the best of them; returns how many were found.
    private func findExactly(
        _ count: Int, in scores: UnsafePointer<Float>, without masked: ArraySlice<Int32>, _ approximate: any ApproximateScores,
        row: Int
    ) -> Int {
        let candidates = self.candidates ?? .allocate(capacity: itemCount)
        let exact = self.exact ?? .allocate(capacity: itemCount)
        (self.candidates, self.exact) = (candidates, exact)
        let margin = approximate.margin(of: row)
        var candidateCount = itemCount
        if margin.isFinite {
            // The exact scores of `count` items are at least the lowest approximate one minus the margin. An item whose approximate score
            // is lower than that by another margin cannot be among the best.
            let isFull = count > 0 && select(count, of: scores, itemCount) == count
            let bound = isFull ? scores[Int(best[count - 1])] - 2 * margin : -.greatestFiniteMagnitude
            candidateCount = TopK.atLeast(bound, of: scores, count: itemCount, into: candidates)
            approximate.exact(UnsafeBufferPointer(start: candidates, count: candidateCount), row: row, into: exact)
        } else {
            for item in 0..<itemCount { candidates[item] = Int32(item) }
            approximate.exact(UnsafeBufferPointer(start: candidates, count: itemCount), row: row, into: exact)
            for item in masked { exact[Int(item)] = -.infinity }
        }
        let found = select(count, of: exact, candidateCount)
        for place in 0..<found {
            let candidate = Int(best[place])
            (best[place], bestScores[place]) = (candidates[candidate], exact[candidate])
        }
        return found
    }
}

import CFoldinKernels

/// Selects the items with the highest scores.
///
/// Among equal scores the lower index comes first, so a ranking depends on the scores alone. NaN and minus infinity are
/// never selected: an item is masked by setting its score to minus infinity.
///
///     TopK.items(2, of: [0.1, 0.7, -.infinity, 0.3])  // [1, 3]
public enum TopK {
    /// The number of 64-bit words of scratch memory that `select` needs for the `k` best, whatever the row's length.
    public static func scratchCount(_ k: Int) -> Int { foldin_top_k_scratch(k) }

    /// Writes the indices of the `k` highest of `count` scores to `items`, best first, and returns their number.
    ///
    /// There are fewer than `k` only if fewer scores qualify. `items` has capacity for `k`, `scratch` for `scratchCount(k)`; neither needs
    /// to be initialised. Allocates nothing. Reads the row twice; a row of 20,108 takes about 10 microseconds for the top 100.
    public static func select(
        _ k: Int, of scores: UnsafePointer<Float>, count: Int, scratch: UnsafeMutablePointer<UInt64>,
        into items: UnsafeMutablePointer<Int32>
    ) -> Int {
        guard k > 0, count > 0 else { return 0 }
        precondition(count <= Int(Int32.max), "at most 2^31 - 1 scores, not \(count)")
        return foldin_top_k(scores, count, k, scratch, items)
    }

    /// Writes the indices of the scores that are `bound` or more to `items`, ascending, and returns their number. NaN never is.
    ///
    /// `items` has capacity for `count`.
    public static func atLeast(
        _ bound: Float, of scores: UnsafePointer<Float>, count: Int, into items: UnsafeMutablePointer<Int32>
    ) -> Int {
        precondition(count <= Int(Int32.max), "at most 2^31 - 1 scores, not \(count)")
        return foldin_at_least(bound, scores, count, items)
    }

    /// The indices of the `k` highest of `scores`, best first. Allocates; not for loops over many rows.
    public static func items(_ k: Int, of scores: [Float]) -> [Int] {
        let k = min(k, scores.count)
        guard k > 0 else { return [] }
        let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: scratchCount(k))
        defer { scratch.deallocate() }
        let items = [Int32](unsafeUninitializedCapacity: k) { buffer, found in
            guard let start = buffer.baseAddress else { return }
            found = select(k, of: scores, count: scores.count, scratch: scratch, into: start)
        }
        return items.map(Int.init)
    }
}

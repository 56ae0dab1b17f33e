import FoldinKernels

/// Computes approximate scores of all items faster than exact ones, with a bound on the error. The bound shows which items can be among the
/// best; only these need exact scores.
public protocol ApproximateScorer: Sendable {
    /// Writes approximate scores of all items for the users `rows` of `histories` to `scores` [rows.count, items].
    ///
    /// Fastest if `stride` is a multiple of 16. Floats between the rows are not changed.
    ///
    /// - Parameters:
    ///   - histories: the users' items, [users, items].
    ///   - rows: the rows of `histories` to score.
    ///   - scores: the destination; row `i` begins at `i * stride`.
    ///   - stride: the leading dimension of `scores`, at least the number of items.
    ///   - workers: the threads to use.
    /// - Returns: The error bounds and exact scores of these rows.
    func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    ) -> any ApproximateScores
}

/// The error bounds and exact scores of a block of users that was scored approximately.
public protocol ApproximateScores: Sendable {
    /// The largest possible difference between approximate and exact scores in the block's row `row`; not finite if it is not known.
    func margin(of row: Int) -> Float

    /// Writes the exact scores of `items` for the block's row `row` to `scores`: the same bits as from `Scorer.score`.
    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>)
}

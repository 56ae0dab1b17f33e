import FoldinKernels

/// Scores all items faster than exactly, and says how far off it may be: enough to find the few whose exact scores matter.
public protocol ApproximateScorer: Sendable {
    /// Approximate scores of all items for the users `rows` of `histories`, into `scores` [rows.count, items], rows `stride` floats apart.
    ///
    /// Rows that start at multiples of 16 floats are fastest; what lies between the rows is not touched.
    func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    ) -> any ApproximateScores
}

/// What is known of a block of users' scores beside their approximate values.
public protocol ApproximateScores: Sendable {
    /// How far the approximate scores of the block's row `row` may be from the exact ones; not finite where that is not known.
    func margin(of row: Int) -> Float

    /// The exact scores of some items for row `row`: the bits of `Scorer.score`.
    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>)
}

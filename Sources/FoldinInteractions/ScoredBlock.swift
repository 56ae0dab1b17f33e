import FoldinKernels

/// The scores of a block of users and the best items of each. Callers process many users block by block.
///
/// Approximate scores are used where they are faster: if the scorer supports them, lists are far shorter than the catalogue, and there are
/// many users. The lists and their scores are exact and the same in both cases.
///
/// - Note: Call `score` from one thread; all workers may call `best` at the same time. It is a class so that its memory, one float per user
///   and item, is freed when the work ends or throws.
public final class ScoredBlock {
    /// The largest number of users in a block; at least 1.
    public let capacity: Int
    private let scorer: any Scorer
    private let approximate: (any ApproximateScorer)?
    private let workers: Workers
    private let stride: Int
    private let scores: FloatBuffer
    private let rankers: [BestItems]
    private var known: (any ApproximateScores)?

    /// Allocates a block.
    ///
    /// - Parameters:
    ///   - scorer: the model.
    ///   - count: the number of best items to find per user.
    ///   - users: the number of users in all.
    ///   - atOnce: the number of users in a block; fewer if their scores would be more than 2^26 floats.
    ///   - workers: the threads to use.
    public init(_ scorer: some Scorer, best count: Int, users: Int, atOnce: Int = 500, workers: Workers) {
        let itemCount = scorer.itemCount
        self.scorer = scorer
        self.workers = workers
        let isWorthWhile = itemCount / 64 >= count && users >= 256
        approximate = isWorthWhile ? scorer.approximate(workers: workers) : nil
        stride = approximate == nil ? itemCount : (itemCount + 15) / 16 * 16
        capacity = max(1, min(users, Self.usersAtOnce(atOnce, items: itemCount)))
        scores = FloatBuffer(count: capacity * stride)
        rankers = (0..<workers.count).map { _ in BestItems(count, of: itemCount) }
    }

    /// The number of users to score at a time: `atOnce`, or fewer so that their scores are at most 2^26 floats.
    public static func usersAtOnce(_ atOnce: Int, items: Int) -> Int { min(atOnce, max(1, (1 << 26) / max(1, items))) }

    /// Scores the users `rows` of `histories`, at most `capacity`; replaces the previous block.
    public func score(_ histories: InteractionMatrix, rows: Range<Int>) {
        precondition(rows.count <= capacity, "found \(rows.count) users; expected at most \(capacity) at a time")
        if let approximate {
            known = approximate.score(histories, rows: rows, into: scores.pointer, stride: stride, workers: workers)
        } else {
            scorer.score(histories, rows: rows, into: scores.pointer, workers: workers)
        }
    }

    /// The best items of the block's row `row` without `masked`, and their scores; valid until the next call with the same worker.
    ///
    /// Changes the scores of the row, so it may be called once per row.
    public func best(
        of row: Int, without masked: ArraySlice<Int32>, worker: Int
    ) -> (items: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Float>) {
        rankers[worker].find(in: scores.pointer + row * stride, without: masked, approximate: known.map { ($0, row) })
    }
}

import FoldinKernels

/// The scores of a block of users, and the best items of each: what takes many users' best items works through the users block by block.
///
/// Scores are approximate where that is faster (a scorer that can, a list far shorter than the catalogue, many users), the lists
/// and their scores exact and the same either way.
///
/// - Note: `score` is for one thread, `best` for all workers at once. A class so that its memory, a float a user and item, is freed when
///   the work ends or throws.
public final class ScoredBlock {
    /// Users at a time; at least 1.
    public let capacity: Int
    private let scorer: any Scorer
    private let approximate: (any ApproximateScorer)?
    private let workers: Workers
    private let stride: Int
    private let scores: FloatBuffer
    private let rankers: [BestItems]
    private var known: (any ApproximateScores)?

    /// Room for the scores of `atOnce` of `users` users (fewer where these are more than 2^26 floats), and the `count` best items of each.
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

    /// How many users are scored at a time where `atOnce` are asked for: so many that their scores are 2^26 floats at most.
    public static func usersAtOnce(_ atOnce: Int, items: Int) -> Int { min(atOnce, max(1, (1 << 26) / max(1, items))) }

    /// Scores the users `rows` of `histories`, at most `capacity`, in place of those before.
    public func score(_ histories: InteractionMatrix, rows: Range<Int>) {
        precondition(rows.count <= capacity, "room for \(capacity) users at a time; found \(rows.count)")
        if let approximate {
            known = approximate.score(histories, rows: rows, into: scores.pointer, stride: stride, workers: workers)
        } else {
            scorer.score(histories, rows: rows, into: scores.pointer, workers: workers)
        }
    }

    /// The best items of the block's row `row`, without `masked`, and their scores, valid until the next call by the same worker. Once a
    /// row: its scores are changed.
    public func best(
        of row: Int, without masked: ArraySlice<Int32>, worker: Int
    ) -> (items: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Float>) {
        rankers[worker].find(in: scores.pointer + row * stride, without: masked, approximate: known.map { ($0, row) })
    }
}

import FoldinInteractions
import FoldinKernels

/// Judges any `Scorer` by held-out items: folds each user's known items in, ranks the others, and looks for the held-out ones.
///
/// Works through the users in blocks, so memory is that of one block whatever the number of users: `batchSize` x items floats (fewer
/// users where these are more than 2^26), for coverage as many 32-bit indices for the longest cutoff, and rounded weights where
/// approximate scores are faster (see `ScoredBlock`). The figures do not depend on that nor on the number of workers, bit for bit (given a scorer that
/// keeps its own promise).
public struct Evaluator: Sendable {
    /// What to measure, without repeats.
    public let metrics: [Metric]
    /// How many users are scored at a time; at least 1.
    public let batchSize: Int
    /// The threads that score and rank.
    public let workers: Workers

    /// An evaluator for `metrics`; repeated ones are measured once.
    public init(_ metrics: [Metric] = Metric.standard, batchSize: Int = 500, workers: Workers = Workers()) {
        precondition(batchSize >= 1, "a block needs at least one user; found a batch size of \(batchSize)")
        self.metrics = metrics.withoutRepeats()
        self.batchSize = batchSize
        self.workers = workers
    }

    /// The mean of each metric over `users`, with its standard error.
    ///
    /// A user's fold-in items are never recommended. Users without held-out items are skipped and counted. A held-out item
    /// that is folded in as well counts among the n to be found and cannot be.
    ///
    /// - Parameters:
    ///   - training: the matrix the scorer was trained on; only `popularity@k` needs it.
    ///   - isCancelled: asked before each block of users; by default whether the current task is cancelled.
    /// - Throws: `FoldinError` if the scorer, the users and `training` are not about the same items, or if `training` is
    ///   missing; `CancellationError`.
    public func evaluate(
        _ scorer: some Scorer, on users: HeldOutUsers, training: InteractionMatrix? = nil,
        isCancelled: () -> Bool = { Task.isCancelled }
    ) throws -> EvaluationReport {
        try userMetrics(scorer, on: users, training: training, isCancelled: isCancelled).report
    }

    /// The same, with every user's own values; `report` of the result is what `evaluate` returns.
    public func userMetrics(
        _ scorer: some Scorer, on users: HeldOutUsers, training: InteractionMatrix? = nil,
        isCancelled: () -> Bool = { Task.isCancelled }
    ) throws -> UserMetrics {
        let itemCount = scorer.itemCount
        try check(itemCount: itemCount, users: users, training: training)
        let judged = (0..<users.count).filter { !users.heldOut.row($0).isEmpty }
        let block = EvaluationBlock(
            scorer, metrics: metrics, userCount: users.count, atOnce: batchSize, judgedCount: judged.count,
            popularity: popularity(in: training), workers: workers)
        let batchSize = block.scores.capacity

        var next = 0  // the first of `judged` that is not done
        for start in stride(from: 0, to: users.count, by: batchSize) {
            if isCancelled() { throw CancellationError() }
            let rows = start..<min(users.count, start + batchSize)
            var end = next
            while end < judged.count, judged[end] < rows.upperBound { end += 1 }
            if end == next { continue }
            block.scores.score(users.foldIn, rows: rows)
            block.judge(judged[next..<end], of: users, firstRow: start)
            next = end
        }
        return UserMetrics(
            metrics: metrics, userIndices: judged.map { users.userIndices[$0] }, skippedUsers: users.count - judged.count,
            values: block.values(), together: block.coverage(), ties: block.ties)
    }

    private func check(itemCount: Int, users: HeldOutUsers, training: InteractionMatrix?) throws {
        guard users.foldIn.itemCount == itemCount else {
            throw FoldinError(
                .badData, found: "a model of \(itemCount) items and users of \(users.foldIn.itemCount) items",
                expected: "a model trained on this prepared dataset")
        }
        if let training {
            guard training.itemCount == itemCount else {
                throw FoldinError(
                    .badData, found: "a model of \(itemCount) items and a training matrix of \(training.itemCount) items",
                    expected: "a model trained on this prepared dataset")
            }
        } else if let metric = metrics.first(where: { $0.kind == .popularity }) {
            throw FoldinError(
                .usage, found: "the metric \(metric) without training interactions",
                expected: "the training matrix, which says how popular each item is")
        }
    }

    /// The fraction of training users who clicked each item.
    private func popularity(in training: InteractionMatrix?) -> [Double] {
        guard let training, metrics.contains(where: { $0.kind == .popularity }) else { return [] }
        let users = Double(max(1, training.userCount))
        return training.itemCounts().map { Double($0) / users }
    }
}

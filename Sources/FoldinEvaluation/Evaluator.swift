import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// Evaluates any `Scorer` on held-out items: folds each user's known items in, ranks the other items, and finds the held-out ones
/// among them.
///
/// Users are scored in blocks, so memory depends on the size of a block and not on the number of users: `batchSize` x items floats (fewer
/// users where these are more than 2^26), the accumulators of catalogue metrics for each thread, and rounded weights where
/// approximate scores are faster (see `ScoredBlock`). The figures are the same bits for any `batchSize` and any number of workers, if the
/// scorer's scores are.
///
/// <!-- given: import Foldin; let model: TrainedModel; let dataset: PreparedDataset -->
/// ```swift
/// let report = try Evaluator([.ndcg(at: 100), .coverage(at: 100)]).evaluate(model, on: dataset.test)
/// print(report)
/// ```
public struct Evaluator: Sendable {
    /// The metrics, without repeats.
    public let metrics: [Metric]
    /// How many users are scored at a time; at least 1.
    public let batchSize: Int
    /// The threads that score and rank.
    public let workers: Workers

    /// An evaluator for `metrics`; repeated ones are evaluated once.
    public init(_ metrics: [Metric] = Metric.standard, batchSize: Int = 500, workers: Workers = Workers()) {
        precondition(batchSize >= 1, "a block needs at least one user; found a batch size of \(batchSize)")
        self.metrics = metrics.withoutRepeats()
        self.batchSize = batchSize
        self.workers = workers
    }

    /// The mean of each metric over `users`, with its standard error.
    ///
    /// A user's fold-in items are never recommended. Users without held-out items are skipped and counted. A held-out item
    /// that is also a fold-in item counts among the n held-out items and cannot be found.
    ///
    /// - Parameters:
    ///   - scorer: what scores the items.
    ///   - users: the users with their fold-in and held-out items.
    ///   - training: the matrix the scorer was trained on; metrics such as `popularity@k` need it.
    ///   - isCancelled: called before each block of users; by default whether the current task is cancelled.
    /// - Throws: `FoldinError` if the scorer, the users and `training` have different numbers of items, or if a metric
    ///   needs `training`; `usage` or `badData`; `CancellationError`.
    public func evaluate(
        _ scorer: some Scorer, on users: HeldOutUsers, training: InteractionMatrix? = nil,
        isCancelled: () -> Bool = { Task.isCancelled }
    ) throws -> EvaluationReport {
        try userMetrics(scorer, on: users, training: training, isCancelled: isCancelled).report
    }

    /// The same with every user's own values; ``UserMetrics/report`` of the result is what `evaluate` returns.
    ///
    /// Takes 8 bytes per user and list metric.
    public func userMetrics(
        _ scorer: some Scorer, on users: HeldOutUsers, training: InteractionMatrix? = nil,
        isCancelled: () -> Bool = { Task.isCancelled }
    ) throws -> UserMetrics {
        let itemCount = scorer.itemCount
        try check(itemCount: itemCount, users: users, training: training)
        let evaluated = (0..<users.count).filter { !users.heldOut.row($0).isEmpty }
        let block = EvaluationBlock(
            scorer, metrics: metrics, userCount: users.count, batchSize: batchSize, evaluatedCount: evaluated.count,
            popularity: popularity(in: training), workers: workers)
        let batchSize = block.scores.capacity

        var next = 0  // the first of `evaluated` that is not done
        for start in stride(from: 0, to: users.count, by: batchSize) {
            if isCancelled() { throw CancellationError() }
            let rows = start..<min(users.count, start + batchSize)
            var end = next
            while end < evaluated.count, evaluated[end] < rows.upperBound { end += 1 }
            if end == next { continue }
            block.scores.score(users.foldIn, rows: rows)
            block.evaluate(evaluated[next..<end], of: users, firstRow: start)
            next = end
        }
        return UserMetrics(
            metrics: metrics, userIndices: evaluated.map { users.userIndices[$0] },
            skippedUsers: users.count - evaluated.count, values: block.userValues(),
            catalogueValues: Dictionary(
                uniqueKeysWithValues: zip(metrics.filter { !$0.kind.isPerUser }, block.catalogueValues())),
            ties: block.ties)
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
        } else if let metric = metrics.first(where: { $0.kind.needsTraining }) {
            throw FoldinError(
                .usage, found: "the metric \(metric) without training interactions",
                expected: "the training matrix, which says how popular each item is")
        }
    }

    /// The fraction of training users who clicked each item.
    private func popularity(in training: InteractionMatrix?) -> [Double] {
        guard let training, metrics.contains(where: { $0.kind.needsTraining }) else { return [] }
        let users = Double(max(1, training.userCount))
        return training.itemCounts().map { Double($0) / users }
    }
}

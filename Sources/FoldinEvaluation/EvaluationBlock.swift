import FoldinInteractions
import FoldinKernels

/// The buffers of one evaluation, allocated once: scores and ranked lists of a block of users, and the values of every user.
///
/// A class so that the memory is freed when the evaluation ends or throws. It never leaves the call that made it; inside
/// `evaluate` each task writes the rows of its own users and the scratch buffer and accumulators of its own worker.
final class EvaluationBlock {
    let scores: ScoredBlock
    private let kinds: [Metric.Kind]
    /// The list metrics and the cutoff of each, in the order of `metrics`.
    private let listMetrics: [(metric: any ListMetric, cutoff: Int)]
    /// The cutoffs of the catalogue metrics, in the order of `metrics`.
    private let catalogueCutoffs: [Int]
    /// The accumulators of the catalogue metrics: a row of them for each worker, which alone changes it.
    private let accumulators: UnsafeMutablePointer<any CatalogueMetric>
    private let userCount: Int
    private let workers: Workers
    /// How many items are ranked per user: the longest cutoff, or all items.
    private let length: Int
    private let hits: UnsafeMutablePointer<Bool>
    /// A row of values for each list metric, one value for each evaluated user.
    private let values: UnsafeMutablePointer<Double>
    /// One count for each worker, which alone changes it.
    private let tieCounts: UnsafeMutablePointer<UserMetrics.Ties>
    /// How many users are done.
    private var doneCount = 0

    /// Users ranked by one task: enough to be worth a task, few enough to balance a block over the workers.
    private static let usersPerTask = 16

    /// Buffers for `metrics` over `evaluatedCount` of `userCount` users, of which up to `batchSize` are scored at a time.
    init(
        _ scorer: some Scorer, metrics: [Metric], userCount: Int, batchSize: Int, evaluatedCount: Int, popularity: [Double],
        workers: Workers
    ) {
        kinds = metrics.map(\.kind)
        self.userCount = evaluatedCount
        self.workers = workers
        length = min(scorer.itemCount, metrics.map(\.cutoff).max() ?? 0)
        scores = ScoredBlock(scorer, best: length, users: userCount, atOnce: batchSize, workers: workers)

        var listMetrics: [(any ListMetric, Int)] = []
        var catalogueMetrics: [(type: any CatalogueMetric.Type, context: MetricContext)] = []
        for metric in metrics {
            let context = MetricContext(
                cutoff: metric.cutoff, itemCount: scorer.itemCount, popularity: metric.kind.needsTraining ? popularity : [])
            switch metric.kind.definition {
            case .list(let type): listMetrics.append((type.init(context), context.cutoff))
            case .catalogue(let type): catalogueMetrics.append((type, context))
            }
        }
        self.listMetrics = listMetrics
        catalogueCutoffs = catalogueMetrics.map(\.context.cutoff)
        accumulators = .allocate(capacity: workers.count * catalogueMetrics.count)
        for worker in 0..<workers.count {
            for (place, metric) in catalogueMetrics.enumerated() {
                (accumulators + worker * catalogueMetrics.count + place).initialize(to: metric.type.init(metric.context))
            }
        }
        hits = .allocate(capacity: workers.count * length)
        values = .allocate(capacity: listMetrics.count * evaluatedCount)
        values.initialize(repeating: 0, count: listMetrics.count * evaluatedCount)
        tieCounts = .allocate(capacity: workers.count)
        tieCounts.initialize(repeating: UserMetrics.Ties(), count: workers.count)
    }

    deinit {
        accumulators.deinitialize(count: workers.count * catalogueCutoffs.count)
        accumulators.deallocate()
        hits.deallocate()
        values.deallocate()
        tieCounts.deallocate()
    }

    /// How many of the lists so far were decided by equal scores.
    var ties: UserMetrics.Ties { (0..<workers.count).reduce(UserMetrics.Ties()) { $0 + tieCounts[$1] } }

    /// Ranks and evaluates the users of `rows`, ascending rows of `users` whose scores are in `scores` from row `firstRow` on.
    func evaluate(_ rows: ArraySlice<Int>, of users: HeldOutUsers, firstRow: Int) {
        workers.forEachPiece(of: rows.count, size: Self.usersPerTask) { piece, worker in
            for place in piece {
                let row = rows[rows.startIndex + place]
                evaluate(row: row, of: users, blockRow: row - firstRow, place: doneCount + place, worker: worker)
            }
        }
        doneCount += rows.count
    }

    private func evaluate(row: Int, of users: HeldOutUsers, blockRow: Int, place: Int, worker: Int) {
        let (items, itemScores) = scores.best(of: blockRow, without: users.foldIn.row(row), worker: worker)
        tieCounts[worker].count(itemScores)
        let targets = users.heldOut.row(row)
        let hits = hits + worker * length
        for rank in items.indices { hits[rank] = targets.containsSorted(items[rank]) }
        let list = RankedList(
            items: items, hits: UnsafeBufferPointer(start: hits, count: items.count), targets: targets.count)
        for (index, entry) in listMetrics.enumerated() {
            values[index * userCount + place] = entry.metric.value(of: list.prefix(entry.cutoff))
        }
        let accumulators = accumulators + worker * catalogueCutoffs.count
        for (index, cutoff) in catalogueCutoffs.enumerated() { accumulators[index].add(list.prefix(cutoff)) }
    }

    /// For each metric the value of each evaluated user; an empty list for a catalogue metric.
    func userValues() -> [[Double]] {
        var row = 0
        return kinds.map { kind in
            guard kind.isPerUser else { return [] }
            defer { row += 1 }
            return Array(UnsafeBufferPointer(start: values + row * userCount, count: userCount))
        }
    }

    /// The value of each catalogue metric, in the order of the metrics; empty if no user was evaluated.
    func catalogueValues() -> [Double] {
        guard userCount > 0 else { return [] }
        return catalogueCutoffs.indices.map { index in
            Self.merged(accumulators[index], (1..<workers.count).map { accumulators[$0 * catalogueCutoffs.count + index] })
        }
    }

    private static func merged<Accumulator: CatalogueMetric>(
        _ first: Accumulator, _ others: [any CatalogueMetric]
    ) -> Double {
        var sum = first
        for other in others {
            guard let other = other as? Accumulator else { preconditionFailure("the accumulators of a metric have one type") }
            sum.merge(other)
        }
        return sum.value()
    }
}

extension ArraySlice<Int32> {
    /// Whether an ascending slice contains `item`, by bisection.
    func containsSorted(_ item: Int32) -> Bool {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < item { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low] == item
    }
}

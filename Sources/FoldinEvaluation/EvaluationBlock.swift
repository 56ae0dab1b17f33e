import FoldinInteractions
import FoldinKernels

/// The memory of one evaluation, allocated once: scores and ranked lists of a block of users, and every user's values.
///
/// A class so that the memory is freed when the evaluation ends or throws. It never leaves the call that made it; inside
/// `judge` each task writes the rows of its own users and the scratch of its own worker.
final class EvaluationBlock {
    let scores: ScoredBlock
    private let metrics: [Metric]
    private let itemCount: Int
    private let judgedCount: Int
    private let workers: Workers
    private let formulas: MetricFormulas
    /// How many items are ranked a user: the longest cutoff, or all items.
    private let length: Int
    /// The block's lists and how long each is, for coverage; no room otherwise.
    private let ranked: UnsafeMutablePointer<Int32>
    private let rankedCounts: UnsafeMutablePointer<Int>
    private let hits: UnsafeMutablePointer<Bool>
    /// A row a metric, a value a judged user.
    private let judgements: UnsafeMutablePointer<Double>
    /// One count for each worker, which alone writes it.
    private let tieCounts: UnsafeMutablePointer<UserMetrics.Ties>
    private var judgedSoFar = 0
    /// For each item the best rank, from 0, it had in any list; `length` if it was in none. Empty if coverage is not asked for.
    private var bestRanks: [Int]

    /// Users ranked by one task: enough to be worth handing out, few enough to share out a block evenly.
    private static let usersPerTask = 16

    init(
        _ scorer: some Scorer, metrics: [Metric], userCount: Int, atOnce: Int, judgedCount: Int, popularity: [Double],
        workers: Workers
    ) {
        self.metrics = metrics
        itemCount = scorer.itemCount
        self.judgedCount = judgedCount
        self.workers = workers
        length = min(itemCount, metrics.map(\.cutoff).max() ?? 0)
        formulas = MetricFormulas(length: length, popularity: popularity)
        scores = ScoredBlock(scorer, best: length, users: userCount, atOnce: atOnce, workers: workers)
        hits = .allocate(capacity: workers.count * length)
        judgements = .allocate(capacity: metrics.count * judgedCount)
        judgements.initialize(repeating: 0, count: metrics.count * judgedCount)
        tieCounts = .allocate(capacity: workers.count)
        tieCounts.initialize(repeating: UserMetrics.Ties(), count: workers.count)
        let needsCoverage = metrics.contains { $0.kind == .coverage }
        ranked = .allocate(capacity: needsCoverage ? scores.capacity * length : 0)
        rankedCounts = .allocate(capacity: needsCoverage ? scores.capacity : 0)
        bestRanks = [Int](repeating: length, count: needsCoverage ? itemCount : 0)
    }

    deinit {
        ranked.deallocate()
        rankedCounts.deallocate()
        hits.deallocate()
        judgements.deallocate()
        tieCounts.deallocate()
    }

    /// How many of the lists so far equal scores decided.
    var ties: UserMetrics.Ties { (0..<workers.count).reduce(UserMetrics.Ties()) { $0 + tieCounts[$1] } }

    /// Ranks and judges the users `judged`, ascending rows of `users` whose scores stand in `scores` from row `firstRow` on.
    func judge(_ judged: ArraySlice<Int>, of users: HeldOutUsers, firstRow: Int) {
        workers.forEachPiece(of: judged.count, size: Self.usersPerTask) { piece, worker in
            for place in piece {
                let row = judged[judged.startIndex + place]
                judge(row: row, of: users, blockRow: row - firstRow, place: place, worker: worker)
            }
        }
        judgedSoFar += judged.count
        guard !bestRanks.isEmpty else { return }
        for place in 0..<judged.count {
            for rank in 0..<rankedCounts[place] {
                let item = Int(ranked[place * length + rank])
                if rank < bestRanks[item] { bestRanks[item] = rank }
            }
        }
    }

    private func judge(row: Int, of users: HeldOutUsers, blockRow: Int, place: Int, worker: Int) {
        let (items, itemScores) = scores.best(of: blockRow, without: users.foldIn.row(row), worker: worker)
        tieCounts[worker].count(itemScores)
        if !bestRanks.isEmpty, let start = items.baseAddress {
            rankedCounts[place] = items.count
            (ranked + place * length).update(from: start, count: items.count)
        }
        let targets = users.heldOut.row(row)
        let hits = hits + worker * length
        for rank in items.indices { hits[rank] = targets.containsSorted(items[rank]) }
        let list = RankedList(
            items: items, hits: UnsafeBufferPointer(start: hits, count: items.count), targets: targets.count)
        for (index, metric) in metrics.enumerated() {
            judgements[index * judgedCount + judgedSoFar + place] = formulas.value(of: metric, for: list)
        }
    }

    /// A list a metric, a value a judged user; empty lists for coverage.
    func values() -> [[Double]] {
        metrics.enumerated().map { index, metric in
            guard metric.kind != .coverage else { return [] }
            return Array(UnsafeBufferPointer(start: judgements + index * judgedCount, count: judgedCount))
        }
    }

    /// The share of items recommended to anybody, by metric; nothing when nobody was judged.
    func coverage() -> [Metric: Double] {
        guard judgedCount > 0, itemCount > 0 else { return [:] }
        var shares: [Metric: Double] = [:]
        for metric in metrics where metric.kind == .coverage {
            let cutoff = min(length, metric.cutoff)
            shares[metric] = Double(bestRanks.reduce(0) { $1 < cutoff ? $0 + 1 : $0 }) / Double(itemCount)
        }
        return shares
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

import Dispatch
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Metrics
import NIOConcurrencyHelpers

/// Scores the histories of concurrent requests together.
///
/// A pass over a large model's last layer costs nearly the same for one history as for a dozen: the weights have to come from memory. The
/// first request after a pause waits a moment for company; what arrives while others are scored forms the next batch. All
/// arithmetic runs here, one batch at a time on all workers, never on the threads that serve connections.
final class ScoringQueue: Sendable {
    /// Bounds, of which the default suits a few cores.
    struct Limits: Sendable {
        /// Histories that are scored together at most.
        var batch = 64
        /// Histories that may wait; past it requests are refused.
        var waiting = 512
        /// How long the first request waits for company.
        var delay = Duration.milliseconds(1)
    }

    /// Scores of a request's histories, lent for as long as they are read.
    struct Scores {
        /// [rows, items], row-major. May be overwritten, to mask items.
        let pointer: UnsafeMutablePointer<Float>
        let items: Int
        /// Where the scores are approximate: what is known of them, and which of its rows is the first of these.
        var approximate: (scores: any ApproximateScores, row: Int)?
    }

    private struct Job: Sendable {
        let model: ServedModel
        let rows: [[Int]]
        /// What remains to be done once the rows are scored; it resumes whoever waits.
        let finish: @Sendable (Scores) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var waiting = 0
        /// How much else waits, of `perform`.
        var works = 0
        var isRunning = false
    }

    private let limits: Limits
    private let workers: Workers
    private let state = NIOLockedValueBox(State())
    private let queue = DispatchQueue(label: "foldin.scoring", qos: .userInitiated)
    /// Room for a batch's scores, kept from batch to batch: fresh pages cost more than what is written on them.
    private let room = NIOLockedValueBox<FloatBuffer?>(nil)
    private let batchSizes: Recorder
    private let depth: Meter

    init(limits: Limits, workers: Workers, metrics: PrometheusRegistry) {
        self.limits = limits
        self.workers = workers
        batchSizes = Recorder(label: "foldin_scoring_batch_rows", dimensions: [], aggregate: true, factory: metrics)
        depth = Meter(label: "foldin_scoring_waiting_rows", dimensions: [], factory: metrics)
    }

    /// The number of rows that a request should bring at a time: a request of many more goes in pieces, so that others get in between.
    func rowsAtOnce(_ model: ServedModel) -> Int { max(1, min(limits.batch, (1 << 25) / model.model.itemCount)) }

    /// Scores `rows`, lists of item indices, and returns what `read` makes of the scores, which runs on a scoring thread.
    ///
    /// - Throws: `Problem.busy` when too many wait already.
    func score<Value: Sendable>(
        _ rows: [[Int]], by model: ServedModel, _ read: @escaping @Sendable (Scores) -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(model: model, rows: rows) { continuation.resume(returning: read($0)) }
            let (accepted, starts) = state.withLockedValue { state -> (Bool, Bool) in
                guard state.waiting + rows.count <= limits.waiting || state.jobs.isEmpty else { return (false, false) }
                state.jobs.append(job)
                state.waiting += rows.count
                defer { state.isRunning = true }
                return (true, !state.isRunning)
            }
            guard accepted else { return continuation.resume(throwing: Problem.busy) }
            guard starts else { return }
            let delay = Int(limits.delay.components.attoseconds / 1_000_000_000)
            queue.asyncAfter(deadline: .now() + .nanoseconds(delay)) { self.drain() }
        }
    }

    /// Runs `work` between batches, for arithmetic that is not a row of scores.
    ///
    /// - Throws: `Problem.busy` when too many wait already.
    func perform<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = state.withLockedValue { state in
                guard state.works < limits.waiting else { return false }
                state.works += 1
                return true
            }
            guard accepted else { return continuation.resume(throwing: Problem.busy) }
            queue.async {
                self.state.withLockedValue { $0.works -= 1 }
                continuation.resume(returning: work())
            }
        }
    }

    /// Takes and scores a batch, then goes to the end of `queue`, so that what `perform` was given gets in between, until nothing waits.
    private func drain() {
        var batch = take()
        guard !batch.isEmpty else { return }
        // Jobs of two models go in two passes; a swap during a batch makes a second model for a moment too.
        while let model = batch.first?.model {
            let same = batch.filter { $0.model === model }
            batch.removeAll { $0.model === model }
            score(same, by: model)
        }
        queue.async { self.drain() }
    }

    /// The next batch; empty, and no longer running, when nothing waits.
    private func take() -> [Job] {
        state.withLockedValue { state in
            var rows = 0
            let count = state.jobs.prefix { job in
                defer { rows += job.rows.count }
                return rows == 0 || rows + job.rows.count <= limits.batch
            }.count
            let batch = Array(state.jobs.prefix(count))
            state.jobs.removeFirst(count)
            state.waiting -= batch.reduce(0) { $0 + $1.rows.count }
            state.isRunning = !batch.isEmpty
            depth.set(state.waiting)
            return batch
        }
    }

    private func score(_ jobs: [Job], by served: ServedModel) {
        let items = served.model.itemCount
        let matrix = InteractionMatrix(rows: jobs.flatMap(\.rows), itemCount: items)
        let count = matrix.userCount * items
        let kept = room.withLockedValue { $0.take() }
        let scores = kept.flatMap { $0.count >= count ? $0 : nil } ?? FloatBuffer(count: count)
        defer { room.withLockedValue { $0 = scores } }
        let approximate = served.score(matrix, into: scores.pointer, workers: workers)
        batchSizes.record(matrix.userCount)
        var starts: [Int] = []
        var row = 0
        for job in jobs {
            starts.append(row)
            row += job.rows.count
        }
        workers.forEach(jobs.count) { index, _ in
            jobs[index].finish(
                Scores(
                    pointer: scores.pointer + starts[index] * items, items: items,
                    approximate: approximate.map { ($0, starts[index]) }))
        }
    }
}

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
        /// Histories that may wait, of as many items as `itemsOfAHistory`; past it requests are refused.
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
        let id: Int
        let model: ServedModel
        let rows: [[Int]]
        /// What remains to be done once the rows are scored; it resumes whoever waits.
        let finish: @Sendable (Scores) -> Void
        /// Resumes whoever waits without an answer.
        let cancel: @Sendable () -> Void

        var weight: Int { rows.count * ScoringQueue.weight(of: model) }
    }

    private struct State {
        var jobs: [Job] = []
        /// The weights of the jobs together.
        var waiting = 0
        var isRunning = false
        var last = 0
    }

    /// The items of a history that weighs 1. The histories of a larger catalogue weigh more, and fewer of them may wait.
    static let itemsOfAHistory = 1 << 18
    /// Scores that a batch has at most, where it has more than one job: what they take of memory.
    static let scoresOfABatch = 1 << 25

    /// What one history of the model weighs.
    static func weight(of model: ServedModel) -> Int { max(1, model.model.itemCount / itemsOfAHistory) }

    private let limits: Limits
    /// Shared by all arithmetic, which takes turns in this queue.
    let workers: Workers
    private let state = NIOLockedValueBox(State())
    private let queue: DispatchQueue
    /// What `perform` was given, between the batches.
    private let works: WorkQueue
    /// Room for a batch's scores, kept from batch to batch: fresh pages cost more than what is written on them.
    private let room = NIOLockedValueBox<FloatBuffer?>(nil)
    private let batchSizes: Recorder
    private let depth: Meter

    init(limits: Limits, workers: Workers, metrics: PrometheusRegistry) {
        self.limits = limits
        self.workers = workers
        queue = DispatchQueue(label: "foldin.scoring", qos: .userInitiated)
        works = WorkQueue(queue, limit: limits.waiting)
        batchSizes = Recorder(label: "foldin_scoring_batch_rows", dimensions: [], aggregate: true, factory: metrics)
        depth = Meter(label: "foldin_scoring_waiting_rows", dimensions: [], factory: metrics)
    }

    /// The number of rows that a request should bring at a time: a request of many more goes in pieces, so that others get in between.
    func rowsAtOnce(_ model: ServedModel) -> Int { max(1, min(limits.batch, Self.scoresOfABatch / model.model.itemCount)) }

    /// Scores `rows`, lists of item indices, and returns what `read` makes of the scores, which runs on a scoring thread.
    ///
    /// - Throws: `Problem.busy` when too many wait already, `CancellationError` when the task was cancelled before its turn.
    func score<Value: Sendable>(
        _ rows: [[Int]], by model: ServedModel, _ read: @escaping @Sendable (Scores) -> Value
    ) async throws -> Value {
        let id = state.withLockedValue { state in
            state.last &+= 1
            return state.last
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = Job(id: id, model: model, rows: rows) {
                    continuation.resume(returning: read($0))
                } cancel: {
                    continuation.resume(throwing: CancellationError())
                }
                let (accepted, starts) = state.withLockedValue { state -> (Bool, Bool) in
                    guard state.waiting + job.weight <= limits.waiting || state.jobs.isEmpty else { return (false, false) }
                    state.jobs.append(job)
                    state.waiting += job.weight
                    defer { state.isRunning = true }
                    return (true, !state.isRunning)
                }
                guard accepted else { return continuation.resume(throwing: Problem.busy) }
                if starts {
                    let delay = Int(limits.delay.components.attoseconds / 1_000_000_000)
                    queue.asyncAfter(deadline: .now() + .nanoseconds(delay)) { self.drain() }
                }
                // Cancelled before it was there to be found.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Takes a job that still waits out of the queue.
    private func cancel(_ id: Int) {
        let job = state.withLockedValue { state -> Job? in
            guard let place = state.jobs.firstIndex(where: { $0.id == id }) else { return nil }
            let job = state.jobs.remove(at: place)
            state.waiting -= job.weight
            return job
        }
        job?.cancel()
    }

    /// Runs `work` between batches, for arithmetic that is not a row of scores: about that of `histories` of `model`.
    ///
    /// - Throws: `Problem.busy` when too many wait already, `CancellationError` when the task was cancelled before its turn.
    func perform<Value: Sendable>(
        histories: Int = 1, of model: ServedModel? = nil, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await works.perform(weight: histories * (model.map(Self.weight) ?? 1), work)
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
            var (rows, scores) = (0, 0)
            let count = state.jobs.prefix { job in
                let more = job.rows.count * job.model.model.itemCount
                defer { (rows, scores) = (rows + job.rows.count, scores + more) }
                return rows == 0 || (rows + job.rows.count <= limits.batch && scores + more <= Self.scoresOfABatch)
            }.count
            let batch = Array(state.jobs.prefix(count))
            state.jobs.removeFirst(count)
            state.waiting -= batch.reduce(0) { $0 + $1.weight }
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

#if Service
import Dispatch
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Metrics
import NIOConcurrencyHelpers
import Synchronization

/// Scores the histories of concurrent requests in batches.
///
/// A pass over the last layer of a large model takes nearly the same time for one history as for a dozen, because the weights must be read from
/// memory. The first request after a pause waits up to `delay` for others. Requests that arrive while a batch is scored form the next batch.
/// All scoring runs here, one batch at a time on all workers, and never on the threads that serve connections.
///
/// Requests with many histories submit them in parts, which have a queue of their own. Each of the two queues gets half of every batch, and
/// more if the other does not use its half. Parts may take at most half of the places for waiting histories.
final class ScoringQueue: Sendable {
    /// Limits; the defaults suit a few cores.
    struct Limits: Sendable {
        /// Histories in a batch at most.
        var batch = 64
        /// The weight of the histories that may wait, see `weight(items:)`; beyond it requests are refused.
        var waiting = 512
        /// How long the first request waits for others.
        var delay = Duration.milliseconds(1)
    }

    /// The scores of the histories of a request, valid while they are read.
    struct Scores {
        /// [rows, items], row-major. May be overwritten to mask items.
        let pointer: UnsafeMutablePointer<Float>
        let items: Int
        /// If the scores are approximate: the whole batch, from which exact scores are computed, and the row in it that is the first of these.
        var approximate: (scores: any ApproximateScores, row: Int)?
    }

    private struct Job: Sendable {
        let id: Int
        let model: ServedModel
        let rows: [[Int]]
        /// Called with the scores; resumes the task that waits.
        let finish: @Sendable (Scores) -> Void
        /// Resumes the task that waits with an error.
        let cancel: @Sendable () -> Void

        var weight: Int { rows.count * ScoringQueue.weight(of: model) }
    }

    private struct State {
        /// Requests with one history, and parts of larger requests.
        var queues: [[Job]] = [[], []]
        /// The weight of all jobs in each queue.
        var waiting = [0, 0]
        /// The queue that is first in the next batch.
        var first = 0
        var isRunning = false
    }

    /// The items per unit of weight. A history of a larger catalogue has a greater weight, so fewer of them may wait.
    static let itemsPerWeight = 1 << 18
    /// Scores in a batch at most, if it has more than one job; limits its memory.
    static let scoresPerBatch = 1 << 25

    /// The weight of one history of the model.
    static func weight(of model: ServedModel) -> Int { weight(items: model.model.itemCount) }

    /// The weight of one history for a catalogue of `items`, at least 1.
    static func weight(items: Int) -> Int { max(1, (items + itemsPerWeight - 1) / itemsPerWeight) }

    private let limits: Limits
    private let workers: Workers
    private let state = NIOLockedValueBox(State())
    private let lastID = Atomic<Int>(0)
    private let queue: DispatchQueue
    /// The work of `perform`, which runs between batches.
    private let works: WorkQueue
    /// A buffer for the scores of a batch, which is reused: new pages of memory cost more than writing to them.
    private let buffer = NIOLockedValueBox<FloatBuffer?>(nil)
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

    /// The rows that a request should submit at a time, so that other requests are scored in between.
    func rowsPerPart(_ model: ServedModel) -> Int { max(1, min(limits.batch / 2, Self.scoresPerBatch / model.model.itemCount)) }

    /// Scores `rows`, lists of item indices, and returns what `read` returns for the scores. `read` runs on a scoring thread.
    ///
    /// - Parameter isPart: whether the rows are a part of a request with many histories.
    /// - Throws: `Problem.busy` when too many wait already, `CancellationError` when the task was cancelled before its turn.
    func score<Value: Sendable>(
        _ rows: [[Int]], by model: ServedModel, asPart isPart: Bool = false, _ read: @escaping @Sendable (Scores) -> Value
    ) async throws -> Value {
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = Job(id: id, model: model, rows: rows) {
                    continuation.resume(returning: read($0))
                } cancel: {
                    continuation.resume(throwing: CancellationError())
                }
                let (accepted, starts) = state.withLockedValue { state -> (Bool, Bool) in
                    let queue = isPart ? 1 : 0
                    let fits =
                        state.waiting[0] + state.waiting[1] + job.weight <= limits.waiting
                        && (!isPart || state.waiting[1] + job.weight <= limits.waiting / 2)
                    guard fits || state.queues[queue].isEmpty else { return (false, false) }
                    state.queues[queue].append(job)
                    state.waiting[queue] += job.weight
                    defer { state.isRunning = true }
                    return (true, !state.isRunning)
                }
                guard accepted else { return continuation.resume(throwing: Problem.busy) }
                if starts {
                    let delay = Int(limits.delay.components.attoseconds / 1_000_000_000)
                    queue.asyncAfter(deadline: .now() + .nanoseconds(delay)) { self.drain() }
                }
                // It may have been cancelled before it was in the queue.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// The weight of all that waits, for tests.
    var waiting: Int { state.withLockedValue { $0.waiting[0] + $0.waiting[1] } + works.waiting }

    /// Removes a job that still waits from its queue.
    private func cancel(_ id: Int) {
        let job = state.withLockedValue { state -> Job? in
            for queue in state.queues.indices {
                guard let place = state.queues[queue].firstIndex(where: { $0.id == id }) else { continue }
                let job = state.queues[queue].remove(at: place)
                state.waiting[queue] -= job.weight
                return job
            }
            return nil
        }
        job?.cancel()
    }

    /// Runs `work` between batches. It is for work other than rows of scores that takes about as long as scoring `histories` of `model`.
    ///
    /// - Throws: `Problem.busy` when too many wait already, `CancellationError` when the task was cancelled before its turn.
    func perform<Value: Sendable>(
        histories: Int = 1, of model: ServedModel? = nil, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await works.perform(weight: histories * (model.map(Self.weight) ?? 1), work)
    }

    /// Scores batches until nothing waits. Between batches it goes to the end of `queue`, so that the work of `perform` has its turn.
    private func drain() {
        var batch = take()
        guard !batch.isEmpty else { return }
        // Jobs of two models need two passes. There can be two models also when one has just been replaced.
        while let model = batch.first?.model {
            let same = batch.filter { $0.model === model }
            batch.removeAll { $0.model === model }
            score(same, by: model)
        }
        queue.async { self.drain() }
    }

    /// Removes the next batch from the queues; empty when nothing waits, and then the queue is not running.
    private func take() -> [Job] {
        state.withLockedValue { state in
            var batch: [Job] = []
            var (rows, scores) = (0, 0)
            // Half of the batch for each queue, then what the other queue did not use.
            let turns = [(state.first, max(1, limits.batch / 2)), (1 - state.first, limits.batch), (state.first, limits.batch)]
            for (queue, most) in turns {
                let count = state.queues[queue].prefix { job in
                    let more = job.rows.count * job.model.model.itemCount
                    guard rows == 0 || (rows + job.rows.count <= most && scores + more <= Self.scoresPerBatch) else {
                        return false
                    }
                    (rows, scores) = (rows + job.rows.count, scores + more)
                    return true
                }.count
                for job in state.queues[queue].prefix(count) {
                    batch.append(job)
                    state.waiting[queue] -= job.weight
                }
                state.queues[queue].removeFirst(count)
            }
            state.first = 1 - state.first
            state.isRunning = !batch.isEmpty
            depth.set(state.waiting[0] + state.waiting[1])
            return batch
        }
    }

    private func score(_ jobs: [Job], by served: ServedModel) {
        let items = served.model.itemCount
        let matrix = InteractionMatrix(rows: jobs.flatMap(\.rows), itemCount: items)
        let count = matrix.userCount * items
        let kept = buffer.withLockedValue { $0.take() }
        let scores = kept.flatMap { $0.count >= count ? $0 : nil } ?? FloatBuffer(count: count)
        defer { buffer.withLockedValue { $0 = scores } }
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
#endif

import Dispatch
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Metrics
import NIOConcurrencyHelpers
import Synchronization

/// Scores the histories of concurrent requests together.
///
/// A pass over a large model's last layer costs nearly the same for one history as for a dozen: the weights have to come from memory. The
/// first request after a pause waits a moment for company; what arrives while others are scored forms the next batch. All
/// arithmetic runs here, one batch at a time on all workers, never on the threads that serve connections.
///
/// Requests of many histories bring them in parts, which stand in a line of their own: each line may have half of every batch, and more where
/// the other leaves it, and the parts fill at most half of the queue.
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
        /// The histories of requests of one, and parts of larger requests.
        var lines: [[Job]] = [[], []]
        /// The weights of each line's jobs together.
        var waiting = [0, 0]
        /// The line that is first in the next batch.
        var first = 0
        var isRunning = false
    }

    /// The items of a history that weighs 1. The histories of a larger catalogue weigh more, and fewer of them may wait.
    static let itemsOfAHistory = 1 << 18
    /// Scores that a batch has at most, where it has more than one job: what they take of memory.
    static let scoresOfABatch = 1 << 25

    /// What one history of the model weighs.
    static func weight(of model: ServedModel) -> Int { weight(items: model.model.itemCount) }

    /// What one history of a catalogue of `items` weighs, at least 1.
    static func weight(items: Int) -> Int { max(1, (items + itemsOfAHistory - 1) / itemsOfAHistory) }

    private let limits: Limits
    private let workers: Workers
    private let state = NIOLockedValueBox(State())
    private let lastID = Atomic<Int>(0)
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
    func rowsAtOnce(_ model: ServedModel) -> Int { max(1, min(limits.batch / 2, Self.scoresOfABatch / model.model.itemCount)) }

    /// Scores `rows`, lists of item indices, and returns what `read` makes of the scores, which runs on a scoring thread.
    ///
    /// - Parameter isPart: whether the rows are a part of a request of many.
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
                    let line = isPart ? 1 : 0
                    let fits =
                        state.waiting[0] + state.waiting[1] + job.weight <= limits.waiting
                        && (!isPart || state.waiting[1] + job.weight <= limits.waiting / 2)
                    guard fits || state.lines[line].isEmpty else { return (false, false) }
                    state.lines[line].append(job)
                    state.waiting[line] += job.weight
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

    /// The weights of what waits, for tests.
    var waiting: Int { state.withLockedValue { $0.waiting[0] + $0.waiting[1] } + works.waiting }

    /// Takes a job that still waits out of the queue.
    private func cancel(_ id: Int) {
        let job = state.withLockedValue { state -> Job? in
            for line in state.lines.indices {
                guard let place = state.lines[line].firstIndex(where: { $0.id == id }) else { continue }
                let job = state.lines[line].remove(at: place)
                state.waiting[line] -= job.weight
                return job
            }
            return nil
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
            var batch: [Job] = []
            var (rows, scores) = (0, 0)
            // Each line's half, then what the other line left.
            let turns = [(state.first, max(1, limits.batch / 2)), (1 - state.first, limits.batch), (state.first, limits.batch)]
            for (line, most) in turns {
                let count = state.lines[line].prefix { job in
                    let more = job.rows.count * job.model.model.itemCount
                    guard rows == 0 || (rows + job.rows.count <= most && scores + more <= Self.scoresOfABatch) else {
                        return false
                    }
                    (rows, scores) = (rows + job.rows.count, scores + more)
                    return true
                }.count
                for job in state.lines[line].prefix(count) {
                    batch.append(job)
                    state.waiting[line] -= job.weight
                }
                state.lines[line].removeFirst(count)
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

import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinTraining
import Foundation

/// Trains all runs of a sweep, several at a time within a limit of memory, and writes each result to the store as it comes.
///
/// A sweep that was killed at any instant and is started again with the same directory repeats no finished run and goes on
/// with the others from their checkpoints. What comes out does not depend on how many run at a time, nor on threads.
public struct Sweep: Sendable {
    /// How the work is shared out; nothing here changes a result.
    public struct Limits: Sendable {
        /// The most runs at the same time; nil for one for each processor, at most 4.
        public var parallel: Int?
        /// Threads for all runs together; nil for one for each processor.
        public var threads: Int?
        /// The most memory, in bytes, that the runs at work may need together by estimate (`TrainingMemory`); nil for no limit.
        public var memory: Int?
        /// Seconds between a run's checkpoints.
        public var checkpointSeconds = 30.0

        public init() {}
    }

    public let file: SweepFile
    public let dataset: PreparedDataset
    /// Where the results go.
    public let directory: String
    public let limits: Limits
    let store: RunStore
    private let dataChecksum: String
    private let lock: DirectoryLock

    /// Makes or opens the sweep's directory and writes the plan down.
    ///
    /// - Parameter dataDirectory: where `dataset` came from, for the report.
    /// - Throws: `FoldinError`, also when another process is at work there or the results there are of other data.
    public init(
        _ file: SweepFile, on dataset: PreparedDataset, from dataDirectory: String, in directory: String,
        limits: Limits = Limits(),
        retryingFailed: Bool = false
    ) throws {
        self.file = file
        self.dataset = dataset
        self.directory = directory
        self.limits = limits
        do {
            try FileManager.default.createDirectory(atPath: directory + "/runs", withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: directory, found: "a place where no directory can be made",
                expected: "a directory to write to")
        }
        lock = try DirectoryLock(directory)
        store = try RunStore(writingIn: directory)
        dataChecksum = dataset.checksum
        let place = URL(filePath: dataDirectory).standardizedFileURL
        try store.begin(
            StoredSweep(
                name: file.name, dataset: file.dataset ?? place.lastPathComponent,
                dataDirectory: place.path(percentEncoded: false),
                dataChecksum: dataChecksum, file: file.text, began: RunStore.now()),
            runs: file.runs)
        if retryingFailed {
            for run in try store.runs() where run.status == .failed { try store.update(run.id) { $0.status = .planned } }
        }
    }

    /// The files that a sweep in `directory` has beside its runs, whether they are there or not.
    public static func files(in directory: String) -> [String] {
        [directory + "/sweep.lock"] + Overlap.databaseFiles(of: directory + "/" + RunStore.fileName)
    }

    /// Works until all is done or cancelled; true if all is done. A run that fails is written down with its error, and the
    /// others go on.
    ///
    /// - Parameter progress: called from any thread, one call at a time.
    /// - Throws: `FoldinError` when a run's files or the results cannot be written; then the same sweep goes on another time.
    public func run(
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (SweepEvent, SweepProgress) -> Void = { _, _ in }
    ) throws -> Bool {
        let tracker = try SweepTracker(runs: file.runs, stored: store.runs(), report: progress)
        var alive = file.runs
        for epochs in file.halving?.epochs ?? [] {
            guard try advance(alive, to: .epoch(epochs), tracker, isCancelled) else { return false }
            let kept = try chosen(of: alive, after: epochs)
            let stopped = alive.filter { !kept.contains($0.configuration) }
            guard try advance(stopped, to: .judgement, tracker, isCancelled) else { return false }
            alive.removeAll { !kept.contains($0.configuration) }
        }
        return try advance(alive, to: .end, tracker, isCancelled)
    }

    /// Brings all of `runs` to a goal; false if cancelled.
    private func advance(
        _ runs: [PlannedRun], to goal: SweepRun.Goal, _ tracker: SweepTracker, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws -> Bool {
        let stored = Dictionary(uniqueKeysWithValues: try store.runs().map { ($0.id, $0) })
        let left = runs.filter { planned in
            guard let run = stored[planned.id], !run.isDone else { return false }
            if case .epoch(let epochs) = goal { return run.epochs < epochs }
            return true
        }
        let parallel = max(1, min(limits.parallel ?? min(4, Workers.availableProcessors), left.count))
        let threads = max(1, (limits.threads ?? Workers.availableProcessors) / parallel)
        let queue = SweepQueue(left.map { ($0, memory(of: $0)) }, limit: limits.memory)
        Workers(count: parallel).forEach(parallel) { _, _ in
            while let (planned, bytes) = queue.next(isCancelled: isCancelled) {
                defer { queue.free(bytes) }
                do {
                    try work(on: planned, needing: bytes, to: goal, threads: threads, tracker, queue) {
                        isCancelled() || queue.isStopped
                    }
                } catch {
                    queue.stop(error)
                }
            }
        }
        if let error = queue.error { throw error }
        return !isCancelled()
    }

    /// What is of the system, not of a run: files that cannot be written, or read though they are there.
    private static let endsAll: [FoldinError.Kind] = [.writeFailed, .cannotCreate, .missingInput]

    /// One run; throws only what must end the sweep: see `endsAll`.
    private func work(
        on planned: PlannedRun, needing bytes: Int, to goal: SweepRun.Goal, threads: Int, _ tracker: SweepTracker,
        _ queue: SweepQueue, isCancelled: () -> Bool
    ) throws {
        tracker.started(planned)
        let run = SweepRun(
            planned: planned, dataset: dataset, dataChecksum: dataChecksum, metrics: file.metrics, store: store,
            directory: directory, workers: Workers(count: threads), checkpointSeconds: limits.checkpointSeconds)
        do {
            if let limit = limits.memory, bytes > limit {
                throw FoldinError(
                    .usage, found: "a training that needs about \(bytes.asMemory)",
                    expected: "at most \(limit.asMemory) (--memory)")
            }
            guard try run.advance(to: goal, isCancelled: isCancelled, progress: { tracker.epoch($0, of: planned) }) else {
                return
            }
        } catch let error as FoldinError where error.file == store.path || Self.endsAll.contains(error.kind) {
            // No fault of this run's options, and most likely none of its alone: it stays unfinished, to be gone on with.
            throw error
        } catch {
            let isOurs = error is FoldinError || error is TrainingDivergence || error is SweepRun.Diverged
            let text = isOurs ? "\(error)" : UnexpectedError.sentence(error)
            try store.update(planned.id) { ($0.status, $0.error) = (.failed, text) }
        }
        tracker.ended(try store.runs().first { $0.id == planned.id })
    }

    /// What a run would need by estimate; 0 where its options cannot be, which it will say itself.
    private func memory(of planned: PlannedRun) -> Int {
        guard let trainer = try? planned.plan.trainer(workers: Workers(count: 1)),
            (try? trainer.outline(for: dataset)) != nil
        else { return 0 }
        return TrainingMemory(of: trainer, on: dataset)?.totalBytes ?? .max
    }

    /// The configurations that go on: by the mean over seeds of the best validation metric of the first `epochs`; a failed run
    /// counts as 0. Equal ones in the order of the file.
    private func chosen(of runs: [PlannedRun], after epochs: Int) throws -> Set<String> {
        let histories = try store.histories()
        let order = runs.map(\.configuration).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let groups = Dictionary(grouping: runs, by: \.configuration)
        let scores = order.map { configuration in
            let best = (groups[configuration] ?? []).map { run in
                histories[run.id]?.prefix { $0.epoch <= epochs }.compactMap(\.validation).max() ?? 0
            }
            return best.reduce(0, +) / Double(max(1, best.count))
        }
        let ranked = order.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        let count = Int((Double(order.count) * (file.halving?.keep ?? 1)).rounded(.up))
        return Set(ranked.prefix(count).map { order[$0] })
    }
}

extension Int {
    /// For people: `1.4 GB`, `85 MB`.
    var asMemory: String {
        self >= 1_000_000_000 ? String(format: "%.1f GB", Double(self) / 1e9) : String(format: "%.0f MB", Double(self) / 1e6)
    }
}

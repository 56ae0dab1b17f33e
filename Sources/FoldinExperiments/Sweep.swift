#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTraining
import Foundation

/// Trains all runs of a sweep, several at a time within a limit of memory, and stores each result when it is ready.
///
///     let sweep = try Sweep(SweepFile(contentsOf: "widths.toml"), on: dataset, from: "data", in: "out")
///     let isDone = try sweep.run(progress: { _, progress in print(progress.fraction) })
///
/// A sweep that was killed at any time and is started again with the same directory repeats no finished run and continues the others
/// from their checkpoints. The results do not depend on how many runs are trained at the same time, nor on the number of threads.
public struct Sweep: Sendable {
    /// The resources that a sweep may use; they change no result.
    public struct Limits: Sendable {
        /// The maximum number of runs at the same time; nil for one per processor, at most 4.
        public var parallel: Int?
        /// Threads for all runs together; nil for one per processor.
        public var threads: Int?
        /// The maximum estimated memory (`TrainingMemory`), in bytes, of the runs in progress together; nil for no limit.
        public var memory: Int?
        /// Seconds between a run's checkpoints.
        public var checkpointSeconds = 30.0

        /// The defaults.
        public init() {}
    }

    /// The trainings.
    public let file: SweepFile
    /// The data that all are trained on.
    public let dataset: PreparedDataset
    /// The directory of the results.
    public let directory: String
    /// The resources.
    public let limits: Limits
    let store: RunStore
    private let dataChecksum: String
    private let lock: DirectoryLock

    /// Creates or opens the sweep's directory and stores the planned runs.
    ///
    /// - Parameters:
    ///   - file: the description of the sweep.
    ///   - dataset: what is trained on.
    ///   - dataDirectory: the path of `dataset`, for the report.
    ///   - directory: the directory of the sweep.
    ///   - limits: the resources to use.
    ///   - retryingFailed: whether failed runs are trained again.
    /// - Throws: `FoldinError`, also when another process works there or the results there are from other data.
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
                .cannotCreate, file: directory, found: "a path where a directory cannot be created",
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

    /// The files that a sweep in `directory` has beside its runs, whether they exist or not.
    public static func files(in directory: String) -> [String] {
        [directory + "/sweep.lock"] + Overlap.databaseFiles(of: directory + "/" + RunStore.fileName)
    }

    /// Trains until all runs are done or the sweep is cancelled. A failed run is stored with its error, and the others continue.
    ///
    /// - Parameters:
    ///   - isCancelled: called often, from any thread; the sweep ends when it returns true.
    ///   - progress: called from any thread, one call at a time.
    /// - Returns: whether all runs are done.
    /// - Throws: `FoldinError` when a run's files or the results cannot be written; the same sweep can be continued later.
    public func run(
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (SweepEvent, SweepProgress) -> Void = { _, _ in }
    ) throws -> Bool {
        let tracker = try SweepTracker(runs: file.runs, stored: store.runs(), report: progress)
        var remaining = file.runs
        for epochs in file.halving?.epochs ?? [] {
            guard try advance(remaining, to: .epoch(epochs), tracker, isCancelled) else { return false }
            let kept = try chosen(of: remaining, after: epochs)
            let stopped = remaining.filter { !kept.contains($0.configuration) }
            guard try advance(stopped, to: .evaluation, tracker, isCancelled) else { return false }
            remaining.removeAll { !kept.contains($0.configuration) }
        }
        return try advance(remaining, to: .end, tracker, isCancelled)
    }

    /// Trains all of `runs` up to a goal; false if cancelled.
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

    /// Errors of the system and not of one run: files that cannot be written, or cannot be read although they exist.
    private static let endingKinds: [FoldinError.Kind] = [.writeFailed, .cannotCreate, .missingInput]

    /// Trains one run; throws only what must end the sweep: see `endingKinds`.
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
                    .usage, found: "a training that needs about \(bytes.formattedBytes)",
                    expected: "at most \(limit.formattedBytes), the sweep's limit", reason: .sweepMemoryLimit)
            }
            guard try run.advance(to: goal, isCancelled: isCancelled, progress: { tracker.epoch($0, of: planned) }) else {
                return
            }
        } catch let error as FoldinError where error.file == store.path || Self.endingKinds.contains(error.kind) {
            // The cause is not this run's options, and probably affects all runs: it stays unfinished and can be continued.
            throw error
        } catch {
            let hasMessage = error is FoldinError || error is TrainingDivergence || error is SweepRun.Diverged
            let text = hasMessage ? "\(error)" : UnexpectedError.sentence(error)
            try store.update(planned.id) { ($0.status, $0.error) = (.failed, text) }
            if let reason = (error as? FoldinError)?.reason { tracker.failed(planned, reason) }
        }
        tracker.ended(try store.runs().first { $0.id == planned.id })
    }

    /// The estimated memory of a run in bytes; 0 for invalid options, which the run itself reports.
    private func memory(of planned: PlannedRun) -> Int {
        guard let trainer = try? planned.plan.trainer(workers: Workers(count: 1)),
            (try? trainer.outline(for: dataset)) != nil
        else { return 0 }
        return TrainingMemory(of: trainer, on: dataset)?.totalBytes ?? .max
    }

    /// The configurations that continue, ranked by the mean over seeds of the best validation metric of the first `epochs`.
    ///
    /// A failed run counts as 0. Configurations with equal means are in the order of the file.
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

extension FoldinError.Reason {
    /// A training of a sweep needs more memory than `Sweep.Limits.memory` allows.
    public static let sweepMemoryLimit = FoldinError.Reason("sweep-memory-limit")
}
#endif

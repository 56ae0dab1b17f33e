#if Experiments
import FoldinSupport
import FoldinTraining
import Foundation
import Synchronization

/// An event of a sweep.
public enum SweepEvent: Sendable {
    /// A run was started or continued.
    case started(PlannedRun)
    /// A run completed an epoch.
    case epoch(PlannedRun, EpochReport)
    /// A run failed with an error of this reason; its `ended` follows.
    case failed(PlannedRun, FoldinError.Reason)
    /// A run ended, or reached an epoch at which halving decides.
    case ended(StoredRun)
}

/// The progress of a sweep.
public struct SweepProgress: Sendable, Equatable {
    /// Runs that are done, including those of earlier processes.
    public internal(set) var done = 0
    /// Runs among them that failed.
    public internal(set) var failed = 0
    /// All runs.
    public let total: Int
    /// The share of the work that is done, from 0 to 1: epochs, weighted by the size of the network.
    public internal(set) var fraction = 0.0
    /// Estimated seconds until the end, if no run stops early; nil before the first epoch.
    public internal(set) var secondsLeft: Double?
}

/// Computes the progress of a sweep from its runs' reports.
final class SweepTracker: Sendable {
    private struct State {
        var progress: SweepProgress
        var work: [String: Double]
        /// The work of earlier processes.
        var before: Double
        /// Runs that completed an epoch in this process.
        var begun: Set<String> = []
    }

    private let state: Mutex<State>
    private let weights: [String: (epoch: Double, epochs: Double)]
    private let total: Double
    private let began = ContinuousClock.now
    private let report: @Sendable (SweepEvent, SweepProgress) -> Void

    init(
        runs: [PlannedRun], stored: [StoredRun], report: @escaping @Sendable (SweepEvent, SweepProgress) -> Void
    ) {
        weights = Dictionary(
            uniqueKeysWithValues: runs.map { run in
                let options = run.plan.options
                // A layer's cost for one item; the number of items is the same for all.
                let widths = (options["hidden"] ?? "").split(separator: ",").compactMap { Double($0) }
                let epochs = options["epochs"].flatMap(Double.init) ?? 1
                return (run.id, (50 + (widths.first ?? options["latent"].flatMap(Double.init) ?? 0), epochs))
            })
        let weights = weights
        total = weights.values.reduce(0) { $0 + $1.epoch * $1.epochs }
        let stored = stored.filter { weights[$0.id] != nil }
        let work = Dictionary(
            uniqueKeysWithValues: stored.map { run in
                let (epoch, epochs) = weights[run.id] ?? (0, 0)
                return (run.id, epoch * (run.isDone ? epochs : Double(run.epochs)))
            })
        var progress = SweepProgress(total: runs.count)
        progress.done = stored.filter(\.isDone).count
        progress.failed = stored.filter { $0.status == .failed }.count
        state = Mutex(State(progress: progress, work: work, before: work.values.reduce(0, +)))
        self.report = report
    }

    func started(_ run: PlannedRun) { change { _ in .started(run) } }

    func failed(_ run: PlannedRun, _ reason: FoldinError.Reason) { change { _ in .failed(run, reason) } }

    func epoch(_ epoch: EpochReport, of run: PlannedRun) {
        change { state in
            let weight = weights[run.id]?.epoch ?? 0
            if state.begun.insert(run.id).inserted {
                // Epochs that its checkpoint has and the store has not are also work of an earlier process.
                state.before += weight * Double(epoch.epoch - 1) - (state.work[run.id] ?? 0)
            }
            state.work[run.id] = weight * Double(epoch.epoch)
            return .epoch(run, epoch)
        }
    }

    func ended(_ run: StoredRun?) {
        guard let run else { return }
        change { state in
            if run.isDone {
                state.work[run.id] = weights[run.id].map { $0.epoch * $0.epochs }
                state.progress.done += 1
                if run.status == .failed { state.progress.failed += 1 }
            }
            return .ended(run)
        }
    }

    private func change(_ body: (inout State) -> SweepEvent) {
        // Inside the lock: `report` is called once at a time and in order.
        state.withLock { state in
            let event = body(&state)
            let done = state.work.values.reduce(0, +)
            state.progress.fraction = total > 0 ? max(0, min(1, done / total)) : 1
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            let now = done - state.before
            state.progress.secondsLeft = now > 0 ? seconds * (total - done) / now : nil
            report(event, state.progress)
        }
    }
}
#endif

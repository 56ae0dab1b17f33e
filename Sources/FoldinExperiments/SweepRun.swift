#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTraining
import Foundation

/// One training of a sweep in its own run directory, from its beginning or from its checkpoint.
struct SweepRun {
    let planned: PlannedRun
    let dataset: PreparedDataset
    let dataChecksum: String
    let metrics: [Metric]
    let store: RunStore
    /// The sweep's directory.
    let directory: String
    let workers: Workers
    let checkpointSeconds: Double

    /// Relative to the sweep's directory.
    private var runPath: String { Self.path(of: planned.id) }

    /// The directory of a run, relative to the sweep's.
    static func path(of id: String) -> String { "runs/" + id }

    /// The point up to which a run is trained.
    enum Goal: Equatable {
        /// The training's end.
        case end
        /// The end of this epoch, unless the training ends before; the run keeps a checkpoint.
        case epoch(Int)
        /// No further epoch: the run is evaluated as it is, because halving stops it.
        case evaluation
    }

    /// Trains until the goal is reached, and stores the results. False if it was cancelled before; the run then keeps a checkpoint.
    func advance(to goal: Goal, isCancelled: () -> Bool, progress: (EpochReport) -> Void) throws -> Bool {
        let trainer = try planned.plan.trainer(workers: workers)
        let outline = try trainer.outline(for: dataset)
        try store.update(planned.id) { run in
            run.status = .unfinished
            (run.network, run.parameters) = (outline.widths, outline.parameterCount)
            run.dataChecksum = dataChecksum
            run.memoryBytes = TrainingMemory(of: trainer, on: dataset)?.totalBytes
        }
        let (run, checkpoint) = try open(options: trainer.options)
        var epochs = checkpoint?.state.history.count ?? 0
        var isAtGoal: Bool {
            switch goal {
            case .end: false
            case .epoch(let last): epochs >= last
            case .evaluation: true
            }
        }
        let outcome = try trainer.run(
            on: dataset, from: checkpoint, isCancelled: { isAtGoal || isCancelled() }, checkpointSeconds: checkpointSeconds,
            onCheckpoint: { try $0.save(to: run.checkpointPath) }, scratch: run.folder,
            progress: { epoch in
                epochs = epoch.epoch
                try run.append(epoch)
                progress(epoch)
            })
        if let divergence = outcome.divergence {
            // The model of the best epoch is kept, but the run has failed; resumed, it would diverge again.
            try outcome.model.save(to: run.modelPath)
            try run.write(
                RunRecord(outline, card: outcome.model.card, outcome: outcome, test: nil),
                environment: RunEnvironment(threads: workers.count))
            try run.end()
            try store.pause(planned.id, history: outcome.history)
            throw Diverged(divergence: divergence, bestEpoch: outcome.bestEpoch, modelPath: run.modelPath)
        }
        if outcome.wasCancelled {
            try store.pause(planned.id, history: outcome.history)
            guard goal == .evaluation else { return isAtGoal }
            guard outcome.bestEpoch > 0 else { return false }
        }
        try evaluate(outcome, outline, in: run)
        return true
    }

    /// Evaluates the model on the test users and stores all results.
    private func evaluate(_ outcome: TrainingOutcome, _ outline: NetworkOutline, in run: RunDirectory) throws {
        var model = outcome.model
        let scores = try Evaluator(metrics, workers: workers).userMetrics(
            model, on: dataset.test, training: dataset.train, isCancelled: { false })
        let test = scores.report
        model.card.add(test, of: "test")
        try model.save(to: run.modelPath)
        try run.write(
            RunRecord(outline, card: model.card, outcome: outcome, test: test),
            environment: RunEnvironment(threads: workers.count))
        // All that can fail comes before the run counts as finished, because a finished run is never continued.
        if !run.replacesRun { try run.endEvents() }
        try store.finish(
            planned.id, as: outcome.wasCancelled ? .stopped : .finished, outcome: outcome, scores: scores,
            modelPath: runPath + "/model.safetensors")
        // The checkpoint is removed last: a run killed before continues from it to the same end. One that cannot be removed does no harm.
        if run.replacesRun { try run.finish() } else { try? run.removeCheckpoint() }
    }

    private func open(options: [String: String]) throws -> (RunDirectory, TrainingCheckpoint?) {
        try RunDirectory.resuming(directory + "/" + runPath, options: options, restartingFinished: true)
    }

    /// The error of a diverged run.
    struct Diverged: Error, CustomStringConvertible {
        let divergence: TrainingDivergence
        let bestEpoch: Int
        let modelPath: String

        var description: String { "\(divergence); the model of the best epoch before, \(bestEpoch), is \(modelPath)" }
    }
}
#endif

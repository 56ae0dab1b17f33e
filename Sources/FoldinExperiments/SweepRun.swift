import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTraining
import Foundation

/// One training of a sweep in its own run directory, from its beginning or from where it was killed.
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
    private var place: String { "runs/" + planned.id }

    /// How far to go.
    enum Goal: Equatable {
        /// To the training's end.
        case end
        /// To the end of this epoch, unless the training's end comes first; a checkpoint is left.
        case epoch(Int)
        /// No further: to be judged as it is, because halving stops it.
        case judgement
    }

    /// Goes on until the goal is reached, and writes it down. False if it was cancelled before; a checkpoint is left then.
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
        var isThere: Bool {
            switch goal {
            case .end: false
            case .epoch(let last): epochs >= last
            case .judgement: true
            }
        }
        let outcome = try trainer.run(
            on: dataset, from: checkpoint, isCancelled: { isThere || isCancelled() }, checkpointSeconds: checkpointSeconds,
            onCheckpoint: { try $0.save(to: run.checkpointPath) }, scratch: run.folder,
            progress: { epoch in
                epochs = epoch.epoch
                try run.append(epoch)
                progress(epoch)
            })
        if let divergence = outcome.divergence {
            // The best epoch before is kept, but the run has failed; gone on with, it would diverge again.
            try outcome.model.save(to: run.modelPath)
            try run.write(RunRecord(outline, card: outcome.model.card, outcome: outcome, test: nil))
            try run.end()
            try store.pause(planned.id, history: outcome.history)
            throw Diverged(divergence: divergence, bestEpoch: outcome.bestEpoch, modelPath: run.modelPath)
        }
        if outcome.wasCancelled {
            try store.pause(planned.id, history: outcome.history)
            guard goal == .judgement else { return isThere }
            guard outcome.bestEpoch > 0 else { return false }
        }
        try judge(outcome, outline, in: run)
        return true
    }

    /// Measures the model on the test users and writes down all there is.
    private func judge(_ outcome: TrainingOutcome, _ outline: NetworkOutline, in run: RunDirectory) throws {
        var model = outcome.model
        let scores = try Evaluator(metrics, workers: workers).userMetrics(
            model, on: dataset.test, training: dataset.train, isCancelled: { false })
        let test = scores.report
        for result in test.results { model.card.metrics["test \(result.metric)"] = result.mean }
        try model.save(to: run.modelPath)
        try run.write(RunRecord(outline, card: model.card, outcome: outcome, test: test))
        // What may fail comes before the run counts as finished, which is never gone on with.
        if !run.replacesRun { try run.endEvents() }
        try store.finish(
            planned.id, as: outcome.wasCancelled ? .stopped : .finished, outcome: outcome, scores: scores,
            modelPath: place + "/model.safetensors")
        // Only now: killed before, the run goes on from its checkpoint to the same end. One that cannot be removed is of no use and does no harm.
        if run.replacesRun { try run.finish() } else { try? run.removeCheckpoint() }
    }

    private func open(options: [String: String]) throws -> (RunDirectory, TrainingCheckpoint?) {
        try RunDirectory.resuming(directory + "/" + place, options: options, restartingFinished: true)
    }

    /// What a diverged run is written down with.
    struct Diverged: Error, CustomStringConvertible {
        let divergence: TrainingDivergence
        let bestEpoch: Int
        let modelPath: String

        var description: String { "\(divergence); the model of the best epoch before, \(bestEpoch), is \(modelPath)" }
    }
}

import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// Trains a model: epochs of shuffled batches, an evaluation on the validation users after each, the best epoch kept.
///
/// The same dataset, options and seed give the same weights to the bit, for any number of threads.
public struct Trainer: Sendable {
    /// The model to train.
    public let configuration: any ModelConfiguration
    /// How long and how fast to train, and when to stop.
    public var schedule: Schedule
    /// Decides initial weights, shuffles, dropout and noise.
    public let seed: UInt64
    /// The threads to use; results do not depend on their number.
    public let workers: Workers
    /// The numbers that the last layer's products multiply.
    public let precision: Precision
    /// Whether the softmax is over all items or estimated from a sample.
    public let softmax: Softmax

    /// A trainer; `check()` tells whether its options are valid together.
    public init(
        _ configuration: any ModelConfiguration, schedule: Schedule = Schedule(), seed: UInt64 = 98_765,
        workers: Workers = Workers(), precision: Precision = .float32, softmax: Softmax = .exact
    ) {
        self.configuration = configuration
        self.schedule = schedule
        self.seed = seed
        self.workers = workers
        self.precision = precision
        self.softmax = softmax
    }

    /// Trains and returns the model of the best validation epoch (of the last one when there are no validation users).
    ///
    /// `progress` is called after each epoch. Stops early by the schedule's patience. When the current task is cancelled it
    /// finishes the step and throws `CancellationError`; use `run(on:)` to keep what was learnt until then.
    ///
    /// - Throws: `FoldinError` if the options cannot be or the dataset has no training clicks; `TrainingDivergence` if the numbers
    ///   overflow; `CancellationError`. Use `run(on:)` to keep the best epoch before that.
    public func train(on dataset: PreparedDataset, progress: (EpochReport) throws -> Void = { _ in }) throws -> TrainedModel {
        let outcome = try run(on: dataset, progress: progress)
        if let divergence = outcome.divergence { throw divergence }
        if outcome.wasCancelled { throw CancellationError() }
        return outcome.model
    }

    /// Trains in a task of its own and delivers the epochs as they end, then the outcome.
    ///
    /// Ending the iteration early cancels the training.
    public func events(on dataset: PreparedDataset) -> AsyncThrowingStream<TrainingEvent, Error> {
        AsyncThrowingStream { continuation in
            let task = Task.detached {
                do {
                    let outcome = try run(on: dataset, progress: { continuation.yield(.epoch($0)) })
                    continuation.yield(.finished(outcome))
                    continuation.finish(throwing: outcome.divergence)
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Trains until done, cancelled or diverged, and returns the best model so far in each case.
    ///
    /// A training that diverges before any epoch was the best throws `TrainingDivergence`.
    ///
    /// - Parameters:
    ///   - dataset: the prepared dataset.
    ///   - checkpoint: from an earlier training with the same options, data and seed, which is continued to the same bits.
    ///   - isCancelled: called before each step; by default whether the current task is cancelled.
    ///   - checkpointSeconds: the least number of seconds between checkpoints.
    ///   - onCheckpoint: called between steps, and when cancelled, with what is needed to continue; save it before returning.
    ///   - onStep: called after each step with the fraction of the epoch that is done and the step's loss.
    ///   - scratch: a directory for the best epoch's weights during training, in an unnamed file; nil keeps them in memory.
    ///   - progress: called after each epoch.
    public func run(
        on dataset: PreparedDataset, from checkpoint: TrainingCheckpoint? = nil,
        isCancelled: () -> Bool = { Task.isCancelled }, checkpointSeconds: Double = 30,
        onCheckpoint: (TrainingCheckpoint) throws -> Void = { _ in },
        onStep: (_ epoch: Int, _ fraction: Double, _ loss: StepLoss) -> Void = { _, _, _ in }, scratch: String? = nil,
        progress: (EpochReport) throws -> Void = { _ in }
    ) throws -> TrainingOutcome {
        try check(dataset.train)
        try TrainingMemory.check(self, on: dataset)
        // A checkpoint is of the same options and data.
        let identity = options.merging(["data": dataset.checksum]) { _, new in new }
        let loop = try TrainingLoop(
            dataset: dataset, schedule: schedule,
            session: session(on: dataset.train),
            seed: seed, workers: workers, identity: identity, checkpoint: checkpoint, scratch: scratch)
        var wasCancelled = false
        var divergence: TrainingDivergence?
        var saved = ContinuousClock.now
        var writing = 0.0
        do {
            while true {
                if loop.isFinished {
                    guard loop.isSearching else { break }
                    try loop.retrain()
                }
                let report = try loop.runEpoch(isCancelled: isCancelled) { epoch, fraction, loss in
                    onStep(epoch, fraction, loss)
                    // A large model takes long to write; nine tenths of the time are for training.
                    let elapsed = (ContinuousClock.now - saved) / .seconds(1)
                    if elapsed >= max(checkpointSeconds, checkpointSeconds > 0 ? 9 * writing : 0) {
                        let began = ContinuousClock.now
                        try onCheckpoint(try loop.checkpoint)
                        saved = .now
                        writing = (saved - began) / .seconds(1)
                    }
                }
                try progress(report)
            }
        } catch is CancellationError {
            wasCancelled = true
            try onCheckpoint(try loop.checkpoint)
        } catch let error as TrainingDivergence where loop.state.bestEpoch > 0 {
            divergence = error
        }
        let state = loop.state
        let epoch = state.bestEpoch > 0 ? state.history[state.bestEpoch - 1] : nil
        var metrics: [String: Double] = [:]
        metrics["validation \(schedule.metric)"] = epoch?.validation?.mean
        metrics["validation loss"] = epoch?.validationLoss
        metrics["beta found"] = (state.search?.beta).flatMap { Double($0.description) }
        let best = try loop.finish()
        if !wasCancelled { try loop.checkScores(of: best) }
        let model = TrainedModel(
            best, items: dataset.items, titles: dataset.titles, clicks: dataset.train.itemCounts(),
            card: ModelCard(
                options: options, metrics: metrics, dataChecksum: identity["data"] ?? "", likedAbove: dataset.likedAbove))
        return TrainingOutcome(
            model: model, history: state.history, bestEpoch: state.bestEpoch, search: state.search, wasCancelled: wasCancelled,
            divergence: divergence)
    }

    /// Checks that these options can be trained with, on this machine.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that are invalid alone or together, or a precision that the processor lacks.
    public func check() throws {
        try precision.check()
        if let error = validationError { throw FoldinError(.usage, found: error, expected: "options that can be trained with") }
    }

    /// Checks that these options can be trained with on these clicks.
    ///
    /// - Throws: `FoldinError` as `check()` does, or of kind `badData` if there are no clicks.
    func check(_ clicks: InteractionMatrix) throws {
        try check()
        guard clicks.count > 0 else {
            throw FoldinError(.badData, found: "no training interactions", expected: "at least one training user with a click")
        }
    }

    /// The network that training on `dataset` builds.
    ///
    /// - Throws: as training would: see `check()`, and `FoldinError` of kind `badData` if the dataset has no training clicks.
    public func outline(for dataset: PreparedDataset) throws -> NetworkOutline {
        try check(dataset.train)
        return configuration.outline(items: dataset.train.itemCount)
    }

    /// A session over these clicks, as training begins one, with batches of at most the schedule's size.
    ///
    /// - Throws: as `outline(for:)`.
    public func session(on clicks: InteractionMatrix) throws -> any TrainingSession {
        try check(clicks)
        return configuration.makeSession(
            SessionSetup(
                clicks: clicks, batchSize: min(schedule.batchSize, clicks.userCount), seed: seed, workers: workers,
                precision: precision, softmax: softmax))
    }

    /// The first invalid option; nil if all are valid together.
    var validationError: String? {
        if let error = configuration.validationError(with: self) { return error }
        if case .sampled = softmax {
            if precision != .float32 { return "precision \(precision.rawValue) with a sampled softmax; expected fp32" }
            // Rows without a gradient can be shrunk later, but what L2 would do to their moments cannot be made up for.
            if schedule.optimizer.decay > 0 { return "decay l2 with a sampled softmax; expected adamw" }
        }
        return schedule.validationError ?? softmax.validationError
    }

    /// All options by name, as they stand in the model's card.
    public var options: [String: String] { TrainingPlan(of: self).options }
}

/// What a training delivers as it goes.
public enum TrainingEvent: Sendable {
    /// An epoch ended.
    case epoch(EpochReport)
    /// Training ended.
    case finished(TrainingOutcome)
}

/// A training's result.
public struct TrainingOutcome: Sendable {
    /// The weights of the best epoch.
    public let model: TrainedModel
    /// All epochs that ended.
    public let history: [EpochReport]
    /// The epoch the model is of, from 1; 0 when none ended.
    public let bestEpoch: Int
    /// What a search for beta found before the training of `history`; nil while it has not, and where none was asked for.
    public let search: AnnealingSearch?
    /// Whether training was cancelled before its end.
    public let wasCancelled: Bool
    /// Why training ended before its time, where its numbers overflowed; the model is that of the best epoch before.
    public let divergence: TrainingDivergence?

    /// Whether the best epoch is the last that the schedule allows, so that the model might be better after more.
    public func isBestAtTheEnd(of schedule: Schedule) -> Bool {
        schedule.epochs > 1 && history.count == schedule.epochs && undecided == nil
            && bestEpoch == history.lastIndex { $0.validation?.mean != nil }.map { $0 + 1 }
    }

    /// The metric that every evaluated epoch has the same value of, so that it cannot tell them apart; nil where they differ.
    public var undecided: EvaluationReport.Result? {
        let results = history.compactMap(\.validation)
        guard results.count > 1, let first = results.first, first.mean != nil, results.allSatisfy({ $0.mean == first.mean })
        else { return nil }
        return first
    }
}

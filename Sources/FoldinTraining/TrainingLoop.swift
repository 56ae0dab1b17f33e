import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// A training in progress: runs epochs, judges them, keeps the best.
final class TrainingLoop {
    private let dataset: PreparedDataset
    private let schedule: Schedule
    private let step: TrainingStep
    private let evaluator: Evaluator
    private let best: KeptWeights
    private let began = ContinuousClock.now
    private let secondsBefore: Double

    private(set) var state: TrainingState

    /// A training from its beginning, or from where `checkpoint` left it.
    init(
        dataset: PreparedDataset, schedule: Schedule, step: TrainingStep, identity: [String: String],
        checkpoint: TrainingCheckpoint?, scratch: String?
    ) throws {
        self.dataset = dataset
        self.schedule = schedule
        self.step = step
        evaluator = Evaluator([schedule.metric], batchSize: schedule.batchSize, workers: step.workers)
        best = try KeptWeights(of: step.parameters.architecture, in: scratch)
        state = checkpoint?.state ?? TrainingState()
        secondsBefore = state.seconds
        guard let checkpoint else {
            state.identity = identity
            return
        }
        for name in Set(identity.keys).union(state.identity.keys).sorted() where identity[name] != state.identity[name] {
            throw FoldinError(
                .usage, found: "\(name) \(identity[name] ?? "not given")",
                expected: "\(state.identity[name] ?? "it not given"), as in the training that is to go on")
        }
        guard state.isPossible(users: dataset.train.userCount, hasBest: checkpoint.hasBest),
            checkpoint.fits(step)
        else {
            throw FoldinError(
                .badData, found: "a checkpoint whose parts do not fit together", expected: "one that foldin train wrote")
        }
        try checkpoint.restore(step, best: best, updates: state.updates)
    }

    /// Ends the training: the best epoch's weights, or the current ones while no epoch has ended. They take the place of the step's.
    func finish() throws -> Parameters {
        if state.bestEpoch > 0 {
            try best.restore(into: step.parameters)
        } else {
            step.settle(updates: state.updates, adam: schedule.optimizer)
        }
        return step.parameters
    }

    /// The state to go on from, to be saved before the next step.
    var checkpoint: TrainingCheckpoint {
        var state = state
        state.seconds = seconds
        return TrainingCheckpoint(of: step, best: state.bestEpoch > 0 ? best : nil, state: state)
    }

    /// Whether the epochs or the patience are used up.
    var isFinished: Bool {
        if state.history.count >= schedule.epochs { return true }
        guard let patience = schedule.patience, state.bestMetric != nil else { return false }
        return state.history.count - state.bestEpoch >= patience
    }

    private var seconds: Double { secondsBefore + (ContinuousClock.now - began) / .seconds(1) }

    /// What is left of a pass over the training users, in an order drawn for the epoch, then a look at the validation users.
    ///
    /// - Throws: `CancellationError` between steps; `FoldinError` when the loss is not a number any more.
    func runEpoch(
        isCancelled: () -> Bool, onStep: (_ epoch: Int, _ fraction: Double, _ loss: StepLoss) throws -> Void
    ) throws -> EpochReport {
        let epoch = state.history.count + 1
        let order = step.shuffled(dataset.train.userCount, epoch: epoch)
        let updatesAnEpoch = schedule.updatesAnEpoch(users: order.count)
        var beta = schedule.beta(after: max(0, state.updates - 1), updatesAnEpoch: updatesAnEpoch)
        while state.position < order.count {
            if isCancelled() { throw CancellationError() }
            let users = order[state.position..<min(order.count, state.position + schedule.batchSize)]
            beta = schedule.beta(after: state.updates, updatesAnEpoch: updatesAnEpoch)
            let loss = step.run(
                dataset.train, users: users, step: UInt64(state.updates), beta: beta, adam: schedule.optimizer)
            guard loss.negativeLogLikelihood.isFinite, loss.divergence.isFinite else {
                throw overflow(epoch)
            }
            state.updates += 1
            state.position += users.count
            state.likelihood += loss.negativeLogLikelihood * Double(users.count)
            state.divergence += loss.divergence * Double(users.count)
            try onStep(epoch, Double(state.position) / Double(order.count), loss)
        }
        step.settle(updates: state.updates, adam: schedule.optimizer)
        let validation = try validate(isCancelled: isCancelled)
        let isBest = validation?.mean.map { $0 > (state.bestMetric ?? -.infinity) } ?? true
        if isBest {
            // The losses say nothing of the last update yet.
            guard step.parameters.areFinite else { throw overflow(epoch) }
            try best.keep(step.parameters)
            state.bestEpoch = epoch
            state.bestMetric = validation?.mean
        }
        let report = EpochReport(
            epoch: epoch, updates: state.updates, negativeLogLikelihood: state.likelihood / Double(order.count),
            divergence: state.divergence / Double(order.count), beta: beta, validation: validation, isBest: isBest,
            seconds: seconds)
        state.history.append(report)
        (state.position, state.likelihood, state.divergence) = (0, 0, 0)
        return report
    }

    private func overflow(_ epoch: Int) -> FoldinError {
        FoldinError(.usage, found: "a loss that is no number any more in epoch \(epoch)", expected: "a lower learning rate")
    }

    private func validate(isCancelled: () -> Bool) throws -> EvaluationReport.Result? {
        guard dataset.validation.heldOut.count > 0 else { return nil }
        let current = TrainedModel(parameters: step.parameters, items: nil)
        let report = try evaluator.evaluate(
            current, on: dataset.validation, training: dataset.train, isCancelled: isCancelled)
        return report[schedule.metric]
    }
}

import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// The state of a training between epochs.
final class TrainingLoop {
    private let dataset: PreparedDataset
    private let schedule: Schedule
    private let step: TrainingStep
    private let evaluator: Evaluator
    private let best: Parameters
    private let began = ContinuousClock.now

    private(set) var history: [EpochReport] = []
    private(set) var updates = 0
    private(set) var bestEpoch = 0
    private(set) var bestMetric: Double?

    init(dataset: PreparedDataset, schedule: Schedule, step: TrainingStep) {
        self.dataset = dataset
        self.schedule = schedule
        self.step = step
        evaluator = Evaluator([schedule.metric], batchSize: schedule.batchSize, workers: step.workers)
        best = Parameters(zerosFor: step.parameters.architecture)
    }

    /// The best epoch's weights; the current ones while no epoch has ended.
    var kept: Parameters { bestEpoch > 0 ? best : step.parameters }

    /// Whether the epochs or the patience are used up.
    var isFinished: Bool {
        if history.count >= schedule.epochs { return true }
        guard let patience = schedule.patience, bestMetric != nil else { return false }
        return history.count - bestEpoch >= patience
    }

    /// One pass over the training users in an order drawn anew, then a look at the validation users.
    ///
    /// - Throws: `CancellationError` between steps; `FoldinError` when the loss is not a number any more.
    func runEpoch(
        isCancelled: () -> Bool, onStep: (_ epoch: Int, _ fraction: Double, _ loss: StepLoss) -> Void
    ) throws -> EpochReport {
        let epoch = history.count + 1
        let order = step.shuffled(dataset.train.userCount, epoch: epoch)
        let updatesAnEpoch = schedule.updatesAnEpoch(users: order.count)
        var likelihood = 0.0
        var divergence = 0.0
        var beta: Float = 0
        for start in stride(from: 0, to: order.count, by: schedule.batchSize) {
            if isCancelled() { throw CancellationError() }
            let users = order[start..<min(order.count, start + schedule.batchSize)]
            beta = schedule.beta(after: updates, updatesAnEpoch: updatesAnEpoch)
            let loss = step.run(dataset.train, users: users, step: UInt64(updates), beta: beta, adam: schedule.optimizer)
            guard loss.negativeLogLikelihood.isFinite, loss.divergence.isFinite else {
                throw overflow(epoch)
            }
            updates += 1
            likelihood += loss.negativeLogLikelihood * Double(users.count)
            divergence += loss.divergence * Double(users.count)
            onStep(epoch, Double(users.endIndex) / Double(order.count), loss)
        }
        let validation = try validate(isCancelled: isCancelled)
        let isBest = validation?.mean.map { $0 > (bestMetric ?? -.infinity) } ?? true
        if isBest {
            // The losses say nothing of the last update yet.
            guard step.parameters.areFinite else { throw overflow(epoch) }
            best.copy(from: step.parameters)
            bestEpoch = epoch
            bestMetric = validation?.mean
        }
        let report = EpochReport(
            epoch: epoch, updates: updates, negativeLogLikelihood: likelihood / Double(order.count),
            divergence: divergence / Double(order.count), beta: beta, validation: validation, isBest: isBest,
            seconds: (ContinuousClock.now - began) / .seconds(1))
        history.append(report)
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

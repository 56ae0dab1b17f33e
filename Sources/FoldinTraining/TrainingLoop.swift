import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// A training in progress: runs epochs, judges them, keeps the best.
final class TrainingLoop {
    private let dataset: PreparedDataset
    private let asked: Schedule
    /// What was asked for; of a search for beta, what its current training is told.
    private var schedule: Schedule
    private let step: TrainingStep
    private let evaluator: Evaluator
    private let best: Parameters
    private let began = ContinuousClock.now
    private let secondsBefore: Double
    private let updatesAnEpoch: Int

    private(set) var state: TrainingState

    /// A training from its beginning, or from where `checkpoint` left it.
    init(
        dataset: PreparedDataset, schedule: Schedule, step: TrainingStep, identity: [String: String],
        checkpoint: TrainingCheckpoint?
    ) throws {
        self.dataset = dataset
        asked = schedule
        self.schedule = schedule
        updatesAnEpoch = schedule.updatesAnEpoch(users: dataset.train.userCount)
        self.step = step
        evaluator = Evaluator([schedule.metric], batchSize: schedule.batchSize, workers: step.workers)
        best = Parameters(zerosFor: step.parameters.architecture)
        state = checkpoint?.state ?? TrainingState()
        secondsBefore = state.seconds
        guard let checkpoint else {
            state.identity = identity
            follow()
            return
        }
        for name in Set(identity.keys).union(state.identity.keys).sorted() where identity[name] != state.identity[name] {
            throw FoldinError(
                .usage, found: "\(name) \(identity[name] ?? "not given")",
                expected: "\(state.identity[name] ?? "it not given"), as in the training that is to go on")
        }
        guard state.isPossible(users: dataset.train.userCount, hasBest: checkpoint.best != nil),
            checkpoint.weights.architecture == step.parameters.architecture
        else {
            throw FoldinError(
                .badData, found: "a checkpoint whose parts do not fit together", expected: "one that foldin train wrote")
        }
        step.restore(checkpoint)
        if let kept = checkpoint.best { best.copy(from: kept) }
        follow()
    }

    /// Of a search, what its first or second training is told; else `asked` itself.
    private func follow() {
        guard case .searching = asked.annealing else { return }
        schedule = state.search.map { asked.retraining(to: $0.beta, updatesAnEpoch: updatesAnEpoch) } ?? asked.searching
    }

    /// Whether this is the first training of a search for beta.
    var isSearching: Bool {
        if case .searching = schedule.annealing { true } else { false }
    }

    /// Ends the first training of a search, and begins the second from fresh weights.
    func retrain(from weights: Parameters) throws {
        guard let search = AnnealingSearch(curve: state.history) else {
            throw FoldinError(.badData, found: "no validation users with held-out items", expected: "some, to search beta by")
        }
        var fresh = TrainingState()
        (fresh.identity, fresh.search, fresh.seconds) = (state.identity, search, state.seconds)
        state = fresh
        step.parameters.copy(from: weights)
        let zeros = Parameters(zerosFor: weights.architecture)
        step.firstMoments.copy(from: zeros)
        step.secondMoments.copy(from: zeros)
        follow()
    }

    /// The best epoch's weights; the current ones while no epoch has ended.
    var kept: Parameters { state.bestEpoch > 0 ? best : step.parameters }

    /// The state to go on from, to be saved before the next step.
    var checkpoint: TrainingCheckpoint {
        var state = state
        state.seconds = seconds
        return TrainingCheckpoint(of: step, best: state.bestEpoch > 0 ? best : nil, state: state)
    }

    /// Whether the epochs or the patience are used up.
    var isFinished: Bool {
        if state.history.count >= schedule.epochs { return true }
        guard let patience = schedule.patience, state.bestScore != nil else { return false }
        return state.history.dropFirst(state.bestEpoch).count { $0.validation != nil } >= patience
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
        var optimizer = schedule.optimizer
        var beta: Float = 0
        // For the update that follows so many others; an epoch whose updates are all made reports the last one's.
        func prepare(after updates: Int) {
            beta = schedule.beta(after: updates, updatesAnEpoch: updatesAnEpoch)
            optimizer.learningRate = schedule.learningRate(
                after: updates, updatesAnEpoch: updatesAnEpoch, plateau: state.plateau)
        }
        prepare(after: max(0, state.updates - 1))
        while state.position < order.count {
            if isCancelled() { throw CancellationError() }
            let users = order[state.position..<min(order.count, state.position + schedule.batchSize)]
            prepare(after: state.updates)
            let loss = step.run(dataset.train, users: users, step: UInt64(state.updates), beta: beta, adam: optimizer)
            guard loss.negativeLogLikelihood.isFinite, loss.divergence.isFinite else {
                throw overflow(epoch)
            }
            state.updates += 1
            state.position += users.count
            state.likelihood += loss.negativeLogLikelihood * Double(users.count)
            state.divergence += loss.divergence * Double(users.count)
            try onStep(epoch, Double(state.position) / Double(order.count), loss)
        }
        let validation = isEvaluated(epoch) ? try validate(beta: beta, isCancelled: isCancelled) : nil
        let isBest = try keepIfBest(epoch, validation)
        let report = EpochReport(
            epoch: epoch, updates: state.updates, negativeLogLikelihood: state.likelihood / Double(order.count),
            divergence: state.divergence / Double(order.count), beta: beta, learningRate: optimizer.learningRate,
            validation: validation?.metric, validationLoss: validation?.loss, isBest: isBest, isSearch: isSearching,
            seconds: seconds)
        state.history.append(report)
        (state.position, state.likelihood, state.divergence) = (0, 0, 0)
        return report
    }

    /// Whether there are validation users to look at after this epoch.
    private func isEvaluated(_ epoch: Int) -> Bool {
        dataset.validation.heldOut.count > 0 && (epoch % schedule.evaluationInterval == 0 || epoch == schedule.epochs)
    }

    /// Keeps the weights if they are the best so far, or if there is nobody to judge them by; lets a plateau know of the score.
    private func keepIfBest(_ epoch: Int, _ validation: Validation?) throws -> Bool {
        var isBest = dataset.validation.heldOut.count == 0
        var score: Double?
        if let validation {
            score = schedule.score == .metric ? validation.metric.mean : validation.loss
            isBest = score.map { schedule.score.isBetter($0, than: state.bestScore) } ?? true
        }
        if isBest {
            // The losses say nothing of the last update yet.
            guard step.parameters.areFinite else { throw overflow(epoch) }
            best.copy(from: step.parameters)
            state.bestEpoch = epoch
            state.bestScore = score
        }
        if case .plateau(let plateau) = schedule.pace, let score {
            plateau.take(
                score, of: schedule.score, learningRate: Double(schedule.optimizer.learningRate), into: &state.plateau)
        }
        return isBest
    }

    private func overflow(_ epoch: Int) -> FoldinError {
        FoldinError(.usage, found: "a loss that is no number any more in epoch \(epoch)", expected: "a lower learning rate")
    }

    private struct Validation {
        let metric: EvaluationReport.Result
        let loss: Double
    }

    private func validate(beta: Float, isCancelled: () -> Bool) throws -> Validation? {
        let current = LossScorer(TrainedModel(parameters: step.parameters, items: nil))
        let report = try evaluator.evaluate(current, on: dataset.validation, training: dataset.train, isCancelled: isCancelled)
        return report[schedule.metric].map { Validation(metric: $0, loss: current.mean.total(beta: Double(beta))) }
    }
}

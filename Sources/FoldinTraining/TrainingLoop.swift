import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// A training in progress: runs epochs, evaluates them, keeps the best.
final class TrainingLoop {
    private let dataset: PreparedDataset
    private let asked: Schedule
    /// `asked`, or, in a search for beta, the schedule of its current training.
    private var schedule: Schedule
    private let session: any TrainingSession
    private let seed: UInt64
    private let workers: Workers
    private let evaluator: Evaluator
    private let best: KeptWeights
    private let began = ContinuousClock.now
    private let secondsBefore: Double
    private let updatesPerEpoch: Int

    private(set) var state: TrainingState

    /// A training from its beginning, or from where `checkpoint` left it.
    init(
        dataset: PreparedDataset, schedule: Schedule, session: any TrainingSession, seed: UInt64, workers: Workers,
        identity: [String: String], checkpoint: TrainingCheckpoint?, scratch: String?
    ) throws {
        self.dataset = dataset
        asked = schedule
        self.schedule = schedule
        updatesPerEpoch = session.passesPerEpoch * schedule.updatesPerEpoch(users: dataset.train.userCount)
        (self.session, self.seed, self.workers) = (session, seed, workers)
        evaluator = Evaluator([schedule.metric], batchSize: schedule.batchSize, workers: workers)
        best = try KeptWeights(of: session.weights, in: scratch)
        state = checkpoint?.state ?? TrainingState()
        secondsBefore = state.seconds
        guard let checkpoint else {
            state.identity = identity
            follow()
            return
        }
        if let data = identity["data"], let before = state.identity["data"], data != before {
            throw FoldinError(
                .usage, found: "another dataset (checksum \(data.prefix(12)))",
                expected: "the dataset of the training that is to go on (checksum \(before.prefix(12)))")
        }
        for name in Set(identity.keys).union(state.identity.keys).sorted() where identity[name] != state.identity[name] {
            throw FoldinError(
                .usage, found: "\(name) \(identity[name] ?? "not given")",
                expected: "\(state.identity[name] ?? "it not given"), as in the training that is to go on")
        }
        guard checkpoint.fits(session) else {
            throw FoldinError(
                .badData, file: checkpoint.path, found: "a checkpoint of another network than its options are of",
                expected: "one that foldin train wrote")
        }
        let training = TrainingState.Training(
            schedule: schedule, users: dataset.train.userCount, passes: session.passesPerEpoch)
        if let (found, expected) = state.contradiction(with: training, hasBest: checkpoint.hasBest) {
            throw FoldinError(.badData, file: checkpoint.path, found: found, expected: expected)
        }
        try checkpoint.restore(session, best: best)
        follow()
    }

    /// Sets the schedule: of a search that of its first or second training, else `asked` itself.
    private func follow() {
        guard case .searching = asked.annealing else { return }
        schedule = state.search.map { asked.retraining(to: $0.beta, updatesPerEpoch: updatesPerEpoch) } ?? asked.searching
    }

    /// Whether this is the first training of a search for beta.
    var isSearching: Bool {
        if case .searching = schedule.annealing { true } else { false }
    }

    /// Ends the first training of a search, and begins the second from fresh weights.
    func retrain() throws {
        guard let search = AnnealingSearch(curve: state.history) else {
            throw FoldinError(.badData, found: "no validation users with held-out items", expected: "some, to search beta by")
        }
        var fresh = TrainingState()
        (fresh.identity, fresh.search, fresh.seconds) = (state.identity, search, state.seconds)
        state = fresh
        session.restart()
        follow()
    }

    /// Ends the training: a model of the best epoch's weights, or of the current ones if no epoch has ended. They take the place of the session's.
    func finish() throws -> any Model {
        if state.bestEpoch > 0 {
            try best.restore(into: session.weights)
        } else {
            flush()
        }
        return session.model
    }

    private func flush() {
        session.flush(updates: state.updates, adam: optimizer(after: max(0, state.updates - 1)))
    }

    /// The optimiser of the update that follows `updates` others.
    private func optimizer(after updates: Int) -> Adam {
        var adam = schedule.optimizer
        adam.learningRate = schedule.learningRate(after: updates, updatesPerEpoch: updatesPerEpoch, plateau: state.plateau)
        return adam
    }

    /// The state to go on from, to be saved before the next step.
    var checkpoint: TrainingCheckpoint {
        get throws {
            var state = state
            state.seconds = seconds
            session.prepareCheckpoint()
            return try TrainingCheckpoint(of: session, best: state.bestEpoch > 0 ? best : nil, state: state)
        }
    }

    /// Whether the epochs or the patience are used up.
    var isFinished: Bool {
        if state.history.count >= schedule.epochs { return true }
        guard let patience = schedule.patience, state.bestScore != nil else { return false }
        // After a search the second training retraces the first up to the beta found; it is not to stop on the way there.
        let start = max(state.bestEpoch, state.search?.bestEpoch ?? 0)
        return state.history.dropFirst(start).count { $0.validation != nil } >= patience
    }

    private var seconds: Double { secondsBefore + (ContinuousClock.now - began) / .seconds(1) }

    /// What is left of the passes over the training users, each in an order drawn for it, then an evaluation on the validation users.
    ///
    /// - Throws: `CancellationError` between steps; `TrainingDivergence`.
    func runEpoch(
        isCancelled: () -> Bool, onStep: (_ epoch: Int, _ fraction: Double, _ loss: StepLoss) throws -> Void
    ) throws -> EpochReport {
        let epoch = state.history.count + 1
        let users = dataset.train.userCount
        let total = session.passesPerEpoch * users
        var (pass, order) = (-1, [Int32]())
        // An epoch whose updates are all made reports the last one's.
        var optimizer = optimizer(after: max(0, state.updates - 1))
        var beta = schedule.beta(after: max(0, state.updates - 1), updatesPerEpoch: updatesPerEpoch)
        while state.position < total {
            if isCancelled() { throw CancellationError() }
            if pass != state.position / users {
                pass = state.position / users
                order = Shuffle.order(users, pass: (epoch - 1) * session.passesPerEpoch + pass + 1, seed: seed)
            }
            let start = state.position % users
            let batch = order[start..<min(users, start + schedule.batchSize)]
            optimizer = self.optimizer(after: state.updates)
            beta = schedule.beta(after: state.updates, updatesPerEpoch: updatesPerEpoch)
            let loss = session.run(batch, SessionUpdate(number: state.updates, beta: beta, adam: optimizer))
            guard loss.negativeLogLikelihood.isFinite, loss.divergence.isFinite else {
                throw divergence("loss NaN or infinite", in: epoch)
            }
            state.updates += 1
            state.position += batch.count
            state.likelihood += loss.negativeLogLikelihood * Double(batch.count)
            state.divergence += loss.divergence * Double(batch.count)
            try onStep(epoch, Double(state.position) / Double(total), loss)
        }
        session.flush(updates: state.updates, adam: optimizer)
        // The losses say nothing of the last update yet.
        guard session.areWeightsFinite else { throw divergence("weights NaN or infinite", in: epoch) }
        let weight = Double(session.gamma ?? beta)
        try check((state.likelihood + weight * state.divergence) / Double(total), of: dataset.train, name: "loss", epoch)
        let validation = isEvaluated(epoch) ? try validate(epoch, beta: beta, isCancelled: isCancelled) : nil
        let isBest = try keepIfBest(epoch, validation)
        let report = EpochReport(
            epoch: epoch, updates: state.updates, negativeLogLikelihood: state.likelihood / Double(total),
            divergence: state.divergence / Double(total), beta: session.gamma == nil ? beta : 0,
            gamma: session.gamma, learningRate: optimizer.learningRate, validation: validation?.metric,
            validationLoss: validation?.loss, isBest: isBest, isSearch: isSearching,
            seconds: seconds)
        state.history.append(report)
        (state.position, state.likelihood, state.divergence) = (0, 0, 0)
        return report
    }

    /// Whether there are validation users to look at after this epoch.
    private func isEvaluated(_ epoch: Int) -> Bool {
        dataset.validation.heldOut.count > 0 && (epoch % schedule.evaluationInterval == 0 || epoch == schedule.epochs)
    }

    /// Keeps the weights if they are the best so far, or if there are no validation users; gives the score to a plateau.
    private func keepIfBest(_ epoch: Int, _ validation: Validation?) throws -> Bool {
        var isBest = dataset.validation.heldOut.count == 0
        var score: Double?
        if let validation {
            score = schedule.score == .metric ? validation.metric.mean : validation.loss
            isBest = score.map { schedule.score.isBetter($0, than: state.bestScore) } ?? true
        }
        if isBest {
            try best.keep(session.weights)
            state.bestEpoch = epoch
            state.bestScore = score
        }
        if case .plateau(let plateau) = schedule.pace, let score {
            plateau.take(
                score, of: schedule.score, learningRate: Double(schedule.optimizer.learningRate), into: &state.plateau)
        }
        return isBest
    }

    private func divergence(_ sign: String, in epoch: Int) -> TrainingDivergence {
        TrainingDivergence(sign: sign, epoch: epoch, learningRate: asked.optimizer.learningRate)
    }

    /// Fails for a mean loss that is no number, or so large that the model has nothing to do with the data.
    private func check(_ loss: Double, of users: InteractionMatrix, name: String, _ epoch: Int) throws {
        guard loss.isFinite else { throw divergence("\(name) NaN or infinite", in: epoch) }
        let guessing = users.guessingLoss
        guard loss <= Self.mostTimesGuessing * max(1, guessing) else {
            throw divergence(String(format: "\(name) %.3g, that of guessing is %.3g", loss, guessing), in: epoch)
        }
    }

    /// A loss of more than so many times that of a model that knows nothing is divergence, though it be finite.
    private static let mostTimesGuessing = 1e6

    private struct Validation {
        let metric: EvaluationReport.Result
        /// Nil for a model that has none.
        let loss: Double?
    }

    private func validate(_ epoch: Int, beta: Float, isCancelled: () -> Bool) throws -> Validation? {
        let current = LossScorer(session)
        let report = try evaluator.evaluate(current, on: dataset.validation, training: dataset.train, isCancelled: isCancelled)
        guard current.areScoresFinite else { throw divergence("scores NaN or infinite", in: epoch) }
        let loss = current.mean?.total(beta: Double(beta))
        if let loss { try check(loss, of: dataset.validation.foldIn, name: "validation loss", epoch) }
        return report[schedule.metric].map { Validation(metric: $0, loss: loss) }
    }

    /// Fails unless the kept model's scores of some training users are finite.
    func checkScores(of model: any Model) throws {
        // 16 MB of scores at most.
        let rows = 0..<min(dataset.train.userCount, max(1, min(32, (1 << 22) / dataset.train.itemCount)))
        let scores = FloatBuffer(count: rows.count * dataset.train.itemCount)
        model.score(dataset.train, rows: rows, into: scores.pointer, workers: workers)
        guard (0..<scores.count).allSatisfy({ scores.pointer[$0].isFinite }) else {
            throw divergence("scores NaN or infinite", in: max(1, state.bestEpoch))
        }
    }
}

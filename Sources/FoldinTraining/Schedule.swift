import FoldinEvaluation
import FoldinModels
import Foundation

/// How long and how fast to train, and when to stop.
public struct Schedule: Sendable, Equatable {
    /// The validation score that decides which epoch is kept, when to stop early and when to cut the learning rate on a plateau.
    public enum Score: String, Sendable, CaseIterable {
        /// The validation metric; the higher, the better.
        case metric
        /// The validation loss; the lower, the better. See `EpochReport.validationLoss`.
        case loss

        /// Whether `value` is a better score than `best`; any is better than none.
        func isBetter(_ value: Double, than best: Double?) -> Bool {
            guard let best else { return true }
            return self == .metric ? value > best : value < best
        }
    }

    /// Maximum passes over the training users.
    public var epochs: Int
    /// Users per batch.
    public var batchSize: Int
    /// The optimiser, with the learning rate that `pace` starts from and its weight decay.
    public var optimizer: Adam
    /// How the learning rate changes over time.
    public var pace: Pace
    /// Growth of the learning rate from 0 at the start; nil starts at the full rate.
    public var warmUp: WarmUp?
    /// Beta over time; without effect for a family that has no divergence or a weight of its own.
    public var annealing: Annealing
    /// Evaluations without a better score after which training stops; nil never stops early.
    public var patience: Int?
    /// The validation metric.
    public var metric: Metric
    /// What decides which epoch is kept.
    public var score: Score
    /// Epochs between evaluations on the validation users; the last epoch is always evaluated.
    public var evaluationInterval: Int

    /// A schedule with the defaults of `foldin train`.
    ///
    /// - Parameters:
    ///   - epochs: the most epochs.
    ///   - batchSize: users per batch.
    ///   - learningRate: Adam's learning rate before warm-up and `pace`.
    ///   - pace: how the learning rate changes.
    ///   - warmUp: growth of the learning rate at the start.
    ///   - annealing: beta over time.
    ///   - decoupledDecay: weight decay separate from Adam, as AdamW.
    ///   - decay: weight decay added to the gradient (L2); at most one of the two kinds.
    ///   - patience: evaluations without a better score after which training stops.
    ///   - metric: the validation metric.
    ///   - score: what chooses the epoch that is kept.
    ///   - evaluationInterval: epochs between evaluations.
    public init(
        epochs: Int = 200, batchSize: Int = 500, learningRate: Float = 1e-3, pace: Pace = .constant, warmUp: WarmUp? = nil,
        annealing: Annealing = .linear(to: 0.2, byFractionOfEpochs: 0.85), decoupledDecay: Float = 0, decay: Float = 0,
        patience: Int? = 20, metric: Metric = .ndcg(at: 100), score: Score = .metric, evaluationInterval: Int = 1
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.optimizer = Adam(learningRate: learningRate, decoupledDecay: decoupledDecay, decay: decay)
        self.pace = pace
        self.warmUp = warmUp
        self.annealing = annealing
        self.patience = patience
        self.metric = metric
        self.score = score
        self.evaluationInterval = evaluationInterval
    }

    /// Batches in one epoch over `users`; the last may be smaller.
    public func updatesPerEpoch(users: Int) -> Int { (users + batchSize - 1) / batchSize }

    /// The largest number of epochs, and of users per batch: a product with any number of users does not overflow.
    static let countLimit = 1_000_000_000

    /// The first invalid setting, with what is valid; nil if all are valid.
    public var validationError: String? {
        if !(1...Self.countLimit).contains(epochs) { return "\(epochs) epochs; expected 1 to \(Self.countLimit)" }
        if !(1...Self.countLimit).contains(batchSize) { return "a batch of \(batchSize) users; expected 1 to \(Self.countLimit)" }
        if let patience, patience < 1 { return "a patience of \(patience) evaluations; expected at least 1" }
        if evaluationInterval < 1 { return "an evaluation every \(evaluationInterval) epochs; expected at least 1" }
        return optimizer.validationError ?? pace.validationError ?? warmUp?.validationError ?? annealing.validationError
    }
}

extension Adam {
    fileprivate var validationError: String? {
        if !(learningRate > 0 && learningRate.isFinite) { return "a learning rate of \(learningRate); expected more than 0" }
        for (beta, name) in [(beta1, "beta1"), (beta2, "beta2")] where !(beta >= 0 && beta < 1) {
            return "Adam's \(name) \(beta); expected at least 0 and less than 1"
        }
        if !(epsilon > 0 && epsilon.isFinite) { return "Adam's epsilon \(epsilon); expected more than 0" }
        for amount in [decoupledDecay, decay] where !(amount >= 0 && amount.isFinite) {
            return "a weight decay of \(amount); expected at least 0"
        }
        return decoupledDecay > 0 && decay > 0 ? "two kinds of weight decay; expected one at most" : nil
    }
}

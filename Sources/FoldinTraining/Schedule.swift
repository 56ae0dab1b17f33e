import FoldinEvaluation
import FoldinModels
import Foundation

/// How long and how fast to train, and when to stop.
public struct Schedule: Sendable, Equatable {
    /// How beta, the weight of the divergence, grows with the number of updates.
    public enum Annealing: Sendable, Equatable {
        /// The same beta from the first update on.
        case constant(Float)
        /// Linear growth from 0, then `cap`.
        case growing(to: Float, Span)

        /// `min(cap, updates / overUpdates)`: beta would reach 1 after `overUpdates` (Liang et al.'s notebook: 0.2 and 200,000).
        public static func linear(to cap: Float, overUpdates: Int) -> Annealing { .growing(to: cap, .updatesToOne(overUpdates)) }

        /// Linear, reaching `cap` after this fraction of the epochs, rounded up to a whole one (the article: 0.85).
        public static func linear(to cap: Float, byFractionOfEpochs fraction: Double) -> Annealing {
            .growing(to: cap, .fractionOfEpochs(fraction))
        }
    }

    /// How long beta grows.
    public enum Span: Sendable, Equatable {
        /// Updates after which an uncapped beta would be 1.
        case updatesToOne(Int)
        /// The fraction of the epochs, rounded up to a whole one, after which beta reaches its cap.
        case fractionOfEpochs(Double)
    }

    /// The most passes over the training users.
    public var epochs: Int
    /// Users a batch.
    public var batchSize: Int
    /// The optimiser, with its learning rate and weight decay.
    public var optimizer: Adam
    /// Beta over time; of no effect for the DAE.
    public var annealing: Annealing
    /// Epochs without a better validation metric after which training stops; nil never stops early.
    public var patience: Int?
    /// The validation metric that decides which epoch is kept.
    public var metric: Metric

    public init(
        epochs: Int = 200, batchSize: Int = 500, learningRate: Float = 1e-3,
        annealing: Annealing = .linear(to: 0.2, byFractionOfEpochs: 0.85), decoupledDecay: Float = 0, patience: Int? = 20,
        metric: Metric = .ndcg(at: 100)
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.optimizer = Adam(learningRate: learningRate, decoupledDecay: decoupledDecay)
        self.annealing = annealing
        self.patience = patience
        self.metric = metric
    }

    /// Batches in one epoch over `users`; the last may be smaller.
    public func updatesAnEpoch(users: Int) -> Int { (users + batchSize - 1) / batchSize }

    /// Beta for the update that follows `updates` others.
    public func beta(after updates: Int, updatesAnEpoch: Int) -> Float {
        switch annealing {
        case .constant(let beta):
            return beta
        case .growing(let cap, .updatesToOne(let total)):
            return min(cap, Float(Double(updates) / Double(max(1, total))))
        case .growing(let cap, .fractionOfEpochs(let fraction)):
            // A whole number of epochs stays one whatever the rounding of the product.
            let growing = max(1, (Double(epochs) * fraction - 1e-9).rounded(.up))
            return min(cap, Float(Double(cap) * Double(updates) / (Double(max(1, updatesAnEpoch)) * growing)))
        }
    }

    /// What is wrong with this schedule, for people; nil when nothing is.
    public var problem: String? {
        if epochs < 1 { return "\(epochs) epochs; expected at least 1" }
        if batchSize < 1 { return "a batch of \(batchSize) users; expected at least 1" }
        if let patience, patience < 1 { return "a patience of \(patience) epochs; expected at least 1" }
        if !(optimizer.learningRate > 0 && optimizer.learningRate.isFinite) {
            return "a learning rate of \(optimizer.learningRate); expected more than 0"
        }
        if !(optimizer.decoupledDecay >= 0 && optimizer.decoupledDecay.isFinite) {
            return "a weight decay of \(optimizer.decoupledDecay); expected at least 0"
        }
        let (cap, length): (Float, Double) =
            switch annealing {
            case .constant(let beta): (beta, 1)
            case .growing(let cap, .updatesToOne(let total)): (cap, Double(total))
            case .growing(let cap, .fractionOfEpochs(let fraction)): (cap, fraction)
            }
        if !(cap >= 0 && cap.isFinite) { return "a beta of \(cap); expected at least 0" }
        if !(length > 0) { return "annealing over \(length); expected more than 0" }
        return nil
    }
}

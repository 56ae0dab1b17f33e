import FoldinEvaluation

/// How a model came to its options, or to its epoch.
public enum PlanChoice: String, Sendable, Encodable {
    /// There was only one.
    case only
    /// The one that the validation users like best.
    case validation
    /// The first of several, which the validation metric cannot tell apart.
    case tied
    /// The defaults, or the last epoch: there are no validation users with held-out items.
    case unchosen
}

/// What came of one model of a comparison.
public struct ComparedModel: Sendable {
    /// The name of the contender.
    public let name: String
    /// The options that were chosen, `model` among them.
    public let options: [String: String]
    /// Each test user's metrics, the mean over the seeds.
    public let metrics: UserMetrics
    /// The validation metric of the chosen plan, the mean over the seeds; nil without validation users.
    public let validation: Double?
    /// The metrics' means of each seed, in the order of `metrics.metrics`; one list for a model without chance.
    public let seedMeans: [[Double?]]
    /// The plans that there are.
    public let candidates: Int
    /// What chose among them.
    public let choice: PlanChoice
    /// Seconds that one training of the chosen plan took, the mean over the seeds.
    public let trainingSeconds: Double
    /// Seconds for everything: all plans, all seeds, and judging them.
    public let totalSeconds: Double
    /// Epochs until training stopped, and the one that was kept, of the first seed; nil for a model without epochs.
    public let epochs: Int?
    /// The epoch that was kept, of the first seed.
    public let bestEpoch: Int?
    /// Whether that was the last epoch there was, so that the model might be better after more.
    public let isBestAtTheEnd: Bool
    /// What chose that epoch; nil for a model without epochs.
    public let epochChoice: PlanChoice?
    /// The most bytes in memory meanwhile, the dataset included; nil where the system does not tell.
    public let peakMemory: Int?
}

/// A comparison's outcome.
public struct ComparisonOutcome: Sendable {
    /// The models that were finished, in the order asked for.
    public let models: [ComparedModel]
    /// Models that could not be trained, with the reason.
    public let failures: [(name: String, reason: String)]
    /// Whether it was cancelled before its end.
    public let wasCancelled: Bool

    /// The model with the best validation metric, the first among equals; without validation users the first.
    public var best: ComparedModel? {
        guard let first = models.first else { return nil }
        return models.dropFirst().reduce(first) { ($1.validation ?? -.infinity) > ($0.validation ?? -.infinity) ? $1 : $0 }
    }
}

/// Where a comparison stands.
public struct ComparisonStep: Sendable {
    /// The model, and its place from 1 among `count`.
    public let model: String
    /// The place of the model among all, from 1.
    public let place: Int
    /// The number of models.
    public let count: Int
    /// What is being tried: `lambda 500`, `seed 1`, or an epoch.
    public let detail: String
    /// How much of this model's work is done, at least: a network may stop early.
    public let fraction: Double
}

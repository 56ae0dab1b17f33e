import FoldinEvaluation
import Foundation

/// The figures of one training epoch: a line of `history.jsonl`, an event of TensorBoard.
public struct EpochReport: Sendable, Equatable {
    /// From 1.
    public let epoch: Int
    /// Updates made so far, this epoch's included.
    public let updates: Int
    /// Mean negative log-likelihood over the epoch's training users.
    public let negativeLogLikelihood: Double
    /// Mean KL divergence over the epoch's training users; 0 for a family without one; with gamma the mean of clicks times divergence.
    public let divergence: Double
    /// Beta of the epoch's last update; 0 where `gamma` weighs the divergence.
    public let beta: Float
    /// The constant weight of the divergence per click; nil for families that have beta.
    public let gamma: Float?
    /// Learning rate of the epoch's last update.
    public let learningRate: Float
    /// The validation metric; nil without validation users and for an epoch that was not evaluated.
    public let validation: EvaluationReport.Result?
    /// The validation loss: negative log-likelihood plus `beta` times divergence, mean over the validation users.
    ///
    /// The target is the users' known items, as in the article's code, without dropout and with the latent mean. Nil where `validation` is
    /// nil, and for families without such a loss.
    public let validationLoss: Double?
    /// Whether this is the best epoch so far.
    public let isBest: Bool
    /// Whether the epoch belongs to the first training of a search for beta.
    public let isSearch: Bool
    /// Seconds since training began.
    public let seconds: Double

    init(
        epoch: Int, updates: Int, negativeLogLikelihood: Double, divergence: Double, beta: Float, gamma: Float? = nil,
        learningRate: Float, validation: EvaluationReport.Result?, validationLoss: Double?, isBest: Bool, isSearch: Bool,
        seconds: Double
    ) {
        (self.epoch, self.updates, self.seconds) = (epoch, updates, seconds)
        (self.negativeLogLikelihood, self.divergence) = (negativeLogLikelihood, divergence)
        (self.beta, self.gamma, self.learningRate) = (beta, gamma, learningRate)
        (self.validation, self.validationLoss) = (validation, validationLoss)
        (self.isBest, self.isSearch) = (isBest, isSearch)
    }

    /// The weight of the divergence in the loss: gamma, or else beta.
    private var divergenceWeight: (name: String, value: Float) { gamma.map { ("gamma", $0) } ?? ("beta", beta) }

    /// The training loss: likelihood plus weighted divergence.
    public var loss: Double { negativeLogLikelihood + Double(divergenceWeight.value) * divergence }
}

extension EpochReport: CustomStringConvertible {
    /// `epoch 12  loss 412.31  beta 0.0141  ndcg@100 0.34121  4.2 s`, with a star for the best epoch so far.
    public var description: String {
        String(format: "epoch %3d  loss %.2f", epoch, loss) + scoreText + String(format: "  %.1f s", seconds)
            + (isBest ? " *" : "")
    }

    /// `  beta 0.0141  ndcg@100 0.34121`; `gamma` in place of `beta` for a family that has it, and neither without a divergence.
    public var scoreText: String {
        let metric = validation.flatMap { result in
            result.mean.map { "  \(result.metric) " + String(format: "%.5f", $0) }
        }
        let weight = divergenceWeight
        let text = gamma == nil && divergence == 0 ? "" : "  \(weight.name) " + String(format: "%.4f", weight.value)
        return text + (metric ?? "")
    }
}

extension EpochReport {
    /// The figures by the names that `history.jsonl` gives them, for TensorBoard.
    var scalars: [(tag: String, value: Double)] {
        let weight = divergenceWeight
        var scalars = [
            ("loss", loss), ("negative_log_likelihood", negativeLogLikelihood), ("divergence", divergence),
            (weight.name, Double(weight.value)), ("learning_rate", Double(learningRate)),
        ]
        if let metric = validation?.mean { scalars.append(("validation", metric)) }
        if let validationLoss { scalars.append(("validation_loss", validationLoss)) }
        return scalars
    }
}

extension EpochReport: Codable {
    private enum CodingKeys: String, CodingKey {
        case epoch, updates, loss, beta, gamma, best, seconds, divergence, metric, validation, search
        case learningRate = "learning_rate"
        case validationLoss = "validation_loss"
        case negativeLogLikelihood = "negative_log_likelihood"
    }

    /// Writes one flat object, a line of `history.jsonl`, with either beta or gamma.
    public func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(epoch, forKey: .epoch)
        try container.encode(updates, forKey: .updates)
        try container.encode(loss, forKey: .loss)
        try container.encode(negativeLogLikelihood, forKey: .negativeLogLikelihood)
        try container.encode(divergence, forKey: .divergence)
        if let gamma {
            try container.encode(gamma, forKey: .gamma)
        } else {
            try container.encode(beta, forKey: .beta)
        }
        try container.encode(learningRate, forKey: .learningRate)
        try container.encode(isBest, forKey: .best)
        if isSearch { try container.encode(true, forKey: .search) }
        try container.encode(seconds, forKey: .seconds)
        if let validation {
            try container.encode(validation.metric.description, forKey: .metric)
            try container.encode(validation.mean, forKey: .validation)
        }
        try container.encodeIfPresent(validationLoss, forKey: .validationLoss)
    }

    /// Reads the same object. The loss is computed from its parts, the metric's standard error is not stored, and fields that older versions
    /// did not write are 0, nil or false. Older versions wrote gamma as beta, which gives the same loss.
    public init(from decoder: Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let metric = try container.decodeIfPresent(String.self, forKey: .metric).map { try Metric(named: $0) }
        let mean = try container.decodeIfPresent(Double.self, forKey: .validation)
        let gamma = try container.decodeIfPresent(Float.self, forKey: .gamma)
        self.init(
            epoch: try container.decode(Int.self, forKey: .epoch), updates: try container.decode(Int.self, forKey: .updates),
            negativeLogLikelihood: try container.decode(Double.self, forKey: .negativeLogLikelihood),
            divergence: try container.decode(Double.self, forKey: .divergence),
            beta: gamma == nil ? try container.decode(Float.self, forKey: .beta) : 0, gamma: gamma,
            learningRate: try container.decodeIfPresent(Float.self, forKey: .learningRate) ?? 0,
            validation: metric.map { EvaluationReport.Result(metric: $0, mean: mean, standardError: nil) },
            validationLoss: try container.decodeIfPresent(Double.self, forKey: .validationLoss),
            isBest: try container.decode(Bool.self, forKey: .best),
            isSearch: try container.decodeIfPresent(Bool.self, forKey: .search) ?? false,
            seconds: try container.decode(Double.self, forKey: .seconds))
    }
}

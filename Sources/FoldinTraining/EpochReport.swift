import FoldinEvaluation
import Foundation

/// What one epoch did.
public struct EpochReport: Sendable, Equatable {
    /// From 1.
    public let epoch: Int
    /// Updates made so far, this epoch's included.
    public let updates: Int
    /// Mean negative log-likelihood over the epoch's training users.
    public let negativeLogLikelihood: Double
    /// Mean divergence over the epoch's training users; 0 for the DAE. RecVAE's is the mean of clicks times divergence.
    public let divergence: Double
    /// Beta of the epoch's last update; RecVAE's gamma.
    public let beta: Float
    /// Learning rate of the epoch's last update.
    public let learningRate: Float
    /// The validation metric; nil without validation users and in epochs that were not evaluated.
    public let validation: EvaluationReport.Result?
    /// The loss of the validation users' known items as their own target, without dropout and with the latent mean: negative
    /// log-likelihood plus `beta` times divergence, mean over the users, as the article's code judges by. Nil where `validation` is, and for RecVAE.
    public let validationLoss: Double?
    /// Whether this is the best epoch so far.
    public let isBest: Bool
    /// Whether it belongs to the first training of a search for beta.
    public let isSearch: Bool
    /// Seconds since training began.
    public let seconds: Double

    /// The objective: likelihood plus beta times divergence.
    public var loss: Double { negativeLogLikelihood + Double(beta) * divergence }
}

extension EpochReport: CustomStringConvertible {
    /// `epoch 12  loss 412.31  beta 0.0141  ndcg@100 0.34121  4.2 s`, with a star at the best epoch so far.
    public var description: String {
        let metric = validation.flatMap { result in
            result.mean.map { "  \(result.metric) " + String(format: "%.5f", $0) }
        }
        return String(format: "epoch %3d  loss %.2f  beta %.4f", epoch, loss, beta) + (metric ?? "")
            + String(format: "  %.1f s", seconds) + (isBest ? " *" : "")
    }
}

extension EpochReport: Codable {
    private enum CodingKeys: String, CodingKey {
        case epoch, updates, loss, beta, best, seconds, divergence, metric, validation, search
        case learningRate = "learning_rate"
        case validationLoss = "validation_loss"
        case negativeLogLikelihood = "negative_log_likelihood"
    }

    /// One flat object, a line of `history.jsonl`.
    public func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(epoch, forKey: .epoch)
        try container.encode(updates, forKey: .updates)
        try container.encode(loss, forKey: .loss)
        try container.encode(negativeLogLikelihood, forKey: .negativeLogLikelihood)
        try container.encode(divergence, forKey: .divergence)
        try container.encode(beta, forKey: .beta)
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

    /// The same object read back; the loss is worked out from its parts, the metric's standard error is not kept, and what older
    /// versions did not write is 0, nil or false.
    public init(from decoder: Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let metric = try container.decodeIfPresent(String.self, forKey: .metric).map { try Metric(named: $0) }
        let mean = try container.decodeIfPresent(Double.self, forKey: .validation)
        self.init(
            epoch: try container.decode(Int.self, forKey: .epoch), updates: try container.decode(Int.self, forKey: .updates),
            negativeLogLikelihood: try container.decode(Double.self, forKey: .negativeLogLikelihood),
            divergence: try container.decode(Double.self, forKey: .divergence),
            beta: try container.decode(Float.self, forKey: .beta),
            learningRate: try container.decodeIfPresent(Float.self, forKey: .learningRate) ?? 0,
            validation: metric.map { EvaluationReport.Result(metric: $0, mean: mean, standardError: nil) },
            validationLoss: try container.decodeIfPresent(Double.self, forKey: .validationLoss),
            isBest: try container.decode(Bool.self, forKey: .best),
            isSearch: try container.decodeIfPresent(Bool.self, forKey: .search) ?? false,
            seconds: try container.decode(Double.self, forKey: .seconds))
    }
}

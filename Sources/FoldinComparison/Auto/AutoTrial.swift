import FoldinEvaluation

/// One model that an automatic search trained, a line of `trials.jsonl`.
public struct AutoTrial: Sendable, Codable, Equatable {
    /// From 1.
    public let number: Int
    /// The name of the family.
    public let model: String
    /// All options with their values.
    public let options: [String: String]
    /// The options that differ from the defaults as flags of `foldin train`; empty for a blend.
    public let flags: String
    /// The validation metric; nil if there is no model.
    public let validation: Double?
    /// The standard error of `validation`.
    public let standardError: Double?
    /// Seconds of the training and the evaluation.
    public let seconds: Double
    /// Seconds of the evaluation on the validation users alone.
    public let evaluationSeconds: Double
    /// The most bytes in memory meanwhile; nil where the system does not tell.
    public let peakMemoryBytes: Int?
    /// Why there is no model; nil if there is one.
    public let failure: String?
    /// Whether the family takes too long for what was left of the time.
    public let isTooSlow: Bool
    /// Whether it is a network at a part of its epochs, tried to choose among networks.
    public let isScreening: Bool
    /// The options that the search asked for, as text; `options` may have fewer epochs, or what was chosen at no cost.
    let asked: String
    /// The file of the model among the candidates; nil if another model of its family was better at the time.
    let candidate: Int?
}

/// How long an automatic search goes on.
public enum AutoLimit: Sendable, Equatable {
    /// About this many seconds, the last training and the evaluation on test users included.
    case seconds(Double)
    /// This many models, the blend included: the outcome is the same to the byte on any machine.
    case trials(Int)
}

/// What an automatic search is doing.
public struct AutoStep: Sendable {
    /// The model that is being trained, with its options.
    public let model: String
    /// Its number, from 1.
    public let number: Int
    /// How much of it is done.
    public let fraction: Double
    /// Seconds since the search began, in this process.
    public let seconds: Double
}

import FoldinEvaluation
import FoldinModels

/// What an automatic search found.
public struct AutoOutcome: Sendable {
    /// All models that were trained, in order.
    public let trials: [AutoTrial]
    /// The model: the winner, on the validation users' clicks as well if it was trained again.
    public let model: TrainedModel
    /// The commands that make the model again, for a prepared directory and runs with the names given.
    public let commands: [String]
    /// The test metrics of the best model of each family, the winner first; empty without test users, and if the search was interrupted.
    public let test: [AutoTestRow]
    /// The test metrics of `model`, where it was trained again; nil if not.
    public let final: EvaluationReport?
    /// Whether the search was cancelled before its end.
    public let wasCancelled: Bool
}

/// The test metrics of one model of an automatic search.
public struct AutoTestRow: Sendable, Encodable {
    /// The name of the family, or `blend`.
    public let model: String
    /// The options that differ from the defaults, as flags.
    public let flags: String
    /// The metrics with standard errors.
    public let test: EvaluationReport
    /// The first metric's difference from the winner, negative where the winner is better; nil for the winner.
    public let difference: Double?
    /// By the paired t test of that metric over users, after Holm's correction for all rows; nil for the winner.
    public let pValue: Double?
}

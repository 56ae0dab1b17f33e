import FoldinEvaluation
import FoldinModels

/// The contents of `run.json`: the model, the options and the results of a training.
public struct RunRecord: Sendable, Encodable {
    /// The model in a few words: the family and its widths.
    public let model: String
    /// The shape of the network, as the model file has it.
    let architecture: EncodedArchitecture
    /// All options with their values as text.
    public let options: [String: String]
    /// SHA-256 of the training data.
    public let dataChecksum: String
    /// Epochs trained.
    public let epochs: Int
    /// The epoch whose weights the model has, from 1; 0 if none ended.
    public let bestEpoch: Int
    /// Whether the training was cancelled before its end.
    public let interrupted: Bool
    /// The message of `TrainingDivergence`; nil for a training that did not diverge.
    public let divergence: String?
    /// Seconds trained, in all processes.
    public let seconds: Double
    /// The beta that the search found; nil without a search.
    public let betaFound: Float?
    /// Validation figures by names such as `validation ndcg@100`.
    public let validation: [String: Double]
    /// The metrics of the test users; nil if they were not evaluated.
    public let test: EvaluationReport?

    /// The record of a training; `card` is the card of the saved model.
    public init(_ outline: NetworkOutline, card: ModelCard, outcome: TrainingOutcome, test: EvaluationReport?) {
        model = outline.summary
        architecture = EncodedArchitecture(value: outline.architecture)
        options = card.options
        dataChecksum = card.dataChecksum
        epochs = outcome.history.count
        bestEpoch = outcome.bestEpoch
        interrupted = outcome.wasCancelled
        divergence = outcome.divergence?.description
        seconds = outcome.history.last?.seconds ?? 0
        betaFound = outcome.search?.beta
        validation = card.metrics.filter { $0.key.hasPrefix("validation ") }
        self.test = test
    }
}

/// An architecture of any family, encoded as itself.
struct EncodedArchitecture: Sendable, Encodable {
    let value: any Encodable & Sendable

    func encode(to encoder: Encoder) throws { try value.encode(to: encoder) }
}

import FoldinEvaluation
import FoldinModels

/// The contents of `run.json`: what was trained, with which options, and what came of it.
public struct RunRecord: Sendable, Encodable {
    public let model: String
    /// What the model file says of the network.
    let architecture: EncodedArchitecture
    public let options: [String: String]
    public let dataChecksum: String
    public let epochs: Int
    public let bestEpoch: Int
    public let interrupted: Bool
    /// Why training ended before its time; nil unless its numbers overflowed.
    public let divergence: String?
    /// Seconds trained, in all sittings.
    public let seconds: Double
    /// The beta that the search found; nil where none was asked for.
    public let betaFound: Float?
    /// By names such as `validation ndcg@100`.
    public let validation: [String: Double]
    public let test: EvaluationReport?

    /// The record of a training; `card` is that of the model as it was saved.
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

import FoldinInteractions
import FoldinModels

/// A model that is trained by epochs, before it has met its data: what a family supplies to be trained.
public protocol ModelConfiguration: Sendable {
    /// The family's name in options, files and tables.
    var family: String { get }

    /// The network for a catalogue of `items`.
    func outline(items: Int) -> NetworkOutline

    /// The first setting that is invalid, by itself or with the other options of `trainer`; nil if valid.
    func validationError(with trainer: Trainer) -> String?

    /// A training with initial weights. Settings must be valid.
    func makeSession(_ setup: SessionSetup) -> any TrainingSession

    /// What a training needs beside its data. The numbers need not be valid.
    func memory(for dataset: TrainingMemory.Shape, batch: Int, softmax: Softmax) -> SessionMemory

    /// Whether the schedule's beta is the weight of the divergence.
    var usesBeta: Bool { get }
}

/// A network before it is built, for people and records.
public struct NetworkOutline: Sendable {
    /// The family and the widths.
    public let summary: String
    /// The widths of the layers alone: `I-600-200-600-I`.
    public let widths: String
    /// The number of trainable numbers.
    public let parameterCount: Int
    /// What the model file will say of it.
    public let architecture: any Encodable & Sendable

    /// An outline of a network; `parameterCount` is the number of trainable numbers.
    public init(summary: String, widths: String, parameterCount: Int, architecture: any Encodable & Sendable) {
        (self.summary, self.widths, self.parameterCount) = (summary, widths, parameterCount)
        self.architecture = architecture
    }
}

/// The memory of a training beside its data, in bytes, estimated by the owners of the buffers.
public struct SessionMemory: Sendable {
    /// Weights with their moments, and whatever is kept per training user.
    package let parameters: ByteCount
    /// The scores of a batch, and other values of a batch that matter.
    package let scores: ByteCount
    /// The last layer's weights in fewer bits, while validation users are scored.
    package let rounded: ByteCount

    package init(parameters: ByteCount, scores: ByteCount, rounded: ByteCount) {
        (self.parameters, self.scores, self.rounded) = (parameters, scores, rounded)
    }

    /// An estimate of so many bytes; nil if there is none, for a number that overflows.
    public init(parameters: Int?, scores: Int?, rounded: Int? = 0) {
        self.init(parameters: ByteCount(parameters), scores: ByteCount(scores), rounded: ByteCount(rounded))
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels

/// How the caller's code makes a model that takes part in a `Comparison`.
///
///     let training = OwnTraining { dataset, _, _ in TrainedModel(NewestFirst(dataset.train), items: dataset.items) }
///     let contender = Contender("newest-first", plans: [.own(training)])
public struct OwnTraining: Sendable {
    /// Whether the model depends on the seed. Then it is made once for each seed of the comparison, otherwise once.
    public let hasSeed: Bool
    /// The seed that `make` gets.
    public var seed: UInt64
    /// Makes the model.
    public let make: @Sendable (_ dataset: PreparedDataset, _ seed: UInt64, _ workers: Workers) throws -> TrainedModel

    /// A training by the caller's code.
    ///
    /// - Parameters:
    ///   - hasSeed: whether the model depends on the seed.
    ///   - seed: the first seed; a comparison sets its own.
    ///   - make: returns a model of exactly the dataset's items. If it throws, the comparison reports the error as the reason why the model
    ///     is missing, and goes on; if it throws `CancellationError`, the comparison ends.
    public init(
        hasSeed: Bool = false, seed: UInt64 = 98_765,
        make: @escaping @Sendable (_ dataset: PreparedDataset, _ seed: UInt64, _ workers: Workers) throws -> TrainedModel
    ) {
        (self.hasSeed, self.seed, self.make) = (hasSeed, seed, make)
    }

    /// A model that is trained already.
    ///
    /// Its options are those of its card. A comparison does not know which users it was trained on: the caller makes sure that they are not
    /// among the test users.
    public init(trained model: TrainedModel) {
        self.init { _, _, _ in model }
    }
}

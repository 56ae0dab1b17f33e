import FoldinEvaluation
import FoldinInteractions
import FoldinModels

/// The memory that training a model on a dataset needs, in bytes.
///
/// The best epoch's weights are not in it: a run keeps them on disk.
public struct TrainingMemory: Sendable, Encodable {
    /// What has to be known of a dataset.
    public struct Shape: Sendable, Encodable {
        /// Users of all parts.
        public var users: Int
        /// Items.
        public var items: Int
        /// Clicks of all parts.
        public var interactions: Int

        /// The counts of a dataset.
        public init(users: Int, items: Int, interactions: Int) {
            self.users = users
            self.items = items
            self.interactions = interactions
        }

        /// The counts of a dataset in memory, training and held-out users together.
        public init(_ dataset: PreparedDataset) {
            let parts = [dataset.validation, dataset.test]
            self.init(
                users: dataset.users.count, items: dataset.items.count,
                interactions: parts.reduce(dataset.train.count) { $0 + $1.foldIn.count + $1.heldOut.count })
        }
    }

    private enum CodingKeys: String, CodingKey {
        case dataset, hidden, latent, batch
        case parameterBytes = "parameter_bytes"
        case scoreBytes = "score_bytes"
        case evaluationBytes = "evaluation_bytes"
        case interactionBytes = "interaction_bytes"
        case nameBytes = "name_bytes"
        case totalBytes = "total_bytes"
    }

    /// The counts of the dataset.
    public let dataset: Shape
    /// The width of the hidden layer; nil for an estimate of a trainer's model.
    public let hidden: Int?
    /// The width of the latent vector; nil for an estimate of a trainer's model.
    public let latent: Int?
    /// Users per batch.
    public let batch: Int
    /// Weights with Adam's two moments, and what the family keeps per training user; see `ModelConfiguration.memory(for:batch:softmax:)`.
    public let parameterBytes: Int
    /// A batch's scores of all items; with a sampled softmax those of its candidates, at most, and what finding these takes. With other
    /// values of a batch if they matter.
    public let scoreBytes: Int
    /// Scores of all items for a block of validation users, and the last layer's rounded weights by which they are found
    /// (`RoundedScorer`): at most two bytes each, fewer or none on some machines.
    public let evaluationBytes: Int
    /// The interactions by compressed rows: 4 bytes each and 8 a user.
    public let interactionBytes: Int
    /// Ids of items and users and the tables to find them in, about 80 bytes each.
    public let nameBytes: Int
    /// All of the above.
    public let totalBytes: Int

    /// What `trainer` needs for the model that it trains on `dataset`. Nil if the sizes overflow.
    public init?(of trainer: Trainer, on dataset: PreparedDataset) {
        self.init(
            dataset: Shape(dataset), trainer.configuration, hidden: nil, latent: nil, batch: trainer.schedule.batchSize,
            softmax: trainer.softmax)
    }

    init?(
        dataset: Shape, _ configuration: any ModelConfiguration, hidden: Int?, latent: Int?, batch: Int, softmax: Softmax
    ) {
        let session = configuration.memory(for: dataset, batch: batch, softmax: softmax)
        let evaluation =
            ByteCount(dataset.items) * ScoredBlock.usersAtOnce(batch, items: dataset.items) * 4 + session.rounded
        let names = (ByteCount(dataset.users) + dataset.items) * 80
        let interactions = ByteCount(dataset.interactions) * 4 + ByteCount(dataset.users) * 8
        let total = ByteCount.sum([session.parameters, session.scores, evaluation, names, interactions])
        guard let parameterBytes = session.parameters.value, let scoreBytes = session.scores.value,
            let evaluationBytes = evaluation.value, let nameBytes = names.value, let interactionBytes = interactions.value,
            let totalBytes = total.value
        else { return nil }
        self.dataset = dataset
        self.hidden = hidden
        self.latent = latent
        self.batch = batch
        self.parameterBytes = parameterBytes
        self.scoreBytes = scoreBytes
        self.evaluationBytes = evaluationBytes
        self.interactionBytes = interactionBytes
        self.nameBytes = nameBytes
        self.totalBytes = totalBytes
    }
}

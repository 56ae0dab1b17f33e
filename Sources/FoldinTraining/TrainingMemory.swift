import FoldinEvaluation
import FoldinInteractions
import FoldinModels

/// The memory that training a model on a dataset needs, in bytes.
///
/// The best epoch's weights are not in it: a run keeps them on disk.
public struct TrainingMemory: Sendable, Encodable {
    /// What has to be known of a dataset.
    public struct Shape: Sendable, Encodable {
        public var users: Int
        public var items: Int
        public var interactions: Int

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

    public let dataset: Shape
    public let hidden: Int
    public let latent: Int
    public let batch: Int
    /// Weights with Adam's two moments. The item-wide layers of a sampled softmax have two floats a row for the second. RecVAE's
    /// earlier posteriors, two floats a user and number of the latent, count here.
    public let parameterBytes: Int
    /// A batch's scores of all items; with a sampled softmax those of its candidates, at most, and what finding these takes. With
    /// RecVAE also a batch's values between the layers, of which it keeps five sets.
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

    /// The Mult-VAE of one hidden layer and the given sizes; Mult-DAE needs a little less. Nil where the sizes overflow.
    public init?(dataset: Shape, hidden: Int, latent: Int, batch: Int, softmax: Softmax = .exact) {
        self.init(
            dataset: dataset,
            architecture: Architecture(
                family: .multVAE, items: dataset.items, encoder: [hidden], latent: latent, decoder: [hidden],
                encoderDropout: [0, 0], decoderDropout: [0, 0]),
            batch: batch, softmax: softmax)
    }

    /// What `trainer` needs for the network it builds on `dataset`. Nil where the sizes overflow.
    public init?(of trainer: Trainer, _ architecture: Architecture, on dataset: PreparedDataset) {
        self.init(
            dataset: Shape(dataset), architecture: architecture, batch: trainer.schedule.batchSize, softmax: trainer.softmax)
    }

    /// A network of any shape; `hidden` is then its widest hidden layer. Nil where the sizes overflow.
    public init?(dataset: Shape, architecture: Architecture, batch: Int, softmax: Softmax = .exact) {
        let isVariational = architecture.family.isVariational  // mean and log-variance at the encoder's end
        let encoder = [dataset.items] + architecture.encoder
        let decoder = [architecture.latent] + architecture.decoder + [dataset.items]
        let last = Self.product([architecture.latent, isVariational ? 2 : 1])
        let layers = Array(zip(encoder, encoder.dropFirst() + [last ?? .max])) + Array(zip(decoder, decoder.dropFirst()))
        let parameters = Self.sum(layers.map { Self.sum([Self.product([$0, $1]), $1]) })
        let (hidden, latent) = ((architecture.encoder + architecture.decoder).max() ?? 0, architecture.latent)
        var parameterBytes = Self.product([parameters, 4, 3])
        var scoreBytes = Self.product([dataset.items, batch, 4])
        if case .sampled(let negatives) = softmax {
            let inner = Self.sum(layers.dropFirst().dropLast().map { Self.sum([Self.product([$0, $1]), $1]) })
            let biases = Self.sum([layers.first?.1, dataset.items])
            parameterBytes = Self.sum([
                Self.product([parameters, 4, 2]), Self.product([Self.sum([inner, biases]), 4]),
                Self.product([dataset.items, 16]),
            ])
            let clicks = Self.product([batch, dataset.interactions / max(1, dataset.users) + 1])
            let candidates = Self.sum([clicks, negatives]).map { min($0, dataset.items) }
            // The table of draws, corrections and marks take 20 bytes an item.
            scoreBytes = Self.sum([Self.product([candidates, batch, 4]), Self.product([dataset.items, 20])])
        }
        if architecture.family == .recVAE {
            let between = Self.product([batch, Self.sum(architecture.encoder), 5, 4])
            parameterBytes = Self.sum([parameterBytes, Self.product([dataset.users, architecture.latent, 8])])
            scoreBytes = Self.sum([scoreBytes, between])
        }
        let isRounded = architecture.family != .recVAE
        let evaluationBytes = Self.sum([
            Self.product([dataset.items, ScoredBlock.usersAtOnce(batch, items: dataset.items), 4]),
            isRounded ? Self.product([dataset.items, decoder[decoder.count - 2], 2]) : 0,
        ])
        let nameBytes = Self.product([Self.sum([dataset.users, dataset.items]), 80])
        let interactionBytes = Self.sum([Self.product([dataset.interactions, 4]), Self.product([dataset.users, 8])])
        guard let parameterBytes, let scoreBytes, let evaluationBytes, let interactionBytes, let nameBytes,
            let total = Self.sum([parameterBytes, scoreBytes, evaluationBytes, interactionBytes, nameBytes])
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
        self.totalBytes = total
    }

    private static func product(_ factors: [Int?]) -> Int? {
        factors.reduce(1) { result, factor in
            guard let result, let factor else { return nil }
            let (value, overflow) = result.multipliedReportingOverflow(by: factor)
            return overflow ? nil : value
        }
    }

    private static func sum(_ terms: [Int?]) -> Int? {
        terms.reduce(0) { result, term in
            guard let result, let term else { return nil }
            let (value, overflow) = result.addingReportingOverflow(term)
            return overflow ? nil : value
        }
    }
}

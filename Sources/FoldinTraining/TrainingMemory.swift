import FoldinInteractions
import FoldinModels

/// The memory that training a model on a dataset needs, in bytes.
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
        case bestEpochBytes = "best_epoch_bytes"
        case scoreBytes = "score_bytes"
        case interactionBytes = "interaction_bytes"
        case totalBytes = "total_bytes"
    }

    public let dataset: Shape
    public let hidden: Int
    public let latent: Int
    public let batch: Int
    /// Weights with Adam's two moments.
    public let parameterBytes: Int
    /// A copy of the weights of the best epoch.
    public let bestEpochBytes: Int
    /// A batch's scores of all items.
    public let scoreBytes: Int
    /// The interactions by compressed rows: 4 bytes each and 8 a user.
    public let interactionBytes: Int
    /// All of the above.
    public let totalBytes: Int

    /// The Mult-VAE of one hidden layer and the given sizes; Mult-DAE needs a little less. Nil where the sizes overflow.
    public init?(dataset: Shape, hidden: Int, latent: Int, batch: Int) {
        self.init(
            dataset: dataset,
            architecture: Architecture(
                family: .multVAE, items: dataset.items, encoder: [hidden], latent: latent, decoder: [hidden],
                encoderDropout: [0, 0], decoderDropout: [0, 0]),
            batch: batch)
    }

    /// A network of any shape; `hidden` is then its widest hidden layer. Nil where the sizes overflow.
    public init?(dataset: Shape, architecture: Architecture, batch: Int) {
        let isVariational = architecture.family == .multVAE  // mean and log-variance at the encoder's end
        let encoder = [dataset.items] + architecture.encoder
        let decoder = [architecture.latent] + architecture.decoder + [dataset.items]
        let last = Self.product([architecture.latent, isVariational ? 2 : 1])
        let inner = zip(encoder, encoder.dropFirst() + [last ?? .max])
        let outer = zip(decoder, decoder.dropFirst())
        let parameters = Self.sum((Array(inner) + Array(outer)).map { Self.sum([Self.product([$0, $1]), $1]) })
        let (hidden, latent) = ((architecture.encoder + architecture.decoder).max() ?? 0, architecture.latent)
        let parameterBytes = Self.product([parameters, 4, 3])
        let bestEpochBytes = Self.product([parameters, 4])
        let scoreBytes = Self.product([dataset.items, batch, 4])
        let interactionBytes = Self.sum([Self.product([dataset.interactions, 4]), Self.product([dataset.users, 8])])
        guard let parameterBytes, let bestEpochBytes, let scoreBytes, let interactionBytes,
            let total = Self.sum([parameterBytes, bestEpochBytes, scoreBytes, interactionBytes])
        else { return nil }
        self.dataset = dataset
        self.hidden = hidden
        self.latent = latent
        self.batch = batch
        self.parameterBytes = parameterBytes
        self.bestEpochBytes = bestEpochBytes
        self.scoreBytes = scoreBytes
        self.interactionBytes = interactionBytes
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

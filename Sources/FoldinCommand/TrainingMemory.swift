/// The memory that training a model of one hidden layer on a dataset needs, in bytes.
struct TrainingMemory: Encodable {
    /// What has to be known of a dataset.
    struct Shape: Encodable {
        var users: Int
        var items: Int
        var interactions: Int
    }

    private enum CodingKeys: String, CodingKey {
        case dataset, hidden, latent, batch
        case parameterBytes = "parameter_bytes"
        case bestEpochBytes = "best_epoch_bytes"
        case scoreBytes = "score_bytes"
        case interactionBytes = "interaction_bytes"
        case totalBytes = "total_bytes"
    }

    let dataset: Shape
    let hidden: Int
    let latent: Int
    let batch: Int
    /// Weights with Adam's two moments.
    let parameterBytes: Int
    /// A copy of the weights of the best epoch.
    let bestEpochBytes: Int
    /// A batch's scores of all items.
    let scoreBytes: Int
    /// The interactions by compressed rows: 4 bytes each and 8 a user.
    let interactionBytes: Int
    /// All of the above.
    let totalBytes: Int

    /// The Mult-VAE of the given sizes; Mult-DAE needs a little less. Nil where the sizes overflow.
    init?(dataset: Shape, hidden: Int, latent: Int, batch: Int) {
        // Encoder items -> hidden -> 2 latent (mean and log-variance), decoder latent -> hidden -> items, with biases.
        let parameters = Self.sum([
            Self.product([dataset.items, hidden, 2]), dataset.items, hidden, Self.product([hidden, latent, 3]),
            Self.product([latent, 2]), hidden,
        ])
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

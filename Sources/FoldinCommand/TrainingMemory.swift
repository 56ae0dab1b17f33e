import Foldin

/// The memory that `foldin train` needs for a model of one hidden layer on a dataset, in bytes.
///
/// The best epoch's weights are not in it: they wait on disk.
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
        case scoreBytes = "score_bytes"
        case evaluationBytes = "evaluation_bytes"
        case interactionBytes = "interaction_bytes"
        case nameBytes = "name_bytes"
        case totalBytes = "total_bytes"
    }

    let dataset: Shape
    let hidden: Int
    let latent: Int
    let batch: Int
    /// Weights with Adam's two moments. The item-wide layers of a sampled softmax have two floats a row for the second.
    let parameterBytes: Int
    /// A batch's scores of all items; with a sampled softmax those of its candidates, at most, and what finding these takes.
    let scoreBytes: Int
    /// Scores of all items for a block of validation users.
    let evaluationBytes: Int
    /// The interactions by compressed rows: 4 bytes each and 8 a user.
    let interactionBytes: Int
    /// Ids of items and users and the tables to find them in, about 80 bytes each.
    let nameBytes: Int
    /// All of the above.
    let totalBytes: Int

    /// The Mult-VAE of the given sizes; Mult-DAE needs a little less. Nil where the sizes overflow.
    init?(dataset: Shape, hidden: Int, latent: Int, batch: Int, softmax: Softmax = .exact) {
        // Encoder items -> hidden -> 2 latent (mean and log-variance), decoder latent -> hidden -> items, with biases.
        let parameters = Self.sum([
            Self.product([dataset.items, hidden, 2]), dataset.items, hidden, Self.product([hidden, latent, 3]),
            Self.product([latent, 2]), hidden,
        ])
        var parameterBytes = Self.product([parameters, 4, 3])
        var scoreBytes = Self.product([dataset.items, batch, 4])
        if case .sampled(let negatives) = softmax {
            let inner = Self.sum([dataset.items, hidden, Self.product([hidden, latent, 3]), Self.product([latent, 2]), hidden])
            parameterBytes = Self.sum([
                Self.product([parameters, 4, 2]), Self.product([inner, 4]), Self.product([dataset.items, 16]),
            ])
            let clicks = Self.product([batch, dataset.interactions / max(1, dataset.users) + 1])
            let candidates = Self.sum([clicks, negatives]).map { min($0, dataset.items) }
            // The table of draws, corrections and marks take 20 bytes an item.
            scoreBytes = Self.sum([Self.product([candidates, batch, 4]), Self.product([dataset.items, 20])])
        }
        let evaluated = Evaluator.blockSize(batch, items: dataset.items)
        let evaluationBytes = Self.product([dataset.items, evaluated, 4])
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

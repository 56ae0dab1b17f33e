import FoldinInteractions
import FoldinKernels

/// A trained model with all it needs to recommend: the items' ids and titles travel with the numbers.
public struct TrainedModel: Sendable {
    /// What scores; not changed any more.
    public let core: ModelCore
    /// Raw item ids in index order; nil for a bare PyTorch `state_dict`, which has none.
    public let items: Vocabulary?
    /// A title an item where one is known; empty when there are none.
    public let titles: [String?]
    /// How many training users clicked each item; empty when that is not known.
    public let clicks: [Int]
    /// How it was trained and how well it did; strings by name, written to the file as they are.
    public var card: ModelCard
    /// Where tanh was taken to go, because the file, a bare `state_dict`, does not say and nobody else did; nil otherwise.
    public internal(set) var assumedActivations: Architecture.Activations?

    /// A model of `core` for `items`, of which there must be as many as the core scores.
    public init(
        core: ModelCore, items: Vocabulary?, titles: [String?] = [], clicks: [Int] = [], card: ModelCard = ModelCard()
    ) {
        let itemCount = core.stored.itemCount
        precondition(items == nil || items?.count == itemCount, "as many ids as the model has items")
        precondition(titles.isEmpty || titles.count == itemCount, "as many titles as items, or none")
        precondition(clicks.isEmpty || clicks.count == itemCount, "as many counts of clicks as items, or none")
        (self.core, self.items, self.titles, self.clicks, self.card) = (core, items, titles, clicks, card)
    }

    /// A model of a network for `items`, of which there must be as many as its architecture says.
    public init(
        parameters: Parameters, items: Vocabulary?, titles: [String?] = [], clicks: [Int] = [], card: ModelCard = ModelCard()
    ) {
        self.init(core: ModelCore(parameters), items: items, titles: titles, clicks: clicks, card: card)
    }

    /// The weights of a Mult-VAE or Mult-DAE; nil for a model of another kind.
    public var parameters: Parameters? {
        guard case .autoencoder(let parameters) = core else { return nil }
        return parameters
    }

    /// The shape of a Mult-VAE or Mult-DAE; nil for a model of another kind.
    public var architecture: Architecture? { parameters?.architecture }

    /// The kind of model and its size, for people.
    public var summary: String { core.stored.summary }

    /// The title of an item, where known.
    public func title(of item: Int) -> String? { titles.isEmpty ? nil : titles[item] }

    /// How much each item is like `item`, a number an item, higher is more; nil for a model that has no idea of likeness, as
    /// popularity.
    ///
    /// For an autoencoder the cosine of the items' vectors in the last layer, for item weights the weight from `item` to the other,
    /// for item neighbours the likeness that was learnt, minus infinity for an item that is no neighbour.
    public func similarities(to item: Int, workers: Workers = Workers()) -> FloatBuffer? {
        core.stored.similarities(to: item, workers: workers)
    }
}

/// What a model file says of its origin.
public struct ModelCard: Sendable, Codable, Equatable {
    /// Training options as the command takes them, without leading dashes.
    public var options: [String: String] = [:]
    /// Metrics of the kept epoch, for example `"validation ndcg@100": 0.41`; what is NaN or infinite is left out.
    public var metrics: [String: Double] = [:] {
        didSet { metrics = metrics.filter(\.value.isFinite) }
    }
    /// SHA-256 of the training matrix and the item ids, in hexadecimal; empty when not known.
    public var dataChecksum: String = ""
    /// The rating above which the preparation took a row for a like; nil if it took every row.
    public var likedAbove: Double?

    public init(
        options: [String: String] = [:], metrics: [String: Double] = [:], dataChecksum: String = "", likedAbove: Double? = nil
    ) {
        self.options = options
        self.metrics = metrics.filter(\.value.isFinite)
        self.dataChecksum = dataChecksum
        self.likedAbove = likedAbove.flatMap { $0.isFinite ? $0 : nil }
    }
}

extension TrainedModel: Scorer {
    public var itemCount: Int { core.stored.itemCount }

    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        core.stored.score(histories, rows: rows, into: scores, workers: workers)
    }

    public func approximate(workers: Workers) -> (any ApproximateScorer)? { RoundedScorer(self, workers: workers) }
}

import FoldinInteractions
import FoldinKernels

/// A trained network with all it needs to recommend: the items' ids and titles travel with the weights.
public struct TrainedModel: Sendable {
    /// The weights and their architecture; not changed any more.
    public let parameters: Parameters
    /// Raw item ids in index order; nil for a bare PyTorch `state_dict`, which has none.
    public let items: Vocabulary?
    /// A title an item where one is known; empty when there are none.
    public let titles: [String?]
    /// How it was trained and how well it did; strings by name, written to the file as they are.
    public var card: ModelCard

    /// A model of `parameters` for `items`, of which there must be as many as the architecture says.
    public init(parameters: Parameters, items: Vocabulary?, titles: [String?] = [], card: ModelCard = ModelCard()) {
        precondition(items == nil || items?.count == parameters.architecture.items, "as many ids as the architecture has items")
        precondition(titles.isEmpty || titles.count == parameters.architecture.items, "as many titles as items, or none")
        self.parameters = parameters
        self.items = items
        self.titles = titles
        self.card = card
    }

    public var architecture: Architecture { parameters.architecture }

    /// The title of an item, where known.
    public func title(of item: Int) -> String? { titles.isEmpty ? nil : titles[item] }

    /// One vector an item, [items, width], row-major: the last layer's weights. Items that are alike have vectors that point
    /// the same way.
    public var itemVectors: (vectors: FloatBuffer, width: Int) {
        let last = architecture.layers.count - 1
        return (parameters.linears[last].weight, architecture.layers[last].inputs)
    }
}

/// What a model file says of its origin.
public struct ModelCard: Sendable, Codable, Equatable {
    /// Training options as the command takes them, without leading dashes.
    public var options: [String: String] = [:]
    /// Metrics of the kept epoch, for example `"validation ndcg@100": 0.41`.
    public var metrics: [String: Double] = [:]
    /// SHA-256 of the training matrix and the item ids, in hexadecimal; empty when not known.
    public var dataChecksum: String = ""

    public init(options: [String: String] = [:], metrics: [String: Double] = [:], dataChecksum: String = "") {
        self.options = options
        self.metrics = metrics
        self.dataChecksum = dataChecksum
    }
}

extension TrainedModel: Scorer {
    public var itemCount: Int { architecture.items }

    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        parameters.score(histories, rows: rows, into: scores, workers: workers)
    }
}

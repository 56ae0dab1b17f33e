import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// A trained model with all it needs to recommend: the items' ids and titles travel with the numbers.
public struct TrainedModel: Sendable {
    /// What scores; it does not change.
    public let model: any Model
    /// Raw item ids in index order; nil for a bare PyTorch `state_dict`, which has none.
    public let items: Vocabulary?
    /// One title per item, nil where none is known; empty when there are none.
    public let titles: [String?]
    /// How many training users clicked each item; empty when that is not known.
    public let clicks: [Int]
    /// How it was trained and how well it did; strings by name, written to the file as they are.
    public var card: ModelCard

    /// A model for `items`, of which there must be as many as it scores; likewise titles and clicks, or none.
    public init(
        _ model: any Model, items: Vocabulary? = nil, titles: [String?] = [], clicks: [Int] = [], card: ModelCard = ModelCard()
    ) {
        let itemCount = model.itemCount
        precondition(items == nil || items?.count == itemCount, "as many ids as the model has items")
        precondition(titles.isEmpty || titles.count == itemCount, "as many titles as items, or none")
        precondition(clicks.isEmpty || clicks.count == itemCount, "as many counts of clicks as items, or none")
        (self.model, self.items, self.titles, self.clicks, self.card) = (model, items, titles, clicks, card)
    }

    /// The kind of model and its size, for people.
    public var summary: String { model.summary }

    /// The title of an item, where known.
    public func title(of item: Int) -> String? { titles.isEmpty ? nil : titles[item] }

    /// How similar each item is to `item`, one number per item, higher is more; nil for a model that has no notion of similarity, as
    /// popularity.
    ///
    /// For a network the cosine of the items' vectors in the last layer, for item weights the weight from `item` to the other, for item
    /// neighbours the similarity that was learnt, minus infinity for an item that is no neighbour.
    public func similarities(to item: Int, workers: Workers = Workers()) -> [Float]? {
        model.similarities(to: item, workers: workers)
    }

    /// A scorer of one user at a time that reuses its memory.
    public func oneUserScorer(workers: Workers = Workers()) -> any OneUserScorer { model.oneUserScorer(workers: workers) }
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

    /// The version of Foldin that made the model, as of `FoldinVersion.text`; nil for a file of an earlier version. Machine, threads and
    /// command are in the run's `run.json`, so that the same data, options and seed give the same file.
    public var foldin: String?

    /// A card of this version of Foldin; metrics and thresholds that are not finite are left out.
    public init(
        options: [String: String] = [:], metrics: [String: Double] = [:], dataChecksum: String = "", likedAbove: Double? = nil,
        foldin: String? = FoldinVersion.text
    ) {
        self.foldin = foldin
        self.options = options
        self.metrics = metrics.filter(\.value.isFinite)
        self.dataChecksum = dataChecksum
        self.likedAbove = likedAbove.flatMap { $0.isFinite ? $0 : nil }
    }
}

extension TrainedModel: Scorer {
    public var itemCount: Int { model.itemCount }

    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        model.score(histories, rows: rows, into: scores, workers: workers)
    }

    public func approximate(workers: Workers) -> (any ApproximateScorer)? { model.approximate(workers: workers) }
}

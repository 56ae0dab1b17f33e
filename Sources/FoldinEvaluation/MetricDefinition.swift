/// The common part of list metrics and catalogue metrics: a name, and the preparation for an evaluation.
///
/// Conform to ``ListMetric`` or ``CatalogueMetric``, not to this protocol alone.
public protocol MetricDefinition: Sendable {
    /// The name, in lower-case letters, digits and hyphens; the metric of the first 20 items of `hit-rate` is `hit-rate@20`.
    static var name: String { get }

    /// The k of a name without `@k`; nil (the default) if a name needs its `@k`.
    static var defaultCutoff: Int? { get }

    /// Whether the metric reads ``MetricContext/popularity``; false by default.
    static var needsTraining: Bool { get }

    /// The metric for one evaluation; called once per evaluation for a list metric, once per thread for a catalogue metric.
    init(_ context: MetricContext)
}

extension MetricDefinition {
    /// Nil: a name needs its `@k`.
    public static var defaultCutoff: Int? { nil }
    /// False.
    public static var needsTraining: Bool { false }
}

/// A metric with a value for each user, worked out from the user's ranked list and held-out items.
///
/// The evaluator reports its mean over users and the standard error of that mean. To add a metric to the library, write one type and
/// add one line to ``MetricRegistry/standard``. Code outside the library can evaluate with a metric of its own:
///
/// <!-- given: import Foldin; let model: TrainedModel; let dataset: PreparedDataset -->
/// ```swift
/// /// The rank of the last hit, divided by k.
/// struct LastHit: ListMetric {
///     static let name = "last-hit"
///     let cutoff: Int
///     init(_ context: MetricContext) { cutoff = context.cutoff }
///     func value(of list: RankedList) -> Double {
///         Double(list.hits.lastIndex(of: true).map { $0 + 1 } ?? 0) / Double(cutoff)
///     }
/// }
///
/// let lastHit = Metric(.init(LastHit.self), at: 20)
/// print(try Evaluator([.ndcg(at: 100), lastHit]).evaluate(model, on: dataset.test))
/// ```
public protocol ListMetric: MetricDefinition {
    /// The value for one user. Called from several threads at once, once per user.
    func value(of list: RankedList) -> Double
}

/// A metric with one value for the lists of all users together, such as the share of items that are recommended at all.
///
/// Each thread has its own accumulator, and the lists that it gets differ from run to run. The value must therefore not depend on the order of
/// the lists or on their division among accumulators: accumulate counts, sets or maxima, not sums of floating-point numbers. There is no
/// standard error.
public protocol CatalogueMetric: MetricDefinition {
    /// Accumulates the list of one more user.
    mutating func add(_ list: RankedList)

    /// Accumulates all lists that `other`, prepared by the same context, has accumulated.
    mutating func merge(_ other: Self)

    /// The value for all accumulated lists. Called once, and only if there is at least one.
    func value() -> Double
}

/// What a metric knows about an evaluation before the first list.
public struct MetricContext: Sendable {
    /// The metric's k, or the number of items where that is smaller.
    public let cutoff: Int
    /// The number of items that the model scores.
    public let itemCount: Int
    /// For each item the fraction of training users who clicked it; empty unless the metric has ``MetricDefinition/needsTraining``.
    public let popularity: [Double]

    /// The context of a metric of the first `cutoff` of `itemCount` items.
    public init(cutoff: Int, itemCount: Int, popularity: [Double] = []) {
        self.cutoff = min(cutoff, itemCount)
        self.itemCount = itemCount
        self.popularity = popularity
    }
}

/// One user's ranked list, cut off after the first k items, and which of them are hits.
///
/// The buffers are valid during the call that passes the list, and no longer.
public struct RankedList {
    /// The items, best first; fewer than k where fewer can be recommended.
    public let items: UnsafeBufferPointer<Int32>
    /// For each of `items` whether it is one of the user's held-out items.
    public let hits: UnsafeBufferPointer<Bool>
    /// The number of the user's held-out items; at least 1.
    public let targets: Int

    /// A list of `items`, of which `hits` marks the held-out ones, for a user with `targets` held-out items.
    public init(items: UnsafeBufferPointer<Int32>, hits: UnsafeBufferPointer<Bool>, targets: Int) {
        precondition(items.count == hits.count, "\(items.count) items need as many hits; found \(hits.count)")
        (self.items, self.hits, self.targets) = (items, hits, targets)
    }

    /// The number of hits in the list.
    public var hitCount: Int { hits.reduce(0) { $1 ? $0 + 1 : $0 } }

    /// The first `cutoff` items.
    func prefix(_ cutoff: Int) -> RankedList {
        RankedList(
            items: UnsafeBufferPointer(rebasing: items.prefix(cutoff)), hits: UnsafeBufferPointer(rebasing: hits.prefix(cutoff)),
            targets: targets)
    }
}

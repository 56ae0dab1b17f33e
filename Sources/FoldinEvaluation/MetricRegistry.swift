/// Kinds of metrics by name.
///
/// ``standard`` has those of the library. A registry is a value: to read the name of a metric of your own, pass one that has it.
///
/// <!-- given:
/// struct LastHit: ListMetric { static let name = "last-hit"; init(_ context: MetricContext) {}; func value(of list: RankedList) -> Double { 0 } }
/// -->
/// ```swift
/// let registry = MetricRegistry.standard.adding(.init(LastHit.self))
/// let metrics = try Metric.list(named: "ndcg@100,last-hit@20", in: registry)
/// ```
public struct MetricRegistry: Sendable {
    /// The kinds, in the order in which reports that were read from JSON list them.
    public let kinds: [Metric.Kind]

    /// A registry of `kinds`, whose names must differ.
    public init(_ kinds: [Metric.Kind]) {
        precondition(Set(kinds.map(\.name)).count == kinds.count, "each kind of metric needs a name of its own")
        self.kinds = kinds
    }

    /// The library's metrics. A new one is added here.
    public static let standard = MetricRegistry([
        .ndcg,
        .recall,
        .recallAll,
        .precision,
        .hitRate,
        .mrr,
        .map,
        .coverage,
        .gini,
        .popularity,
    ])

    /// The same kinds and one more.
    public func adding(_ kind: Metric.Kind) -> MetricRegistry { MetricRegistry(kinds + [kind]) }

    /// The kind of that name, in lower case; nil if there is none.
    public subscript(name: String) -> Metric.Kind? { kinds.first { $0.name == name } }
}

extension CodingUserInfoKey {
    /// The ``MetricRegistry`` by which a decoder reads the metrics of an ``EvaluationReport``; ``MetricRegistry/standard`` by default.
    public static var metricRegistry: CodingUserInfoKey {
        guard let key = CodingUserInfoKey(rawValue: "foldin.metric-registry") else {
            preconditionFailure("a key of any name exists")
        }
        return key
    }
}

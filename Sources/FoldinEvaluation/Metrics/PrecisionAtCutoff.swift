extension Metric.Kind {
    /// `sum_{i<=k} hit(i) / k`.
    public static let precision = Metric.Kind(PrecisionAtCutoff.self)
}

extension Metric {
    /// The share of the first k items that are hits; see ``Kind/precision``.
    public static func precision(at cutoff: Int) -> Metric { Metric(.precision, at: cutoff) }
}

/// The metric ``Metric/Kind/precision``.
struct PrecisionAtCutoff: ListMetric {
    static let name = "precision"

    private let cutoff: Int

    init(_ context: MetricContext) { cutoff = context.cutoff }

    func value(of list: RankedList) -> Double { Double(list.hitCount) / Double(cutoff) }
}

extension Metric.Kind {
    /// 1 if any of the first k items is a hit, otherwise 0.
    public static let hitRate = Metric.Kind(HitRate.self)
}

extension Metric {
    /// Whether any of the first k items is a hit; see ``Kind/hitRate``.
    public static func hitRate(at cutoff: Int) -> Metric { Metric(.hitRate, at: cutoff) }
}

/// The metric ``Metric/Kind/hitRate``.
struct HitRate: ListMetric {
    static let name = "hit-rate"

    init(_ context: MetricContext) {}

    func value(of list: RankedList) -> Double { list.hits.contains(true) ? 1 : 0 }
}

extension Metric.Kind {
    /// `sum_{i<=k} hit(i) / n`, recall as textbooks define it, used by the papers on Gowalla (Wang et al. 2019).
    public static let recallAll = Metric.Kind(RecallOfAll.self)
}

extension Metric {
    /// The share of all n held-out items that was found; see ``Kind/recallAll``.
    public static func recallAll(at cutoff: Int) -> Metric { Metric(.recallAll, at: cutoff) }
}

/// The metric ``Metric/Kind/recallAll``.
struct RecallOfAll: ListMetric {
    static let name = "recall-all"

    init(_ context: MetricContext) {}

    func value(of list: RankedList) -> Double { Double(list.hitCount) / Double(list.targets) }
}

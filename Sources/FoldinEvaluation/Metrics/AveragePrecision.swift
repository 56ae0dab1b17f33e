extension Metric.Kind {
    /// `sum_{i<=k} hit(i) * precision(i) / min(k, n)`: average precision (Buckley and Voorhees 2000) with the divisor of Kaggle's
    /// MAP@k, which is 1 for a perfect ranking. Its mean over users is the mean average precision.
    public static let map = Metric.Kind(AveragePrecision.self)
}

extension Metric {
    /// Average precision of the first k items; see ``Kind/map``.
    public static func map(at cutoff: Int) -> Metric { Metric(.map, at: cutoff) }
}

/// The metric ``Metric/Kind/map``.
struct AveragePrecision: ListMetric {
    static let name = "map"

    private let cutoff: Int

    init(_ context: MetricContext) { cutoff = context.cutoff }

    func value(of list: RankedList) -> Double {
        var found = 0
        var precisions = 0.0
        for (rank, hit) in list.hits.enumerated() where hit {
            found += 1
            precisions += Double(found) / Double(rank + 1)
        }
        return precisions / Double(min(cutoff, list.targets))
    }
}

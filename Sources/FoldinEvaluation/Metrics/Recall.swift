extension Metric.Kind {
    /// `sum_{i<=k} hit(i) / min(k, n)`, which is 1 for a perfect ranking (Liang et al. 2018).
    public static let recall = Metric.Kind(Recall.self)
}

extension Metric {
    /// The share of min(k, n) items that was found; see ``Kind/recall``.
    public static func recall(at cutoff: Int) -> Metric { Metric(.recall, at: cutoff) }
}

/// The metric ``Metric/Kind/recall``.
struct Recall: ListMetric {
    static let name = "recall"

    private let cutoff: Int

    init(_ context: MetricContext) { cutoff = context.cutoff }

    func value(of list: RankedList) -> Double { Double(list.hitCount) / Double(min(cutoff, list.targets)) }
}

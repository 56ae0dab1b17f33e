extension Metric.Kind {
    /// The reciprocal of the rank of the first hit, 0 if none is among the first k items (Voorhees 1999). Its mean over users is
    /// the mean reciprocal rank.
    public static let mrr = Metric.Kind(ReciprocalRank.self)
}

extension Metric {
    /// The reciprocal rank of the first hit; see ``Kind/mrr``.
    public static func mrr(at cutoff: Int) -> Metric { Metric(.mrr, at: cutoff) }
}

/// The metric ``Metric/Kind/mrr``.
struct ReciprocalRank: ListMetric {
    static let name = "mrr"

    init(_ context: MetricContext) {}

    func value(of list: RankedList) -> Double { list.hits.firstIndex(of: true).map { 1 / Double($0 + 1) } ?? 0 }
}

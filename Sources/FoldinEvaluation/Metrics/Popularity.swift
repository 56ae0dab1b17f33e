extension Metric.Kind {
    /// The mean, over the first k items, of the fraction of training users who clicked the item; the lower, the more novel
    /// (after the average recommendation popularity of Abdollahpouri et al. 2019). 0 for a user to whom nothing can be
    /// recommended. Needs the training matrix.
    public static let popularity = Metric.Kind(Popularity.self)
}

extension Metric {
    /// How popular the recommended items are; see ``Kind/popularity``.
    public static func popularity(at cutoff: Int) -> Metric { Metric(.popularity, at: cutoff) }
}

/// The metric ``Metric/Kind/popularity``.
struct Popularity: ListMetric {
    static let name = "popularity"
    static let defaultCutoff: Int? = 100
    static let needsTraining = true

    private let popularity: [Double]

    init(_ context: MetricContext) { popularity = context.popularity }

    func value(of list: RankedList) -> Double {
        list.items.isEmpty ? 0 : list.items.reduce(0) { $0 + popularity[Int($1)] } / Double(list.items.count)
    }
}

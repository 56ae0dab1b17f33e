extension Metric.Kind {
    /// The number of different items among all users' first k, divided by the number of items (Ge et al. 2010).
    public static let coverage = Metric.Kind(Coverage.self)
}

extension Metric {
    /// The share of the catalogue that is recommended to at least one user; see ``Kind/coverage``.
    public static func coverage(at cutoff: Int) -> Metric { Metric(.coverage, at: cutoff) }
}

/// The metric ``Metric/Kind/coverage``.
struct Coverage: CatalogueMetric {
    static let name = "coverage"
    static let defaultCutoff: Int? = 100

    /// Whether each item is in any list.
    private var isRecommended: [Bool]

    init(_ context: MetricContext) { isRecommended = [Bool](repeating: false, count: context.itemCount) }

    mutating func add(_ list: RankedList) {
        for item in list.items { isRecommended[Int(item)] = true }
    }

    mutating func merge(_ other: Coverage) {
        for item in isRecommended.indices where other.isRecommended[item] { isRecommended[item] = true }
    }

    func value() -> Double { Double(isRecommended.count { $0 }) / Double(isRecommended.count) }
}

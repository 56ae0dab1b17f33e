extension Metric.Kind {
    /// The Gini coefficient of how often each item is among the users' first k: 0 if all items are recommended equally often,
    /// near 1 if only a few are (Fleder and Hosanagar 2009). See ``Gini/coefficient(of:)``.
    public static let gini = Metric.Kind(Gini.self)
}

extension Metric {
    /// How unequally recommendations are spread over the items; see ``Kind/gini``.
    public static func gini(at cutoff: Int) -> Metric { Metric(.gini, at: cutoff) }
}

/// The metric ``Metric/Kind/gini``.
public struct Gini: CatalogueMetric {
    /// `gini`.
    public static let name = "gini"
    /// 100.
    public static let defaultCutoff: Int? = 100

    /// How many lists each item is in.
    private var counts: [UInt32]

    /// A count of 0 for each item.
    public init(_ context: MetricContext) { counts = [UInt32](repeating: 0, count: context.itemCount) }

    /// Counts the items of a list.
    public mutating func add(_ list: RankedList) {
        for item in list.items { counts[Int(item)] += 1 }
    }

    /// Adds the counts of `other`.
    public mutating func merge(_ other: Gini) {
        for item in counts.indices { counts[item] += other.counts[item] }
    }

    /// The coefficient of the counts.
    public func value() -> Double { Self.coefficient(of: counts.map(Int.init)) }

    /// The Gini coefficient of `counts`: `sum_i (2 i - n - 1) x_i / (n sum x)` over ascending `x`, i from 1.
    ///
    /// 0 if all counts are equal or there is none above 0; (n - 1) / n if only one is above 0. Takes time n log n.
    public static func coefficient(of counts: [Int]) -> Double {
        let sum = counts.reduce(0, +)
        guard sum > 0 else { return 0 }
        let weighted = counts.sorted().enumerated().reduce(0.0) { total, pair in
            total + Double(2 * (pair.offset + 1) - counts.count - 1) * Double(pair.element)
        }
        return weighted / (Double(counts.count) * Double(sum))
    }
}

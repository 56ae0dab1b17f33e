import Foundation

extension Metric.Kind {
    /// Normalised discounted cumulative gain with binary relevance:
    /// `sum_{i<=k} hit(i) / log2(i + 1)  /  sum_{i<=min(k, n)} 1 / log2(i + 1)` (Järvelin and Kekäläinen 2002, in the form of
    /// Liang et al. 2018).
    public static let ndcg = Metric.Kind(NDCG.self)
}

extension Metric {
    /// Normalised discounted cumulative gain of the first k items; see ``Kind/ndcg``.
    public static func ndcg(at cutoff: Int) -> Metric { Metric(.ndcg, at: cutoff) }
}

/// The metric ``Metric/Kind/ndcg``.
struct NDCG: ListMetric {
    static let name = "ndcg"

    private let cutoff: Int
    /// `1 / log2(i + 2)` for the rank i from 0.
    private let discounts: [Double]
    /// The gain of a perfect list by its number of hits: partial sums of `discounts`, beginning with that of 0 hits.
    private let idealGains: [Double]

    init(_ context: MetricContext) {
        cutoff = context.cutoff
        discounts = (0..<context.cutoff).map { 1 / log2(Double($0 + 2)) }
        idealGains = discounts.reduce(into: [0]) { sums, discount in sums.append(sums[sums.count - 1] + discount) }
    }

    func value(of list: RankedList) -> Double {
        var gain = 0.0
        for (rank, hit) in list.hits.enumerated() where hit { gain += discounts[rank] }
        return gain / idealGains[min(cutoff, list.targets)]
    }
}

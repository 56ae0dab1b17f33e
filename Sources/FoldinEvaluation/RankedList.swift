import Foundation

/// What the metrics need to know of one user's ranked list.
struct RankedList {
    /// The items, best first.
    let items: UnsafeBufferPointer<Int32>
    /// Which of `items` are held out.
    let hits: UnsafeBufferPointer<Bool>
    /// The number of held-out items; at least 1.
    let targets: Int
}

/// The arithmetic of the metrics; see `Metric.Kind` for the equations.
struct MetricFormulas {
    /// `1 / log2(i + 2)` for the rank i from 0.
    private let discounts: [Double]
    /// The gain of a perfect list by its number of hits: sums of `discounts`, from 0 hits on.
    private let idealGains: [Double]
    /// For each item the fraction of training users who clicked it; empty if nobody asked.
    private let popularity: [Double]

    /// For lists of at most `length` items.
    init(length: Int, popularity: [Double]) {
        self.discounts = (0..<length).map { 1 / log2(Double($0 + 2)) }
        self.idealGains = discounts.reduce(into: [0]) { sums, discount in sums.append(sums[sums.count - 1] + discount) }
        self.popularity = popularity
    }

    /// One metric of one list. A metric of all users together has none and gives 0.
    func value(of metric: Metric, for list: RankedList) -> Double {
        // The first k, fewer where fewer could be ranked; and k itself, fewer where fewer items exist.
        let first = list.hits.prefix(metric.cutoff)
        let cutoff = min(metric.cutoff, discounts.count)
        let reachable = Double(min(metric.cutoff, list.targets))
        switch metric.kind {
        case .ndcg:
            var gain = 0.0
            for (rank, hit) in first.enumerated() where hit { gain += discounts[rank] }
            return gain / idealGains[min(cutoff, list.targets)]
        case .recall: return Double(count(first)) / reachable
        case .recallAll: return Double(count(first)) / Double(list.targets)
        case .precision: return Double(count(first)) / Double(cutoff)
        case .hitRate: return first.contains(true) ? 1 : 0
        case .mrr: return first.firstIndex(of: true).map { 1 / Double($0 + 1) } ?? 0
        case .map:
            var found = 0
            var precisions = 0.0
            for (rank, hit) in first.enumerated() where hit {
                found += 1
                precisions += Double(found) / Double(rank + 1)
            }
            return precisions / reachable
        case .popularity:
            let items = list.items.prefix(metric.cutoff)
            return items.isEmpty ? 0 : items.reduce(0) { $0 + popularity[Int($1)] } / Double(items.count)
        case .coverage: return 0
        }
    }

    private func count(_ hits: Slice<UnsafeBufferPointer<Bool>>) -> Int { hits.reduce(0) { $1 ? $0 + 1 : $0 } }
}

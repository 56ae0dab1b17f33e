import FoldinInteractions

/// A measure of a ranked list of items, cut off after the first `k`.
///
/// In the equations `hit(i)` is 1 where the item at rank i (from 1) is one of the user's n held-out items, else 0. Fold-in items
/// are never ranked. Where fewer than k items exist, k is their number. A metric is the mean over users with n > 0 unless its
/// own description says otherwise. Names are `kind@k`, for example `ndcg@100`.
public struct Metric: Sendable, Hashable {
    /// What is measured.
    public enum Kind: String, Sendable, CaseIterable {
        /// Normalised discounted cumulative gain with binary relevance:
        /// `sum_{i<=k} hit(i) / log2(i + 1)  /  sum_{i<=min(k, n)} 1 / log2(i + 1)` (Järvelin and Kekäläinen 2002; as
        /// Liang et al. 2018 take it).
        case ndcg
        /// `sum_{i<=k} hit(i) / min(k, n)`, which a perfect ranking brings to 1 (Liang et al. 2018).
        case recall
        /// `sum_{i<=k} hit(i) / n`, the textbook's recall, used by the papers on Gowalla (Wang et al. 2019).
        case recallAll = "recall-all"
        /// `sum_{i<=k} hit(i) / k`.
        case precision
        /// 1 if any of the first k is a hit, else 0.
        case hitRate = "hit-rate"
        /// Reciprocal of the rank of the first hit, 0 if none is among the first k (Voorhees 1999).
        case mrr
        /// `sum_{i<=k} hit(i) * precision(i) / min(k, n)` (average precision, Buckley and Voorhees 2000; with the divisor of
        /// Kaggle's MAP@k, which a perfect ranking brings to 1).
        case map
        /// Different items among all users' first k, divided by the number of items (Ge et al. 2010). One number for all users
        /// together, hence without a standard error.
        case coverage
        /// Mean over the first k items of the fraction of training users who clicked the item; the lower, the more novel
        /// (the idea of Abdollahpouri et al. 2019's average recommendation popularity). 0 for a user to whom nothing can be
        /// recommended.
        case popularity
    }

    /// What is measured.
    public let kind: Kind
    /// How many items from the top count; at least 1.
    public let cutoff: Int

    /// A metric of the first `cutoff` items, at least 1.
    public init(_ kind: Kind, at cutoff: Int) {
        precondition(cutoff >= 1, "a metric needs at least the first item; found a cutoff of \(cutoff)")
        self.kind = kind
        self.cutoff = cutoff
    }

    /// Normalised discounted cumulative gain of the first k; see `Kind.ndcg`.
    public static func ndcg(at cutoff: Int) -> Metric { Metric(.ndcg, at: cutoff) }
    /// The share of min(k, n) that was found; see `Kind.recall`.
    public static func recall(at cutoff: Int) -> Metric { Metric(.recall, at: cutoff) }
    /// The share of all n that was found; see `Kind.recallAll`.
    public static func recallAll(at cutoff: Int) -> Metric { Metric(.recallAll, at: cutoff) }
    /// The share of the first k that are hits; see `Kind.precision`.
    public static func precision(at cutoff: Int) -> Metric { Metric(.precision, at: cutoff) }
    /// Whether anything was found; see `Kind.hitRate`.
    public static func hitRate(at cutoff: Int) -> Metric { Metric(.hitRate, at: cutoff) }
    /// Reciprocal rank of the first hit; see `Kind.mrr`.
    public static func mrr(at cutoff: Int) -> Metric { Metric(.mrr, at: cutoff) }
    /// Average precision; see `Kind.map`.
    public static func map(at cutoff: Int) -> Metric { Metric(.map, at: cutoff) }
    /// The share of the catalogue that is ever recommended; see `Kind.coverage`.
    public static func coverage(at cutoff: Int) -> Metric { Metric(.coverage, at: cutoff) }
    /// How popular the recommended items are; see `Kind.popularity`.
    public static func popularity(at cutoff: Int) -> Metric { Metric(.popularity, at: cutoff) }

    /// What the article and the paper report: `ndcg@100`, `recall@20`, `recall@50`.
    public static let standard: [Metric] = [.ndcg(at: 100), .recall(at: 20), .recall(at: 50)]
}

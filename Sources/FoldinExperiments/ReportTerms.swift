#if Experiments
import FoldinEvaluation
import FoldinSupport

/// The report's explanations of words and abbreviations.
enum ReportTerms {
    /// The terms of a page with these test metrics.
    ///
    /// - Parameters:
    ///   - network: the text of a network, such as `I-600-200-600-I`, and the width of its latent vector.
    ///   - items: the number of items; nil if it is not known.
    static func entries(metrics: [String], network: (text: String, latent: String?)?, items: Int?) -> [(
        term: String, meaning: String
    )] {
        var entries: [(term: String, meaning: String)] = []
        if let network, network.text.hasPrefix("I-") {
            let count = items.map { ", here \($0.grouped)" } ?? ""
            let latent = network.latent.map { "; the latent vector has \($0) numbers" } ?? ""
            entries.append(
                (
                    network.text,
                    "The widths of the network's layers from input to output. I is the number of items\(count)\(latent). "
                        + "Figures leave out both I."
                ))
        }
        entries += [
            ("validation users", "Users kept out of the training. They decide the best epoch and the best run."),
            ("test users", "Other users kept out of the training. The results are measured on them only."),
            ("fold-in items", "The part of a test user's items that the model gets as input."),
            ("held-out items", "The other part of them, which the model should recommend."),
        ]
        entries += kinds(metrics).compactMap { kind in
            meanings[kind].map { ("\(SweepResults.title(of: kind))@k", $0) }
        }
        entries += [
            ("± (standard error)", "How far the mean may be from the true one because it is measured on a sample."),
            ("95% interval", "The range that contains the true difference in 95 of 100 such experiments."),
            (
                "p",
                "The probability of a difference at least as large between two equally good models. Below 0.05 it is called significant."
            ),
            ("best epoch", "The epoch with the best validation metric; the model has its weights."),
        ]
        return entries
    }

    /// Whether a metric measures how well held-out items are ranked, so that the largest value is the best.
    static func isQuality(_ metric: String) -> Bool {
        guard let kind = try? Metric(named: metric).kind else { return false }
        return kind.isPerUser && kind != .popularity
    }

    private static func kinds(_ metrics: [String]) -> [String] {
        var seen: Set<String> = []
        return metrics.map { String($0.prefix { $0 != "@" }) }.filter { seen.insert($0).inserted }
    }

    private static let meanings = [
        "ndcg":
            "Ranking quality of the first k recommendations: a hit counts more the higher it is ranked. 1 is the best possible list.",
        "recall": "The share of a user's held-out items among the first k recommendations, of at most k.",
        "recall-all": "The share of all of a user's held-out items among the first k recommendations.",
        "precision": "The share of the first k recommendations that are held-out items.",
        "hit-rate": "The share of users with at least one held-out item among the first k recommendations.",
        "mrr": "One divided by the rank of the first hit among the first k recommendations, 0 without a hit.",
        "map": "The mean of the precision at each hit among the first k recommendations.",
        "coverage": "The share of all items that are recommended to at least one user.",
        "gini": "How unequally the recommendations are distributed over the items: 0 equally, 1 all of one item.",
        "popularity": "The mean share of training users who clicked a recommended item; lower means less known items.",
    ]
}
#endif

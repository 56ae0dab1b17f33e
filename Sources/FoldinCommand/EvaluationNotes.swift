import Foldin

extension UserMetrics {
    /// Prints on standard error what makes figures doubtful: scores that are not finite, and ranks that are decided by equal scores.
    func noteTies() {
        for sentence in ties.sentences { Console.note(sentence) }
    }
}

extension UserMetrics.Ties {
    /// The notes on these counts.
    var sentences: [String] {
        var sentences: [String] = []
        if unscored > 0 {
            sentences.append("\(unscored) users have scores that are NaN or infinite: the figures have no meaning")
        }
        let order = "equal scores are ranked in the order of the items in the training file, so the figures depend on that order"
        if lists > 0, 2 * allTied >= lists {
            sentences.append("the model gives all items of the list the same score for \(allTied) of \(lists) users; \(order)")
        } else if lists > 0, 2 * mostlyTied >= lists {
            sentences.append("at least half of the places are tied in the lists of \(mostlyTied) of \(lists) users; \(order)")
        }
        return sentences
    }
}

/// Prints on standard error, once for each cutoff, which metrics have a cutoff above the number of items.
func noteCutoffs(of metrics: [Metric], items: Int) {
    for sentence in cutoffSentences(of: metrics, items: items) { Console.note(sentence) }
}

/// `ndcg@100: the catalogue has 9 items, so k is 9`
func cutoffSentences(of metrics: [Metric], items: Int) -> [String] {
    var cutoffs: [Int] = []
    for metric in metrics where metric.cutoff > items && !cutoffs.contains(metric.cutoff) { cutoffs.append(metric.cutoff) }
    return cutoffs.map { cutoff in
        let names = metrics.filter { $0.cutoff == cutoff }.map(\.description).joined(separator: ", ")
        return "\(names): the catalogue has \(items) items, so k is \(items)"
    }
}

import FoldinSupport

/// Every evaluated user's own value of each metric, for paired tests between models and for analysis by user.
///
/// Takes 8 bytes per user and list metric.
public struct UserMetrics: Sendable, Equatable {
    /// The metrics, in the order requested.
    public let metrics: [Metric]
    /// The evaluated users, by their index in the prepared directory's numbering, in the order of `HeldOutUsers`.
    public let userIndices: [Int32]
    /// The number of users without held-out items, who have no value.
    public let skippedUsers: Int
    /// For each metric the value of each user; the list of a catalogue metric is empty.
    let values: [[Double]]
    /// The values of the catalogue metrics; empty if no user was evaluated.
    let catalogueValues: [Metric: Double]
    /// How many of the ranked lists were decided by equal scores.
    public let ties: Ties

    /// Counts of ranked lists, up to the longest cutoff, whose order is decided by equal scores. Items with equal scores are ranked in the
    /// order of the items, which says nothing about the model.
    public struct Ties: Sendable, Equatable {
        /// Lists of two items or more.
        public var lists = 0
        /// Lists in which at least half of the neighbouring places have equal scores.
        public var mostlyTied = 0
        /// Lists in which all scores are equal.
        public var allTied = 0
        /// Lists with a score that is NaN or infinite.
        public var unscored = 0

        /// No lists.
        public init() {}

        /// Counts a list by its scores, best first.
        mutating func count(_ scores: UnsafeBufferPointer<Float>) {
            if let first = scores.first, let last = scores.last, !first.isFinite || !last.isFinite { unscored += 1 }
            guard scores.count > 1 else { return }
            let equal = zip(scores, scores.dropFirst()).reduce(0) { $1.0 == $1.1 ? $0 + 1 : $0 }
            lists += 1
            mostlyTied += 2 * equal >= scores.count - 1 ? 1 : 0
            allTied += equal == scores.count - 1 ? 1 : 0
        }

        static func + (left: Ties, right: Ties) -> Ties {
            var sum = left
            sum.lists += right.lists
            sum.mostlyTied += right.mostlyTied
            sum.allTied += right.allTied
            sum.unscored += right.unscored
            return sum
        }
    }

    /// Values from elsewhere, without ties by default.
    init(
        metrics: [Metric], userIndices: [Int32], skippedUsers: Int, values: [[Double]], catalogueValues: [Metric: Double],
        ties: Ties = Ties()
    ) {
        (self.metrics, self.userIndices, self.skippedUsers) = (metrics, userIndices, skippedUsers)
        (self.values, self.catalogueValues, self.ties) = (values, catalogueValues, ties)
    }

    /// One metric's value for each of `userIndices`; nil if it was not evaluated or is a catalogue metric.
    public subscript(metric: Metric) -> [Double]? {
        guard metric.kind.isPerUser else { return nil }
        return metrics.firstIndex(of: metric).map { values[$0] }
    }

    /// Means and standard errors.
    public var report: EvaluationReport {
        let results = zip(metrics, values).map { metric, values in
            guard metric.kind.isPerUser else {
                return EvaluationReport.Result(metric: metric, mean: catalogueValues[metric], standardError: nil)
            }
            let (mean, standardError) = meanAndStandardError(of: values)
            return EvaluationReport.Result(metric: metric, mean: mean, standardError: standardError)
        }
        return EvaluationReport(users: userIndices.count, skippedUsers: skippedUsers, results: results)
    }
}

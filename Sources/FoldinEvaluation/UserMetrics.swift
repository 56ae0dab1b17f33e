import FoldinSupport

/// Every evaluated user's own value of each metric, for paired tests between models and for looking closer.
///
/// Takes 8 bytes a user and metric.
public struct UserMetrics: Sendable, Equatable {
    /// What was measured, in the order asked for.
    public let metrics: [Metric]
    /// The evaluated users, by their index in the prepared directory's numbering, in the order of `HeldOutUsers`.
    public let userIndices: [Int32]
    /// The number of users that have no held-out item and therefore no value.
    public let skippedUsers: Int
    /// A list a metric, a value a user; the list of a metric of all users together is empty.
    let values: [[Double]]
    /// The values of the metrics of all users together.
    let together: [Metric: Double]
    /// How many of the ranked lists equal scores decided.
    public let ties: Ties

    /// How far ranked lists, up to the longest cutoff, were decided by equal scores: equal ones are ranked in the order of the items, which
    /// is no opinion of the model's.
    public struct Ties: Sendable, Equatable {
        /// Lists of two items or more.
        public var lists = 0
        /// Lists in which at least half of the neighbouring places have equal scores.
        public var mostlyTied = 0
        /// Lists in which all scores are equal.
        public var allTied = 0
        /// Lists with a score that is NaN or infinite.
        public var unscored = 0

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

    /// Values that were worked out elsewhere, without ties by default.
    init(
        metrics: [Metric], userIndices: [Int32], skippedUsers: Int, values: [[Double]], together: [Metric: Double],
        ties: Ties = Ties()
    ) {
        (self.metrics, self.userIndices, self.skippedUsers) = (metrics, userIndices, skippedUsers)
        (self.values, self.together, self.ties) = (values, together, ties)
    }

    /// One metric's value for each of `userIndices`; nil if it was not asked for or has no value a user, as coverage.
    public subscript(metric: Metric) -> [Double]? {
        guard metric.kind != .coverage else { return nil }
        return metrics.firstIndex(of: metric).map { values[$0] }
    }

    /// Means and standard errors.
    public var report: EvaluationReport {
        let results = zip(metrics, values).map { metric, values in
            guard metric.kind != .coverage else {
                return EvaluationReport.Result(metric: metric, mean: together[metric], standardError: nil)
            }
            let (mean, standardError) = meanAndStandardError(of: values)
            return EvaluationReport.Result(metric: metric, mean: mean, standardError: standardError)
        }
        return EvaluationReport(users: userIndices.count, skippedUsers: skippedUsers, results: results)
    }
}

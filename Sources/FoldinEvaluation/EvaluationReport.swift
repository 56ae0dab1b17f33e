import Foundation

/// The figures of an evaluation: for each metric the mean over users and its standard error.
public struct EvaluationReport: Sendable, Equatable {
    /// One metric's figures.
    public struct Result: Sendable, Equatable {
        /// What was measured.
        public let metric: Metric
        /// The mean over the evaluated users; nil when there were none.
        public let mean: Double?
        /// The sample standard deviation over users divided by the square root of their number; nil for fewer than two users
        /// and for a metric of all users together.
        public let standardError: Double?

        /// Figures worked out elsewhere, for example read from a file.
        public init(metric: Metric, mean: Double?, standardError: Double?) {
            self.metric = metric
            self.mean = mean
            self.standardError = standardError
        }
    }

    /// The number of users the means are over.
    public let users: Int
    /// The number of users that have no held-out item and therefore no score.
    public let skippedUsers: Int
    /// The figures in the order the metrics were asked for.
    public let results: [Result]

    /// A report of the given figures.
    public init(users: Int, skippedUsers: Int, results: [Result]) {
        self.users = users
        self.skippedUsers = skippedUsers
        self.results = results
    }

    /// The figures of one metric, or nil if it was not asked for.
    public subscript(metric: Metric) -> Result? { results.first { $0.metric == metric } }
}

extension EvaluationReport: CustomStringConvertible {
    /// A line a metric, `ndcg@100  0.39861 ± 0.00987`, then a line for the users.
    public var description: String {
        let width = results.map { $0.metric.description.count }.max() ?? 0
        var lines = results.map { result in
            let name = result.metric.description.padding(toLength: width, withPad: " ", startingAt: 0)
            guard let mean = result.mean else { return "\(name)  no users to judge by" }
            let error = result.standardError.map { String(format: " ± %.5f", $0) } ?? ""
            return "\(name)  \(String(format: "%.5f", mean))\(error)"
        }
        let skipped = skippedUsers == 0 ? "" : " (\(skippedUsers) skipped: nothing held out)"
        lines.append("over \(users) users\(skipped)")
        return lines.joined(separator: "\n")
    }
}

import Foundation

/// The figures of an evaluation: for each metric the mean over users and its standard error.
public struct EvaluationReport: Sendable, Equatable {
    /// One metric's figures.
    public struct Result: Sendable, Equatable {
        /// What was measured.
        public let metric: Metric
        /// The mean over the evaluated users, or the value of a catalogue metric; nil if there were no users.
        public let mean: Double?
        /// The sample standard deviation over users divided by the square root of their number; nil for fewer than two users
        /// and for a catalogue metric.
        public let standardError: Double?

        /// Figures from elsewhere, for example read from a file.
        public init(metric: Metric, mean: Double?, standardError: Double?) {
            self.metric = metric
            self.mean = mean
            self.standardError = standardError
        }
    }

    /// The number of evaluated users.
    public let users: Int
    /// The number of users without held-out items, who are not evaluated.
    public let skippedUsers: Int
    /// The figures in the order the metrics were requested.
    public let results: [Result]

    /// A report of the given figures.
    public init(users: Int, skippedUsers: Int, results: [Result]) {
        self.users = users
        self.skippedUsers = skippedUsers
        self.results = results
    }

    /// The figures of one metric, or nil if it was not evaluated.
    public subscript(metric: Metric) -> Result? { results.first { $0.metric == metric } }
}

extension EvaluationReport: CustomStringConvertible {
    /// One line per metric, `ndcg@100  0.39861 ± 0.00987`, then a line for the users.
    public var description: String {
        let width = results.map { $0.metric.description.count }.max() ?? 0
        var lines = results.map { result in
            let name = result.metric.description.padding(toLength: width, withPad: " ", startingAt: 0)
            guard let mean = result.mean else { return "\(name)  no users to evaluate" }
            let error = result.standardError.map { String(format: " ± %.5f", $0) } ?? ""
            return "\(name)  \(String(format: "%.5f", mean))\(error)"
        }
        let skipped = skippedUsers == 0 ? "" : " (\(skippedUsers) skipped: nothing held out)"
        lines.append("over \(users) users\(skipped)")
        return lines.joined(separator: "\n")
    }
}

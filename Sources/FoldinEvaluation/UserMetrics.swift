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
            let (mean, standardError) = Self.meanAndStandardError(of: values)
            return EvaluationReport.Result(metric: metric, mean: mean, standardError: standardError)
        }
        return EvaluationReport(users: userIndices.count, skippedUsers: skippedUsers, results: results)
    }

    /// `m = sum x / n` and `sqrt(sum (x - m)^2 / (n - 1) / n)`, summed in the order given.
    static func meanAndStandardError(of values: [Double]) -> (mean: Double?, standardError: Double?) {
        guard !values.isEmpty else { return (nil, nil) }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        guard values.count > 1 else { return (mean, nil) }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / (count - 1) / count).squareRoot())
    }
}

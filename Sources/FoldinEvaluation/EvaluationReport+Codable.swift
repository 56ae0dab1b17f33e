/// A report in JSON is `{"users": 3, "skipped_users": 1, "metrics": {"ndcg@100": {"mean": 0.4, "standard_error": 0.1}}}`. Figures that
/// do not exist are `null`. The metrics are the keys of an object and have no order there; a decoded report has them by kind and cutoff.
/// A decoder finds kinds of metrics outside the library by the ``MetricRegistry`` in its `userInfo[.metricRegistry]`.
extension EvaluationReport: Codable {
    private enum Key: String, CodingKey {
        case users, metrics
        case skippedUsers = "skipped_users"
    }

    private struct MetricKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Figures: Codable {
        private enum CodingKeys: String, CodingKey {
            case mean
            case standardError = "standard_error"
        }

        var mean: Double?
        var standardError: Double?

        // The compiler's own omits keys whose value is nil.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(mean, forKey: .mean)
            try container.encode(standardError, forKey: .standardError)
        }
    }

    /// Writes the JSON above.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(users, forKey: .users)
        try container.encode(skippedUsers, forKey: .skippedUsers)
        var metrics = container.nestedContainer(keyedBy: MetricKey.self, forKey: .metrics)
        for result in results {
            let (mean, error) = (result.mean, result.standardError)
            let figures = Figures(
                mean: mean?.isFinite == true ? mean : nil, standardError: error?.isFinite == true ? error : nil)
            try metrics.encode(figures, forKey: MetricKey(stringValue: result.metric.description))
        }
    }

    /// Reads the JSON above. Throws `FoldinError` for a metric that the registry does not have.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let metrics = try container.nestedContainer(keyedBy: MetricKey.self, forKey: .metrics)
        let registry = decoder.userInfo[.metricRegistry] as? MetricRegistry ?? .standard
        let results = try metrics.allKeys.map { key in
            let figures = try metrics.decode(Figures.self, forKey: key)
            return Result(
                metric: try Metric(named: key.stringValue, in: registry), mean: figures.mean, standardError: figures.standardError
            )
        }
        self.init(
            users: try container.decode(Int.self, forKey: .users),
            skippedUsers: try container.decode(Int.self, forKey: .skippedUsers),
            results: results.sorted { $0.metric < $1.metric })
    }
}

/// As JSON a report is `{"users": 3, "skipped_users": 1, "metrics": {"ndcg@100": {"mean": 0.4, "standard_error": 0.1}}}`. Figures that
/// do not exist are `null`. Being keys of an object, metrics lose the order they were asked for; a decoded report has them
/// by kind and cutoff.
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

        // Written out because the compiler's own leaves a nil away.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(mean, forKey: .mean)
            try container.encode(standardError, forKey: .standardError)
        }
    }

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

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let metrics = try container.nestedContainer(keyedBy: MetricKey.self, forKey: .metrics)
        let results = try metrics.allKeys.map { key in
            let figures = try metrics.decode(Figures.self, forKey: key)
            return Result(
                metric: try Metric(named: key.stringValue), mean: figures.mean, standardError: figures.standardError)
        }
        self.init(
            users: try container.decode(Int.self, forKey: .users),
            skippedUsers: try container.decode(Int.self, forKey: .skippedUsers),
            results: results.sorted { $0.metric < $1.metric })
    }
}

extension Metric: Comparable {
    /// By kind in the order of `Kind`'s cases, then by cutoff.
    public static func < (left: Metric, right: Metric) -> Bool {
        let kinds = Kind.allCases
        let places = (kinds.firstIndex(of: left.kind) ?? 0, kinds.firstIndex(of: right.kind) ?? 0)
        return places.0 != places.1 ? places.0 < places.1 : left.cutoff < right.cutoff
    }
}

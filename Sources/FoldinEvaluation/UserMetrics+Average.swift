extension UserMetrics {
    /// Each user's mean over several runs, such as of several seeds; nil without runs, or if they have different users or metrics.
    /// Sums are taken in the order of the runs.
    public static func average(_ runs: [UserMetrics]) -> UserMetrics? {
        guard let first = runs.first,
            runs.allSatisfy({ $0.metrics == first.metrics && $0.userIndices == first.userIndices })
        else { return nil }
        let count = Double(runs.count)
        let values = first.values.indices.map { metric in
            first.values[metric].indices.map { user in runs.reduce(0) { $0 + $1.values[metric][user] } / count }
        }
        let catalogueValues = first.catalogueValues.keys.map { metric in
            (metric, runs.reduce(0) { $0 + ($1.catalogueValues[metric] ?? 0) } / count)
        }
        return UserMetrics(
            metrics: first.metrics, userIndices: first.userIndices, skippedUsers: first.skippedUsers, values: values,
            catalogueValues: Dictionary(uniqueKeysWithValues: catalogueValues), ties: runs.reduce(Ties()) { $0 + $1.ties })
    }
}

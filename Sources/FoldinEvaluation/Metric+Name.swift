import FoldinInteractions
import FoldinSupport

extension Metric: CustomStringConvertible {
    /// The name, for example `recall@20`; ``init(named:in:)`` reads it back.
    public var description: String { "\(kind.name)@\(cutoff)" }

    /// The metric of a name such as `ndcg@100`, in upper or lower case.
    ///
    /// A kind with a ``Kind/defaultCutoff``, such as `coverage`, may be named without `@k`. Throws `FoldinError` of kind `usage` for any other
    /// text.
    public init(named name: String, in registry: MetricRegistry = .standard) throws {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = parts.first.flatMap({ registry[$0.lowercased()] }) else {
            throw FoldinError(
                .usage, found: "the metric \"\(name)\"",
                expected: "one of \(registry.kinds.map { "\($0.name)@k" }.joined(separator: ", ")), for example ndcg@100")
        }
        if parts.count == 1, let cutoff = kind.defaultCutoff {
            self.init(kind, at: cutoff)
            return
        }
        // Int reads "+5" and "05" too; one metric has one name.
        guard parts.count == 2, let cutoff = Int(parts[1]), cutoff >= 1, String(cutoff) == parts[1] else {
            throw FoldinError(
                .usage, found: "the metric \"\(name)\"",
                expected: "\(kind.name)@k where k is a whole number from 1, for example \(kind.name)@20")
        }
        self.init(kind, at: cutoff)
    }

    /// The metrics of a list such as `ndcg@100,recall@20`; spaces around the commas are ignored and repeats dropped.
    ///
    /// Throws as ``init(named:in:)`` does.
    public static func list(named names: String, in registry: MetricRegistry = .standard) throws -> [Metric] {
        let metrics = try names.split(separator: ",", omittingEmptySubsequences: false).map { name in
            try Metric(named: String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()), in: registry)
        }
        return metrics.withoutRepeats()
    }
}

extension [Metric] {
    /// Each metric at its first place.
    func withoutRepeats() -> [Metric] {
        var seen: Set<Metric> = []
        return filter { seen.insert($0).inserted }
    }
}

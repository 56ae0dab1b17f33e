import FoldinInteractions

extension Metric: CustomStringConvertible {
    /// The cutoff meant by `coverage` and `popularity` alone.
    static let cutoffWhenUnnamed = 100

    /// The name, for example `recall@20`; `Metric(named:)` reads it back.
    public var description: String { "\(kind.rawValue)@\(cutoff)" }

    /// The metric of a name such as `ndcg@100`, in either case of letters.
    ///
    /// `coverage` and `popularity` alone mean the first 100 items. Throws `FoldinError` of kind `usage` for anything else.
    public init(named name: String) throws {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = parts.first.flatMap({ Kind(rawValue: $0.lowercased()) }) else {
            throw FoldinError(
                .usage, found: "the metric \"\(name)\"",
                expected: "one of \(Kind.allCases.map { "\($0.rawValue)@k" }.joined(separator: ", ")), for example ndcg@100")
        }
        if parts.count == 1, kind == .coverage || kind == .popularity {
            self.init(kind, at: Metric.cutoffWhenUnnamed)
            return
        }
        // Int reads "+5" and "05" too; one metric has one name.
        guard parts.count == 2, let cutoff = Int(parts[1]), cutoff >= 1, String(cutoff) == parts[1] else {
            throw FoldinError(
                .usage, found: "the metric \"\(name)\"",
                expected: "\(kind.rawValue)@k where k is a whole number from 1, for example \(kind.rawValue)@20")
        }
        self.init(kind, at: cutoff)
    }

    /// The metrics of a list such as `ndcg@100,recall@20`; spaces around the commas are ignored and repeats dropped.
    public static func list(named names: String) throws -> [Metric] {
        let metrics = try names.split(separator: ",", omittingEmptySubsequences: false).map { name in
            try Metric(named: String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
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

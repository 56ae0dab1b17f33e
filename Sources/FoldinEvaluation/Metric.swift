/// A measure of ranked lists of items, cut off after the first `k`.
///
/// In the equations `hit(i)` is 1 where the item at rank i (from 1) is one of the user's n held-out items, otherwise 0. Fold-in items
/// are never ranked. Where fewer than k items exist, k is their number. A list metric is the mean over the users with n > 0; a catalogue
/// metric is one value for their lists together. Names are `kind@k`, for example `ndcg@100`.
public struct Metric: Sendable, Hashable {
    /// What is measured.
    public let kind: Kind
    /// How many items from the top count; at least 1.
    public let cutoff: Int

    /// A metric of the first `cutoff` items, at least 1.
    public init(_ kind: Kind, at cutoff: Int) {
        precondition(cutoff >= 1, "a metric needs at least the first item; found a cutoff of \(cutoff)")
        self.kind = kind
        self.cutoff = cutoff
    }

    /// What the article and the paper report: `ndcg@100`, `recall@20`, `recall@50`.
    public static let standard: [Metric] = [.ndcg(at: 100), .recall(at: 20), .recall(at: 50)]
}

extension Metric {
    /// What a metric measures: a ``ListMetric`` or a ``CatalogueMetric``, to be cut off at any k.
    public struct Kind: Sendable {
        enum Definition: Sendable {
            case list(any ListMetric.Type)
            case catalogue(any CatalogueMetric.Type)
        }

        /// The name, such as `hit-rate`.
        public let name: String
        let definition: Definition

        /// The kind that a type of list metrics defines.
        public init(_ type: (some ListMetric).Type) { self.init(type.name, .list(type)) }

        /// The kind that a type of catalogue metrics defines.
        public init(_ type: (some CatalogueMetric).Type) { self.init(type.name, .catalogue(type)) }

        private init(_ name: String, _ definition: Definition) {
            precondition(
                !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
                "the name of a metric has lower-case letters, digits and hyphens; found \"\(name)\"")
            (self.name, self.definition) = (name, definition)
        }

        private var type: any MetricDefinition.Type {
            switch definition {
            case .list(let type): type
            case .catalogue(let type): type
            }
        }

        /// The k of a name without `@k`; nil if a name needs its `@k`.
        public var defaultCutoff: Int? { type.defaultCutoff }

        /// Whether the metric can be evaluated only with the training matrix.
        public var needsTraining: Bool { type.needsTraining }

        /// Whether each user has a value; if not, there is one value for all users together.
        public var isPerUser: Bool {
            if case .list = definition { true } else { false }
        }
    }
}

extension Metric.Kind: Hashable, CustomStringConvertible {
    /// Kinds are equal if the same type defines them.
    public static func == (left: Self, right: Self) -> Bool { ObjectIdentifier(left.type) == ObjectIdentifier(right.type) }
    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// The name.
    public var description: String { name }
}

extension Metric.Kind: CaseIterable {
    /// The kinds of ``MetricRegistry/standard``.
    public static var allCases: [Metric.Kind] { MetricRegistry.standard.kinds }
}

extension Metric: Comparable {
    /// By kind in the order of ``MetricRegistry/standard``, kinds that are not in it last and by name; then by cutoff.
    public static func < (left: Metric, right: Metric) -> Bool {
        let kinds = MetricRegistry.standard.kinds
        let (leftPlace, rightPlace) = (kinds.firstIndex(of: left.kind) ?? .max, kinds.firstIndex(of: right.kind) ?? .max)
        return (leftPlace, left.kind.name, left.cutoff) < (rightPlace, right.kind.name, right.cutoff)
    }
}

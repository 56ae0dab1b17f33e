import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// Several models of the same items as one: a person's score of an item is the weighted sum of the members' scores.
///
/// With an autoencoder's logits f(x) and item weights B it is a linear skip beside the network: f(x) + c x B, the product of what
/// both think likely.
public struct Blend {
    /// A model and what its scores are multiplied by.
    public struct Member: Sendable {
        /// The model.
        public let model: any Model
        /// Finite.
        public let weight: Float

        /// A member of a blend; its weight is finite.
        public init(_ model: any Model, weight: Float) { (self.model, self.weight) = (model, weight) }
    }

    /// At least one; none is a blend itself.
    public let members: [Member]

    public var itemCount: Int { members[0].model.itemCount }

    /// A blend of models of as many items each; blends among them are flattened.
    public init(_ members: [Member]) {
        self.members = members.flatMap { member -> [Member] in
            guard let blend = member.model as? Blend else { return [member] }
            // Of two large weights the product is infinite; such scores are refused where they are used.
            let most = Float.greatestFiniteMagnitude
            return blend.members.map { Member($0.model, weight: max(-most, min(most, $0.weight * member.weight))) }
        }
        let counts = Set(self.members.map { $0.model.itemCount })
        precondition(counts.count == 1 && self.members.allSatisfy(\.weight.isFinite), "members of the same items, finite weights")
    }

    /// The same ranking with weights such that the first member's is 1 or -1.
    public func scaled() -> Blend {
        let unit = members[0].weight.magnitude
        return unit > 0 ? Blend(members.map { Member($0.model, weight: $0.weight / unit) }) : self
    }

    /// Costs what the members cost, and the rows' scores a second time in memory.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        guard !rows.isEmpty else { return }
        let scratch = members.count > 1 ? FloatBuffer(count: rows.count * itemCount) : nil
        for (index, member) in members.enumerated() {
            let isFirst = index == 0
            let own = isFirst ? scores : scratch?.pointer ?? scores
            member.model.score(histories, rows: rows, into: own, workers: workers)
            let weight = member.weight
            workers.forEachPiece(of: rows.count * itemCount, size: 1 << 14) { piece, _ in
                for place in piece { scores[place] = isFirst ? weight * own[place] : scores[place] + weight * own[place] }
            }
        }
    }
}

extension Blend: Model {
    public static let families = [name]
    private static let name = "blend"

    /// What the file says of a blend.
    public struct Description: Codable, Sendable {
        var family = Blend.name
        var weights: [Float]
        /// The members' own architectures.
        var members: [JSONText]
    }

    private static func prefix(_ index: Int) -> String { "member_\(index)." }

    public var family: String { Self.name }

    public var summary: String {
        "a blend of "
            + members.map { "\(Float((100 * $0.weight).rounded() / 100)) x (\($0.model.summary))" }.joined(separator: " and ")
    }

    public var architecture: Description {
        Description(weights: members.map(\.weight), members: members.map { JSONText($0.model.architecture) })
    }

    public var tensors: [ModelTensor] {
        members.enumerated().flatMap { index, member in
            member.model.tensors.map { $0.renamed(Self.prefix(index) + $0.description.name) }
        }
    }

    /// Those of the first member that has a notion of similarity.
    public func similarities(to item: Int, workers: Workers) -> [Float]? {
        members.lazy.compactMap { $0.model.similarities(to: item, workers: workers) }.first
    }

    public func scoreBound(workers: Workers) -> Double {
        members.reduce(0) { sum, member in
            // An infinite bound stays infinite, also for a weight of 0: infinity times 0 is NaN, in the scores as well.
            let bound = member.model.scoreBound(workers: workers)
            return sum + (bound.isFinite ? bound * Double(member.weight.magnitude) : .infinity)
        }
    }

    public init(from file: ModelFile) throws {
        let description = try file.metadata("architecture", as: Description.self)
        func bad(_ found: String, _ expected: String) -> FoldinError {
            FoldinError(.badData, file: file.path, found: found, expected: expected)
        }
        guard (1...64).contains(description.members.count), description.weights.count == description.members.count else {
            throw bad(
                "a blend of \(description.members.count) models with \(description.weights.count) weights",
                "1 to 64 models and as many weights")
        }
        if let name = file.header.entries.keys.filter({ name in
            !description.members.indices.contains { name.hasPrefix(Self.prefix($0)) }
        }).min() {
            throw bad("a tensor \(name.quoted)", "only those of \(description.members.count) members")
        }
        var members: [Member] = []
        for (index, architecture) in description.members.enumerated() {
            let part = file.part(Self.prefix(index), architecture: architecture.text)
            let model = try ModelRegistry.model(in: part, excluding: Blend.self)
            let weight = description.weights[index]
            guard weight.isFinite, model.itemCount == members.first?.model.itemCount ?? model.itemCount else {
                throw bad(
                    "member \(index) of \(model.itemCount) items with weight \(weight)",
                    "members of the same items with finite weights")
            }
            members.append(Member(model, weight: weight))
        }
        self.init(members)
    }
}

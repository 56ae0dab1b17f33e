import FoldinInteractions
import FoldinKernels

/// Several models of the same items as one: a person's score of an item is the weighted sum of the members' scores.
///
/// With an autoencoder's logits f(x) and item weights B it is a linear skip beside the network: f(x) + c x B, the product of what
/// both think likely.
public struct Blend: Scorer {
    /// A model and what its scores are multiplied by.
    public struct Member: Sendable {
        public let core: ModelCore
        /// Finite.
        public let weight: Float

        public init(_ core: ModelCore, weight: Float) { (self.core, self.weight) = (core, weight) }
    }

    /// At least one; none is a blend itself.
    public let members: [Member]

    public var itemCount: Int { members[0].core.stored.itemCount }

    /// A blend of models of as many items each; blends among them are taken apart.
    public init(_ members: [Member]) {
        self.members = members.flatMap { member -> [Member] in
            guard case .blend(let blend) = member.core else { return [member] }
            // Of two large weights the product is infinite; such scores are refused where they are used.
            let most = Float.greatestFiniteMagnitude
            return blend.members.map { Member($0.core, weight: max(-most, min(most, $0.weight * member.weight))) }
        }
        let counts = Set(self.members.map { $0.core.stored.itemCount })
        precondition(counts.count == 1 && self.members.allSatisfy(\.weight.isFinite), "members of the same items, finite weights")
    }

    /// The same ranking with weights such that the first member's is 1 or -1.
    public func scaled() -> Blend {
        let unit = members[0].weight.magnitude
        return unit > 0 ? Blend(members.map { Member($0.core, weight: $0.weight / unit) }) : self
    }

    /// Costs what the members cost, and the rows' scores a second time in memory.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        guard !rows.isEmpty else { return }
        let room = members.count > 1 ? FloatBuffer(count: rows.count * itemCount) : nil
        for (index, member) in members.enumerated() {
            let isFirst = index == 0
            let own = isFirst ? scores : room?.pointer ?? scores
            member.core.stored.score(histories, rows: rows, into: own, workers: workers)
            let weight = member.weight
            workers.forEachPiece(of: rows.count * itemCount, size: 1 << 14) { piece, _ in
                for place in piece { scores[place] = isFirst ? weight * own[place] : scores[place] + weight * own[place] }
            }
        }
    }
}

extension Blend: StoredCore {
    static let family = "blend"

    /// What `architecture` says of a blend.
    private struct Description: Codable {
        var family = Blend.family
        var weights: [Float]
        /// The members' own architectures: JSON texts.
        var members: [String]
    }

    private static func prefix(_ index: Int) -> String { "member_\(index)." }

    var summary: String {
        "a blend of "
            + members.map { "\(Float((100 * $0.weight).rounded() / 100)) x (\($0.core.stored.summary))" }.joined(
                separator: " and ")
    }

    /// Those of the first member that knows of likeness.
    func similarities(to item: Int, workers: Workers) -> FloatBuffer? {
        for member in members {
            if let found = member.core.stored.similarities(to: item, workers: workers) { return found }
        }
        return nil
    }

    var architectureText: String {
        get throws {
            try json(
                Description(weights: members.map(\.weight), members: try members.map { try $0.core.stored.architectureText }))
        }
    }

    var storedTensors: [SafeTensors.Tensor] {
        members.enumerated().flatMap { index, member in
            member.core.stored.storedTensors.map {
                SafeTensors.Tensor(name: Self.prefix(index) + $0.name, shape: $0.shape, type: $0.type)
            }
        }
    }

    func write(to sink: borrowing AtomicFile.Sink) throws { for member in members { try member.core.stored.write(to: sink) } }

    init(_ file: TensorFile) throws {
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
            let part = file.part(Self.prefix(index), architecture: architecture)
            let core = try ModelCore(part, activations: nil, isMember: true)
            let weight = description.weights[index]
            guard weight.isFinite, core.stored.itemCount == members.first?.core.stored.itemCount ?? core.stored.itemCount else {
                throw bad(
                    "member \(index) of \(core.stored.itemCount) items with weight \(weight)",
                    "members of the same items with finite weights")
            }
            members.append(Member(core, weight: weight))
        }
        self.init(members)
    }
}

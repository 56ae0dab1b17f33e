import FoldinInteractions
import FoldinSupport
import Synchronization

/// The kinds of models that a file may hold, by the name of their family.
public enum ModelRegistry {
    /// A new kind is one line here.
    private static let builtIn: [any Model.Type] = [
        Autoencoder.self, RecVAEModel.self, ELSAModel.self,
        ItemWeights.self, ItemNeighbours.self, ChebyshevFilter.self, ImplicitALSModel.self, ItemPopularity.self, Blend.self,
    ]

    /// The kinds whose tensors a bare PyTorch `state_dict` may hold; the last one explains what is missing in a file that fits none.
    private static let ofStateDicts: [any StateDictModel.Type] = [RecVAEModel.self, Autoencoder.self]

    private static let registered = Mutex<[any Model.Type]>([])

    /// Adds a kind of model for the rest of the process; registering it again changes nothing.
    ///
    /// A family that has a type already keeps it: registering another type for it is a programmer's mistake.
    public static func register(_ type: any Model.Type) {
        registered.withLock { types in
            let known = builtIn + types
            guard !known.contains(where: { $0 == type }) else { return }
            for family in type.families {
                precondition(
                    !known.contains { $0.families.contains(family) }, "the family \(family) has another type already")
            }
            types.append(type)
        }
    }

    private static var all: [any Model.Type] { builtIn + registered.withLock { $0 } }

    /// The names of all families.
    public static var families: [String] { all.flatMap { $0.families } }

    /// The type that reads a family; nil if there is none.
    public static func type(of family: String) -> (any Model.Type)? { all.first { $0.families.contains(family) } }

    /// The model in a file; one that names no family is read as a bare `state_dict`.
    ///
    /// - Parameter excluded: a kind that the file must not be of.
    /// - Throws: `FoldinError` of kind `badData`.
    static func model(in file: ModelFile, excluding excluded: (any Model.Type)? = nil) throws -> any Model {
        guard !file.isStateDict else {
            let type = ofStateDicts.first { $0.recognizes(file) } ?? ofStateDicts[ofStateDicts.count - 1]
            return try type.init(stateDict: file)
        }
        let family = try file.metadata("architecture", as: FamilyName.self).family
        guard let type = type(of: family), excluded.map({ $0 != type }) ?? true else {
            let known = all.filter { type in excluded.map { $0 != type } ?? true }.flatMap { $0.families }
            throw FoldinError(
                .badData, file: file.path, found: "a model of the family \(family.quoted)",
                expected: "one of \(known.joined(separator: ", "))")
        }
        return try type.init(from: file)
    }

    private struct FamilyName: Decodable { let family: String }
}

/// A model that can be read from a bare PyTorch `state_dict`, which has tensors but no description.
protocol StateDictModel: Model {
    /// Whether the names of the tensors are those of this kind.
    static func recognizes(_ file: ModelFile) -> Bool

    /// - Throws: `FoldinError` of kind `badData`.
    init(stateDict file: ModelFile) throws
}

import FoldinInteractions
import FoldinKernels

/// The numbers of a model and the way from clicks to scores: one case a kind of model.
///
/// A new kind is a type that conforms to `StoredCore`, a case here, and its families' names in `init(_:activations:)`.
public enum ModelCore: Sendable {
    /// Mult-VAE and Mult-DAE.
    case autoencoder(Parameters)
    /// RecVAE.
    case residualAutoencoder(ResidualAutoencoder)
    /// A weight from each item to each other: EASE and EDLAE.
    case itemWeights(ItemWeights)
    /// A few weights from other items to each item: item-KNN, and EASE and EDLAE of which only the heaviest weights are kept.
    case itemNeighbours(ItemNeighbours)
    /// How many people clicked each item.
    case popularity(ItemPopularity)
    /// A weighted sum of models of the other kinds.
    case blend(Blend)

    var stored: any StoredCore {
        switch self {
        case .autoencoder(let core): core
        case .residualAutoencoder(let core): core
        case .itemWeights(let core): core
        case .itemNeighbours(let core): core
        case .popularity(let core): core
        case .blend(let core): core
        }
    }
}

/// What each kind of model does its own way; the ids, the titles and the card are the same for all.
protocol StoredCore: Sendable {
    /// The kind and its size, for people: `ease, 3497 x 3497 weights`.
    var summary: String { get }
    var itemCount: Int { get }

    /// As `Scorer.score`.
    func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers)

    /// A number that the absolute value of no score, nor of any sum on the way to it, exceeds for any history; infinite where none is known.
    func scoreBound(workers: Workers) -> Double

    /// How much each item is like `item`, higher is more, minus infinity where that is not known; nil for a kind of model that
    /// has no idea of likeness.
    func similarities(to item: Int, workers: Workers) -> FloatBuffer?

    /// The JSON text that stands as `architecture` in the file: an object whose `family` names the kind, with what must be known
    /// before tensors are read.
    var architectureText: String { get throws }
    /// The tensors in the order in which they are written.
    var storedTensors: [SafeTensors.Tensor] { get }
    /// Writes the numbers of `storedTensors`.
    func write(to sink: borrowing AtomicFile.Sink) throws
}

extension ModelCore {
    /// The core in a model file, by its family's name; a file that names none is taken for a bare `state_dict`.
    ///
    /// Everything is checked before it is used: sizes before anything is allocated, then the numbers. What `isMember` of a blend
    /// may not be one.
    init(_ file: TensorFile, activations: Architecture.Activations?, isMember: Bool = false) throws {
        guard file.header.metadata["architecture"] != nil else {
            self.init(try Parameters.read(file, isBare: true, activations: activations))
            return
        }
        let family = try file.metadata("architecture", as: FamilyName.self).family
        if Architecture.Family(rawValue: family) != nil {
            self.init(try Parameters.read(file, isBare: false, activations: activations))
        } else if let family = ItemWeights.Family(rawValue: family) {
            self = .itemWeights(try ItemWeights(file, family: family))
        } else if let family = ItemNeighbours.Family(rawValue: family) {
            self = .itemNeighbours(try ItemNeighbours(file, family: family))
        } else if family == ItemPopularity.family {
            self = .popularity(try ItemPopularity(file))
        } else if family == Blend.family, !isMember {
            self = .blend(try Blend(file))
        } else {
            let known =
                Architecture.Family.allCases.map(\.rawValue) + ItemWeights.Family.allCases.map(\.rawValue)
                + ItemNeighbours.Family.allCases.map(\.rawValue) + [ItemPopularity.family] + (isMember ? [] : [Blend.family])
            throw FoldinError(
                .badData, file: file.path, found: "a model of the family \(family.quoted)",
                expected: "one of \(known.joined(separator: ", "))")
        }
    }

    /// The core of a network that was trained.
    init(_ parameters: Parameters) {
        self =
            parameters.architecture.family == .recVAE
            ? .residualAutoencoder(ResidualAutoencoder(parameters)) : .autoencoder(parameters)
    }

    private struct FamilyName: Decodable { let family: String }
}

/// What `architecture` says of a model that is made of one number or list an item.
struct ItemArchitecture: Codable {
    let family: String
    let items: Int
    /// The numbers in all lists together, where their lengths differ.
    var entries: Int?

    /// Fails for sizes that cannot be.
    func check(in file: TensorFile) throws {
        for (name, count) in [("items", items), ("entries", entries ?? 0)] where !(0...1 << 30).contains(count) {
            throw FoldinError(
                .badData, file: file.path, found: "\(count) \(name)", expected: "a model of at most \(1 << 30)")
        }
        if items < 1 { throw FoldinError(.badData, file: file.path, found: "no items", expected: "at least one") }
    }
}

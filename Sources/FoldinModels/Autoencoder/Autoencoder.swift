import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// A trained Mult-VAE or Mult-DAE (Liang et al. 2018): the network without dropout and with the latent mean scores all items.
public struct Autoencoder: Model, StateDictModel {
    public static let families = Architecture.Family.allCases.map(\.rawValue)

    public let architecture: Architecture
    /// The weights, of the shape `architecture.network`; they must not change while they are scored with.
    public let parameters: Parameters
    /// Where tanh was taken to go, if the file, a bare `state_dict`, does not say and the caller did not either; nil otherwise.
    public private(set) var assumedActivations: Architecture.Activations?

    /// A model of these weights.
    public init(_ architecture: Architecture, _ parameters: Parameters) {
        precondition(parameters.shape == architecture.network, "weights of another architecture")
        (self.architecture, self.parameters) = (architecture, parameters)
    }

    /// A model of initial weights; see `Parameters.init(initializing:seed:workers:)`.
    public init(initializing architecture: Architecture, seed: UInt64, workers: Workers = Workers()) {
        self.init(architecture, Parameters(initializing: architecture.network, seed: seed, workers: workers))
    }

    public init(from file: ModelFile) throws {
        var architecture = try file.metadata("architecture", as: Architecture.self)
        if let activations = file.activations { architecture.activations = activations }
        try Autoencoder.check(architecture, of: file)
        self.init(architecture, try Parameters(architecture.network, from: file, of: architecture.summary))
    }

    static func recognizes(_ file: ModelFile) -> Bool { file.hasTensor(Architecture.encoderName(0) + ".weight") }

    init(stateDict file: ModelFile) throws {
        var architecture = try Architecture(stateDict: file)
        if let activations = file.activations { architecture.activations = activations }
        try Autoencoder.check(architecture, of: file)
        try file.checkNames(Parameters.descriptions(of: architecture.network))
        self.init(architecture, try Parameters(architecture.network, from: file, of: architecture.summary))
        if file.activations == nil { assumedActivations = architecture.activations }
    }

    private static func check(_ architecture: Architecture, of file: ModelFile) throws {
        guard let error = architecture.validationError else { return }
        throw FoldinError(.badData, file: file.path, found: error, expected: "an architecture that can be built")
    }

    public var family: String { architecture.family.rawValue }
    public var summary: String { architecture.summary }
    public var itemCount: Int { architecture.items }
    public var tensors: [ModelTensor] { parameters.tensors() }

    /// Costs about `2 * parameters` operations per user, and memory for the hidden layers of these users.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let values = parameters.forward(histories, rows: rows, workers: workers)
        withExtendedLifetime(values) {
            parameters.scoreItems(values.inputOfLast.readOnly, into: scores, workers: workers)
        }
    }

    public func approximate(workers: Workers) -> (any ApproximateScorer)? { RoundedScorer(parameters, workers: workers) }

    /// The cosine of the items' vectors in the last layer.
    public func similarities(to item: Int, workers: Workers) -> [Float]? { parameters.similarities(to: item, workers: workers) }

    public func oneUserScorer(workers: Workers) -> any OneUserScorer { AutoencoderUserScorer(self, workers: workers) }

    /// Layer after layer; tanh is at most 1.
    public func scoreBound(workers: Workers) -> Double {
        let layers = parameters.shape.layers
        var bound = ScoreBound.inputLayer(parameters, workers: workers)
        for (index, layer) in layers.enumerated() {
            if index > 0 {
                if layer.activatesInput, bound.isFinite { bound = min(1, bound) }
                bound = ScoreBound.layer(
                    terms: Double(layer.inputs), input: bound, parameters.linears[index], workers: workers)
            }
            if layer.activatesOutput, bound.isFinite { bound = min(1, bound) }
        }
        return bound
    }
}

extension TrainedModel {
    /// The weights of a Mult-VAE or Mult-DAE; nil for a model of another kind.
    public var parameters: Parameters? { (model as? Autoencoder)?.parameters }

    /// The shape of a Mult-VAE or Mult-DAE; nil for a model of another kind.
    public var architecture: Architecture? { (model as? Autoencoder)?.architecture }

    /// Where tanh was taken to go, if the file, a bare `state_dict`, does not say and the caller did not either; nil otherwise.
    public var assumedActivations: Architecture.Activations? { (model as? Autoencoder)?.assumedActivations }
}

import FoldinInteractions
import FoldinKernels

/// A trained RecVAE (Shenbin et al., WSDM 2020): the latent mean through the linear decoder scores all items.
public struct RecVAEModel: Model, StateDictModel {
    public static let families = [RecVAEArchitecture.family]

    public let architecture: RecVAEArchitecture
    /// The weights, of the shape `architecture.network`; they must not change while they are scored with.
    public let parameters: Parameters

    /// A model of these weights.
    public init(_ architecture: RecVAEArchitecture, _ parameters: Parameters) {
        precondition(parameters.shape == architecture.network, "weights of another architecture")
        (self.architecture, self.parameters) = (architecture, parameters)
    }

    /// A model of initial weights; see `Parameters.init(initializing:seed:workers:)`.
    public init(initializing architecture: RecVAEArchitecture, seed: UInt64, workers: Workers = Workers()) {
        self.init(architecture, Parameters(initializing: architecture.network, seed: seed, workers: workers))
    }

    public init(from file: ModelFile) throws {
        let architecture = try RecVAEArchitecture(from: file)
        self.init(architecture, try Parameters(architecture.network, from: file, of: architecture.summary))
    }

    static func recognizes(_ file: ModelFile) -> Bool { file.hasTensor(RecVAEArchitecture.normName(0) + ".weight") }

    init(stateDict file: ModelFile) throws {
        let architecture = try RecVAEArchitecture(stateDict: file)
        try file.checkNames(Parameters.descriptions(of: architecture.network))
        self.init(architecture, try Parameters(architecture.network, from: file, of: architecture.summary))
    }

    public var family: String { RecVAEArchitecture.family }
    public var summary: String { architecture.summary }
    public var itemCount: Int { architecture.items }
    public var tensors: [ModelTensor] { parameters.tensors() }

    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let moments = moments(histories, rows: rows, workers: workers)
        withExtendedLifetime(moments) {
            // The means are the first half of each row.
            let means = moments.matrix(rows: rows.count, columns: 2 * architecture.latent).columns(0..<architecture.latent)
            parameters.scoreItems(means, into: scores, workers: workers)
        }
    }

    /// The posteriors' means and log-variances, [rows.count, 2 latent], of clicks without dropout.
    package func moments(_ histories: InteractionMatrix, rows: Range<Int>, workers: Workers) -> FloatBuffer {
        let engine = KernelEngine()
        let encoder = RecVAEEncoder(parameters, engine: engine)
        let moments = FloatBuffer(count: rows.count * 2 * architecture.latent)
        let inputs = FloatBuffer(count: rows.count * encoder.width)
        // Nothing is kept: all hidden layers use the same memory.
        let scratch = (0..<workers.count).map { _ in
            RecVAEEncoder.Values(users: min(usersPerPiece, rows.count), width: encoder.width)
        }
        withExtendedLifetime((inputs, scratch)) {
            let clicks = inputs.mutableMatrix(rows: rows.count, columns: encoder.width)
            parameters.inputForward(histories, rows: rows, into: clicks, workers: workers, engine: engine)
            let result = moments.mutableMatrix(rows: rows.count, columns: 2 * architecture.latent)
            workers.forEachPiece(of: rows.count, size: usersPerPiece) { users, worker in
                let values = scratch[worker]
                values.input.rows(0..<users.count).copy(from: clicks.rows(users).readOnly)
                encoder.forward(0..<users.count, sum: values.sum, layer: { _ in values.layer }, into: result.rows(users))
            }
        }
        return moments
    }

    /// The cosine of the items' vectors in the decoder.
    public func similarities(to item: Int, workers: Workers) -> [Float]? { parameters.similarities(to: item, workers: workers) }

    /// What a layer norm gives is at most sqrt(width) in units of the standard deviation, for any input; the squares that it adds up must
    /// be finite. x * sigmoid(x) is no larger than x.
    public func scoreBound(workers: Workers) -> Double {
        let (layers, linears) = (parameters.shape.layers, parameters.linears)
        let width = Double(layers[0].outputs)
        var input = ScoreBound.inputLayer(parameters, workers: workers)
        var (sum, output) = (0.0, 0.0)
        for (index, norm) in parameters.norms.enumerated() {
            if index > 0 {
                input = sum + ScoreBound.layer(terms: width, input: output, linears[index], workers: workers)
            }
            guard ScoreBound.checked(width * input * input).isFinite else { return .infinity }
            output =
                width.squareRoot() * norm.gain.largestMagnitude(workers: workers) + norm.shift.largestMagnitude(workers: workers)
            sum += output
        }
        for index in parameters.norms.count..<layers.count {
            output = ScoreBound.layer(terms: Double(layers[index].inputs), input: output, linears[index], workers: workers)
        }
        return output
    }
}

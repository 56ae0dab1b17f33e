import FoldinInteractions
import FoldinSupport

/// The shape of a RecVAE: hidden layers of one width, each added to all before it, swish and layer norm after each, a linear decoder.
///
/// A file names its parts as `Architecture` does.
public struct RecVAEArchitecture: Sendable, Codable, Equatable {
    /// The name of the family in files and options.
    public static let family = "rec-vae"

    private var family = Self.family
    /// The number of items.
    public var items: Int
    /// The width of each hidden layer.
    public var encoder: [Int]
    /// The width of the latent vector.
    public var latent: Int
    private var decoder: [Int] = []
    /// Dropout of the input, then zeros: one number before each layer of the encoder.
    private var encoderDropout: [Float]
    private var decoderDropout: [Float] = [0]
    private var activations = Architecture.Activations.paper

    /// An architecture of `depth` hidden layers of `width`; `dropout` is that of the input.
    public init(items: Int, width: Int, depth: Int = 5, latent: Int, dropout: Float = 0) {
        (self.items, self.latent) = (items, latent)
        encoder = [Int](repeating: width, count: depth)
        encoderDropout = [dropout] + [Float](repeating: 0, count: depth)
    }

    /// The architecture of a file.
    ///
    /// - Throws: `FoldinError` of kind `badData` for one that cannot be built.
    init(from file: ModelFile) throws {
        self = try file.metadata("architecture", as: RecVAEArchitecture.self)
        try check(of: file)
    }

    /// The architecture that the tensors of a `state_dict` have.
    ///
    /// - Throws: `FoldinError` of kind `badData` for tensors of other names or of shapes that do not fit together.
    init(stateDict file: ModelFile) throws {
        let (encoder, latent, decoder) = try file.layerWidths()
        let moments = encoder[encoder.count - 1]
        guard latent > 0, moments % 2 == 0, moments / 2 == latent else {
            throw FoldinError(
                .badData, file: file.path, found: "an encoder of \(moments) outputs before a decoder of \(latent) inputs",
                expected: "twice as many")
        }
        self.init(items: encoder[0], width: 0, depth: encoder.count - 2, latent: latent)
        (self.encoder, self.decoder) = (Array(encoder[1..<encoder.count - 1]), decoder)
        decoderDropout = (decoder + [0]).map { _ in 0 }
        try check(of: file)
    }

    private mutating func check(of file: ModelFile) throws {
        if let activations = file.activations { self.activations = activations }
        guard let error = validationError else { return }
        throw FoldinError(.badData, file: file.path, found: error, expected: "an architecture that can be built")
    }

    /// The number of hidden layers.
    public var depth: Int { encoder.count }

    /// `rec-vae I-600-600-600-600-600-200-I`
    public var summary: String { "\(Self.family) \(widths)" }

    /// The widths alone.
    public var widths: String { (["I"] + (encoder + [latent]).map(String.init) + ["I"]).joined(separator: "-") }

    /// The shapes of the network's layers, a valid architecture's.
    public var network: NetworkShape {
        let inner = zip([items] + encoder, encoder + [2 * latent]).enumerated().map { index, widths in
            Layer(
                name: Architecture.encoderName(index), inputs: widths.0, outputs: widths.1, dropout: encoderDropout[index])
        }
        let outer = Layer(name: Architecture.decoderName(0), inputs: latent, outputs: items, dropout: decoderDropout[0])
        return NetworkShape(
            layers: inner + [outer], encoderDepth: encoder.count + 1, latent: latent, isVariational: true,
            norms: encoder.enumerated().map { NetworkShape.Norm(name: Self.normName($0), width: $1) })
    }

    static func normName(_ index: Int) -> String { "encode.q_layers.norm_\(index)" }

    /// The first invalid part of this shape; nil if it can be built.
    public var validationError: String? {
        let widths = [items, latent] + encoder + decoder
        if let error = Architecture.validationError(widths: widths, encoderDropout, decoderDropout, encoder, decoder) {
            return error
        }
        guard let width = encoder.first else {
            return "an encoder without hidden layers; expected some of one width for \(Self.family)"
        }
        if let other = encoder.first(where: { $0 != width }) {
            return "hidden layers of \(width) and \(other); expected one width for \(Self.family), whose layers are added up"
        }
        if !decoder.isEmpty { return "hidden layers in the decoder; expected none for \(Self.family), whose decoder is linear" }
        if (encoderDropout.dropFirst() + decoderDropout).contains(where: { $0 > 0 }) {
            return "dropout between layers; expected it of the input alone for \(Self.family)"
        }
        return activations == .paper
            ? nil : "activations \(activations.rawValue); expected paper for \(Self.family), which has no tanh"
    }
}

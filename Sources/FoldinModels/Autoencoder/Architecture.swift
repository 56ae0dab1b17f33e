import FoldinInteractions
import FoldinSupport

/// The shape of a Mult-VAE or Mult-DAE: the family, how wide each layer is, where dropout and tanh go.
///
/// Layers are applied as `linear(dropout(x))`, encoder first; the first layer's input and the last layer's output are `items` wide.
public struct Architecture: Sendable, Codable, Equatable {
    /// The family of the model.
    public enum Family: String, Sendable, Codable, CaseIterable {
        /// Mult-VAE^PR: a Gaussian latent and an annealed divergence from the standard normal.
        case multVAE = "mult-vae"
        /// Mult-DAE: a plain latent vector.
        case multDAE = "mult-dae"

        /// Whether the encoder gives means and log-variances.
        public var isVariational: Bool { self == .multVAE }
    }

    /// Where tanh goes.
    public enum Activations: String, Sendable, Codable, CaseIterable {
        /// After each hidden linear layer (Liang et al. 2018).
        case paper
        /// After every dropout and every linear layer except the last of the network, and of the VAE's encoder: what the code
        /// of the RecoTour article does, so that the input and hidden layers pass through it as well.
        case article
    }

    /// The family of the model.
    public var family: Family
    /// The number of items.
    public var items: Int
    /// Widths of the encoder's hidden layers, from the items inwards; may be empty.
    public var encoder: [Int]
    /// The width of the latent vector.
    public var latent: Int
    /// Widths of the decoder's hidden layers, from the latent outwards; may be empty.
    public var decoder: [Int]
    /// Dropout probability before each encoder layer: `encoder.count + 1` numbers in [0, 1).
    public var encoderDropout: [Float]
    /// Dropout probability before each decoder layer: `decoder.count + 1` numbers in [0, 1).
    public var decoderDropout: [Float]
    /// Where tanh goes.
    public var activations: Activations

    /// An architecture; `validationError` tells whether it can be built.
    public init(
        family: Family, items: Int, encoder: [Int], latent: Int, decoder: [Int], encoderDropout: [Float],
        decoderDropout: [Float], activations: Activations = .paper
    ) {
        self.family = family
        self.items = items
        self.encoder = encoder
        self.latent = latent
        self.decoder = decoder
        self.encoderDropout = encoderDropout
        self.decoderDropout = decoderDropout
        self.activations = activations
    }

    /// `items-600-200-600-items`, as the papers write it.
    public var summary: String { "\(family.rawValue) \(widths)" }

    /// The widths alone: `I-600-200-600-I`.
    public var widths: String { (["I"] + (encoder + [latent] + decoder).map(String.init) + ["I"]).joined(separator: "-") }

    /// The shapes of the network's layers, a valid architecture's.
    ///
    /// A VAE's last encoder layer has `2 * latent` outputs, means then log-variances.
    public var network: NetworkShape {
        let isVariational = family.isVariational
        let encoderWidths = [items] + encoder + [isVariational ? 2 * latent : latent]
        let decoderWidths = [latent] + decoder + [items]
        let inner = (0..<encoder.count + 1).map { index in
            Layer(
                name: Self.encoderName(index), inputs: encoderWidths[index], outputs: encoderWidths[index + 1],
                dropout: encoderDropout[index], activatesInput: activations == .article,
                activatesOutput: !(isVariational && index == encoder.count))
        }
        let outer = (0..<decoder.count + 1).map { index in
            Layer(
                name: Self.decoderName(index), inputs: decoderWidths[index], outputs: decoderWidths[index + 1],
                dropout: decoderDropout[index], activatesInput: activations == .article,
                activatesOutput: index != decoder.count)
        }
        return NetworkShape(
            layers: inner + outer, encoderDepth: encoder.count + 1, latent: latent, isVariational: isVariational)
    }

    /// The article's names of the layers' tensors, without `.weight` and `.bias`.
    static func encoderName(_ index: Int) -> String { "encode.q_layers.linear_\(index)" }
    static func decoderName(_ index: Int) -> String { "decode.p_layers.linear_\(index)" }

    /// The number of trainable numbers.
    public var parameterCount: Int { network.parameterCount }

    /// The first invalid part of this shape; nil if it can be built.
    public var validationError: String? {
        Self.validationError(widths: [items, latent] + encoder + decoder, encoderDropout, decoderDropout, encoder, decoder)
    }

    /// The first invalid width or dropout probability of a network with these hidden layers; nil if it can be built.
    static func validationError(
        widths: [Int], _ encoderDropout: [Float], _ decoderDropout: [Float], _ encoder: [Int], _ decoder: [Int]
    ) -> String? {
        if let width = widths.first(where: { $0 < 1 || $0 > 1 << 30 }) { return "a layer of \(width); expected 1 to \(1 << 30)" }
        for (name, dropout, depth) in [
            ("encoder", encoderDropout, encoder.count + 1), ("decoder", decoderDropout, decoder.count + 1),
        ] {
            if dropout.count != depth {
                return "\(dropout.count) \(name) dropout probabilities; expected \(depth), one before each \(name) layer"
            }
            if let rate = dropout.first(where: { !($0 >= 0 && $0 < 1) }) {
                return "\(name) dropout probability \(rate); expected at least 0 and less than 1"
            }
        }
        return nil
    }
}

extension Architecture {
    /// What a `state_dict` must have.
    static let expectedNames =
        "a file of foldin's, or a state_dict with the names \(encoderName(0)).weight and .bias, …, \(decoderName(0)).weight and .bias, …"

    /// The architecture that the tensors of a `state_dict` have, with tanh as the paper places it.
    ///
    /// - Throws: `FoldinError` of kind `badData` for tensors of other names or of shapes that do not fit together.
    init(stateDict file: ModelFile) throws {
        let (encoder, latent, decoder) = try file.layerWidths()
        let moments = encoder[encoder.count - 1]
        guard moments == latent || (latent > 0 && moments / 2 == latent && moments % 2 == 0) else {
            throw FoldinError(
                .badData, file: file.path, found: "an encoder of \(moments) outputs before a decoder of \(latent) inputs",
                expected: "as many (\(Family.multDAE.rawValue)) or twice as many (\(Family.multVAE.rawValue))")
        }
        self.init(
            family: moments == latent ? .multDAE : .multVAE, items: encoder[0], encoder: Array(encoder[1..<encoder.count - 1]),
            latent: latent, decoder: decoder, encoderDropout: encoder.dropLast().map { _ in 0 },
            decoderDropout: (decoder + [0]).map { _ in 0 })
    }
}

extension ModelFile {
    /// The widths of the layers of a `state_dict`: of the encoder the inputs of each layer, then the outputs of its last; the inputs of the
    /// decoder; the outputs of each layer of the decoder but the last.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a file without such matrices.
    func layerWidths() throws -> (encoder: [Int], latent: Int, decoder: [Int]) {
        func shapes(_ name: (Int) -> String) throws -> [[Int]] {
            let shapes = (0..<header.entries.count).prefix { hasTensor(name($0) + ".weight") }
                .compactMap { shape(of: name($0) + ".weight") }
            guard !shapes.isEmpty, shapes.allSatisfy({ $0.count == 2 }) else {
                throw FoldinError(
                    .badData, file: path, found: "no matrix \("\(name(0)).weight".quoted) among \(tensorNames)",
                    expected: Architecture.expectedNames, reason: .unknownTensorNames)
            }
            return shapes
        }
        let encoder = try shapes(Architecture.encoderName)
        let decoder = try shapes(Architecture.decoderName)
        return (
            [encoder[0][1]] + encoder.map { $0[0] }, decoder[0][1], decoder.dropLast().map { $0[0] }
        )
    }

    /// Fails, with the names that are there, unless the file has all of these tensors.
    func checkNames(_ tensors: [TensorDescription]) throws {
        let missing = tensors.filter { !hasTensor($0.name) }
        guard missing.isEmpty else {
            throw FoldinError(
                .badData, file: path,
                found: "no tensor \(missing.map(\.name.quoted).joined(separator: ", ")) among \(tensorNames)",
                expected: Architecture.expectedNames, reason: .unknownTensorNames)
        }
    }
}

extension FoldinError.Reason {
    /// The tensors of a `state_dict` have other names than the article's.
    public static let unknownTensorNames = Self("unknown-tensor-names")
}

/// The shape of an autoencoder for clicks: which family, how wide each layer, where dropout and tanh go.
///
/// Layers are applied as `linear(dropout(x))`, encoder first; the item side of the first and last layer is `items` wide. What
/// RecVAE's encoder has between its layers stands with `ResidualEncoder`.
public struct Architecture: Sendable, Codable, Equatable {
    /// The family of the model.
    public enum Family: String, Sendable, Codable, CaseIterable {
        /// Mult-VAE^PR: a Gaussian latent and an annealed divergence from the standard normal.
        case multVAE = "mult-vae"
        /// Mult-DAE: a plain latent vector.
        case multDAE = "mult-dae"
        /// RecVAE: a densely residual encoder, a linear decoder, a composite prior; see `RecVAE`.
        case recVAE = "rec-vae"

        /// Whether the encoder gives means and log-variances.
        public var isVariational: Bool { self != .multDAE }
    }

    /// Where tanh goes.
    public enum Activations: String, Sendable, Codable, CaseIterable {
        /// After each hidden linear layer (Liang et al. 2018).
        case paper
        /// After every dropout and every linear layer but the last of the network, and of the VAE's encoder: what the code
        /// of the RecoTour article does, so that the input and hidden layers see it as well.
        case article
    }

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
    public var activations: Activations

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
    public var summary: String {
        "\(family.rawValue) " + (["I"] + (encoder + [latent] + decoder).map(String.init) + ["I"]).joined(separator: "-")
    }

    /// The number of trainable numbers.
    public var parameterCount: Int { layers.reduce(0) { $0 + ($1.inputs + 1) * $1.outputs } + 2 * normWidths.reduce(0, +) }
}

/// One linear layer and what stands before and after it.
struct Layer: Equatable {
    /// The article's name, without `.weight` or `.bias`.
    let name: String
    let inputs: Int
    let outputs: Int
    /// Dropout probability of the inputs.
    let dropout: Float
    /// Whether tanh follows the dropout.
    let activatesInput: Bool
    /// Whether tanh follows the linear map.
    let activatesOutput: Bool

    /// The same layer with all of its inputs.
    var withoutDropout: Layer {
        Layer(
            name: name, inputs: inputs, outputs: outputs, dropout: 0, activatesInput: activatesInput,
            activatesOutput: activatesOutput)
    }

    /// The same layer with fewer outputs.
    func narrowed(to outputs: Int) -> Layer {
        Layer(
            name: name, inputs: inputs, outputs: outputs, dropout: dropout, activatesInput: activatesInput,
            activatesOutput: activatesOutput)
    }
}

extension Architecture {
    /// The number of layers of the encoder; the latent vector comes after them.
    var encoderDepth: Int { encoder.count + 1 }

    /// All layers from clicked items to scores.
    ///
    /// A VAE's last encoder layer has `2 * latent` outputs, means then log-variances.
    var layers: [Layer] {
        let isVariational = family.isVariational
        let encoderWidths = [items] + encoder + [isVariational ? 2 * latent : latent]
        let decoderWidths = [latent] + decoder + [items]
        let inner = (0..<encoder.count + 1).map { index in
            Layer(
                name: "encode.q_layers.linear_\(index)", inputs: encoderWidths[index], outputs: encoderWidths[index + 1],
                dropout: encoderDropout[index], activatesInput: activations == .article,
                activatesOutput: family != .recVAE && !(isVariational && index == encoder.count))
        }
        let outer = (0..<decoder.count + 1).map { index in
            Layer(
                name: "decode.p_layers.linear_\(index)", inputs: decoderWidths[index], outputs: decoderWidths[index + 1],
                dropout: decoderDropout[index], activatesInput: activations == .article,
                activatesOutput: index != decoder.count)
        }
        return inner + outer
    }

    /// What is wrong with this shape, for people; nil when nothing is.
    public var problem: String? {
        let widths = [items, latent] + encoder + decoder
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
        return family == .recVAE ? residualProblem : nil
    }

    /// The widths of the layer norms: RecVAE has one after each hidden layer of its encoder.
    var normWidths: [Int] { family == .recVAE ? encoder : [] }

    /// What RecVAE cannot have.
    private var residualProblem: String? {
        guard let width = encoder.first else { return "an encoder without hidden layers; expected some of one width for rec-vae" }
        if let other = encoder.first(where: { $0 != width }) {
            return "hidden layers of \(width) and \(other); expected one width for rec-vae, whose layers are added up"
        }
        if !decoder.isEmpty { return "hidden layers in the decoder; expected none for rec-vae, whose decoder is linear" }
        if (encoderDropout.dropFirst() + decoderDropout).contains(where: { $0 > 0 }) {
            return "dropout between layers; expected it of the input alone for rec-vae"
        }
        return activations == .paper ? nil : "activations \(activations.rawValue); expected paper for rec-vae, which has no tanh"
    }
}

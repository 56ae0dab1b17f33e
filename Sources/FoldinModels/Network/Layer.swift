/// One linear layer and what comes before and after it.
public struct Layer: Sendable, Equatable {
    /// The tensors' name in a file, without `.weight` or `.bias`.
    public let name: String
    /// The width of the layer's input.
    public let inputs: Int
    /// The width of the layer's output.
    public let outputs: Int
    /// Dropout probability of the inputs, in [0, 1).
    public let dropout: Float
    /// Whether tanh follows the dropout.
    public let activatesInput: Bool
    /// Whether tanh follows the linear map.
    public let activatesOutput: Bool

    /// A layer that maps `inputs` numbers to `outputs`; by default without dropout and tanh.
    public init(
        name: String, inputs: Int, outputs: Int, dropout: Float = 0, activatesInput: Bool = false, activatesOutput: Bool = false
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.dropout = dropout
        self.activatesInput = activatesInput
        self.activatesOutput = activatesOutput
    }

    /// The same layer without dropout.
    package var withoutDropout: Layer {
        Layer(
            name: name, inputs: inputs, outputs: outputs, activatesInput: activatesInput, activatesOutput: activatesOutput)
    }
}

/// The shapes of a network from clicked items to scores: what its weights need, and how a batch flows through it.
///
/// The first layer is as wide as there are items at its input, the last one at its output.
public struct NetworkShape: Sendable, Equatable {
    /// A layer norm: gain and shift of each output.
    public struct Norm: Sendable, Equatable {
        /// The tensors' name in a file, without `.weight` (the gain) or `.bias` (the shift).
        public let name: String
        /// The number of outputs that it normalises.
        public let width: Int

        /// A layer norm of `width` outputs.
        public init(name: String, width: Int) { (self.name, self.width) = (name, width) }
    }

    /// All layers, from clicked items to scores; at least two.
    public let layers: [Layer]
    /// The number of layers of the encoder; the latent vector comes after them.
    public let encoderDepth: Int
    /// The width of the latent vector.
    public let latent: Int
    /// Whether the encoder gives `2 * latent` numbers, means then log-variances.
    public let isVariational: Bool
    /// The layer norms, in the order in which they are applied.
    public let norms: [Norm]

    /// A network of these layers, of which there are at least two.
    public init(layers: [Layer], encoderDepth: Int, latent: Int, isVariational: Bool, norms: [Norm] = []) {
        precondition(layers.count >= 2, "a network needs a first and a last layer")
        self.layers = layers
        self.encoderDepth = encoderDepth
        self.latent = latent
        self.isVariational = isVariational
        self.norms = norms
    }

    /// The number of items.
    public var items: Int { layers[0].inputs }

    /// The layer whose outputs are the items' scores.
    public var last: Layer { layers[layers.count - 1] }

    /// The number of trainable numbers.
    public var parameterCount: Int {
        layers.reduce(0) { $0 + ($1.inputs + 1) * $1.outputs } + norms.reduce(0) { $0 + 2 * $1.width }
    }
}

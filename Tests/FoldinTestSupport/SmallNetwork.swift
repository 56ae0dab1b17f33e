import FoldinModels

/// A small Mult-VAE or Mult-DAE, one of the networks that the parameterised tests run over.
public struct SmallNetwork: Sendable, CustomStringConvertible {
    public let family: Architecture.Family
    /// Linear layers in the encoder, and as many in the decoder: 1 to 3.
    public let depth: Int
    public let placement: Architecture.Activations

    public init(_ family: Architecture.Family, depth: Int, _ placement: Architecture.Activations = .paper) {
        (self.family, self.depth, self.placement) = (family, depth, placement)
    }

    public var description: String { "\(family.rawValue) depth \(depth) \(placement.rawValue)" }

    /// Mult-VAE and Mult-DAE, depths 1 to 3, both placements of tanh.
    public static let all = Architecture.Family.allCases.flatMap { family in
        [1, 2, 3].flatMap { depth in Architecture.Activations.allCases.map { SmallNetwork(family, depth: depth, $0) } }
    }

    /// The architecture for `items`; `dropout` is that before every layer of both halves.
    public func architecture(items: Int, dropout: Float = 0) -> Architecture {
        let encoder = [[], [9], [10, 7]][depth - 1]
        let decoder = [[], [8], [6, 9]][depth - 1]
        return Architecture(
            family: family, items: items, encoder: encoder, latent: 5, decoder: decoder,
            encoderDropout: (encoder + [0]).map { _ in dropout }, decoderDropout: (decoder + [0]).map { _ in dropout },
            activations: placement)
    }

    /// A model of initial weights.
    public func autoencoder(items: Int, dropout: Float = 0, seed: UInt64 = 1) -> Autoencoder {
        Autoencoder(initializing: architecture(items: items, dropout: dropout), seed: seed)
    }
}

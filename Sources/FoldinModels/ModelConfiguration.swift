/// A model before it has met its data: everything of an `Architecture` but the number of items.
public protocol ModelConfiguration: Sendable {
    /// The architecture for a catalogue of `items`.
    func architecture(items: Int) -> Architecture
    /// RecVAE's weight of the divergence, a click; nil for the others, whose weight is their schedule's beta.
    var gamma: Float? { get }
}

extension ModelConfiguration {
    public var gamma: Float? { nil }
}

/// Mult-VAE^PR (Liang et al. 2018, section 2), of any depth.
public struct MultVAE: ModelConfiguration {
    private let template: Architecture

    /// An encoder of `hidden` widths and, unless `decoder` says otherwise, a decoder that mirrors it.
    ///
    /// `dropout` is applied to the input; `encoderDropout` and `decoderDropout`, one probability before each layer, say more.
    public init(
        latent: Int = 200, hidden: [Int] = [600], decoder: [Int]? = nil, dropout: Float = 0.5,
        encoderDropout: [Float]? = nil, decoderDropout: [Float]? = nil, activations: Architecture.Activations = .paper
    ) {
        template = Architecture(
            .multVAE, latent: latent, hidden: hidden, decoder: decoder, dropout: dropout, encoderDropout: encoderDropout,
            decoderDropout: decoderDropout, activations: activations)
    }

    public func architecture(items: Int) -> Architecture { template.with(items: items) }
}

/// Mult-DAE (Liang et al. 2018, section 2.3), of any depth.
public struct MultDAE: ModelConfiguration {
    private let template: Architecture

    /// See `MultVAE.init`; the paper's own DAE has no hidden layer: `hidden: []`.
    public init(
        latent: Int = 200, hidden: [Int] = [600], decoder: [Int]? = nil, dropout: Float = 0.5,
        encoderDropout: [Float]? = nil, decoderDropout: [Float]? = nil, activations: Architecture.Activations = .paper
    ) {
        template = Architecture(
            .multDAE, latent: latent, hidden: hidden, decoder: decoder, dropout: dropout, encoderDropout: encoderDropout,
            decoderDropout: decoderDropout, activations: activations)
    }

    public func architecture(items: Int) -> Architecture { template.with(items: items) }
}

/// RecVAE (Shenbin et al., *RecVAE: a New Variational Autoencoder for Top-N Recommendations with Implicit Feedback*, WSDM 2020).
///
/// Five hidden layers of one width, each added up with all before it, swish and layer norm after each; a linear decoder. Its
/// posterior is held to a mixture of the standard normal, the posterior of the epoch before, and a wide normal, the more so the
/// more a user clicked: gamma times the clicks weighs the divergence. An epoch is three passes for the encoder, with dropout,
/// and one for the decoder, without.
public struct RecVAE: ModelConfiguration {
    public let gamma: Float?
    private let template: Architecture

    /// A network of five hidden layers of the width `hidden`; `dropout` is that of the input.
    public init(latent: Int = 200, hidden: Int = 600, dropout: Float = 0.5, gamma: Float = 0.005) {
        self.gamma = gamma
        template = Architecture(
            .recVAE, latent: latent, hidden: [Int](repeating: hidden, count: 5), decoder: [], dropout: dropout,
            encoderDropout: nil, decoderDropout: nil, activations: .paper)
    }

    public func architecture(items: Int) -> Architecture { template.with(items: items) }
}

extension Architecture {
    fileprivate init(
        _ family: Family, latent: Int, hidden: [Int], decoder: [Int]?, dropout: Float, encoderDropout: [Float]?,
        decoderDropout: [Float]?, activations: Activations
    ) {
        let decoder = decoder ?? hidden.reversed()
        self.init(
            family: family, items: 1, encoder: hidden, latent: latent, decoder: decoder,
            encoderDropout: encoderDropout ?? [dropout] + hidden.map { _ in 0 },
            decoderDropout: decoderDropout ?? [0] + decoder.map { _ in 0 }, activations: activations)
    }

    fileprivate func with(items: Int) -> Architecture {
        var architecture = self
        architecture.items = items
        return architecture
    }
}

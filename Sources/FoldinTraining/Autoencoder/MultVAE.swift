import FoldinModels

/// Mult-VAE^PR (Liang et al. 2018, section 2), of any depth.
public struct MultVAE: AutoencoderConfiguration {
    let template: Architecture
    let normalization: Normalization

    /// An encoder of `hidden` widths and, unless `decoder` says otherwise, a decoder that mirrors it.
    ///
    /// `dropout` is applied to the input; `encoderDropout` and `decoderDropout`, one probability before each layer, say more.
    public init(
        latent: Int = 200, hidden: [Int] = [600], decoder: [Int]? = nil, dropout: Float = 0.5,
        encoderDropout: [Float]? = nil, decoderDropout: [Float]? = nil, activations: Architecture.Activations = .paper,
        normalization: Normalization = .none
    ) {
        self.normalization = normalization
        template = Architecture(
            .multVAE, latent: latent, hidden: hidden, decoder: decoder, dropout: dropout, encoderDropout: encoderDropout,
            decoderDropout: decoderDropout, activations: activations)
    }
}

/// Mult-DAE (Liang et al. 2018, section 2.3), of any depth.
public struct MultDAE: AutoencoderConfiguration {
    let template: Architecture

    /// See `MultVAE.init`; the paper's own DAE has no hidden layer: `hidden: []`.
    public init(
        latent: Int = 200, hidden: [Int] = [600], decoder: [Int]? = nil, dropout: Float = 0.5,
        encoderDropout: [Float]? = nil, decoderDropout: [Float]? = nil, activations: Architecture.Activations = .paper
    ) {
        template = Architecture(
            .multDAE, latent: latent, hidden: hidden, decoder: decoder, dropout: dropout, encoderDropout: encoderDropout,
            decoderDropout: decoderDropout, activations: activations)
    }
}

/// What Mult-VAE and Mult-DAE have in common.
protocol AutoencoderConfiguration: ModelConfiguration {
    /// The architecture for one item.
    var template: Architecture { get }
    /// How logits and losses are scaled.
    var normalization: Normalization { get }
}

extension AutoencoderConfiguration {
    var normalization: Normalization { .none }
    public var family: String { template.family.rawValue }
    public var usesBeta: Bool { template.family.isVariational }

    /// The architecture for a catalogue of `items`.
    public func architecture(items: Int) -> Architecture {
        var architecture = template
        architecture.items = items
        return architecture
    }

    public func outline(items: Int) -> NetworkOutline {
        let architecture = architecture(items: items)
        return NetworkOutline(
            summary: architecture.summary, widths: architecture.widths, parameterCount: architecture.parameterCount,
            architecture: architecture)
    }

    public func validationError(with trainer: Trainer) -> String? {
        if case .searching = trainer.schedule.annealing, !usesBeta {
            return "a search for beta with \(family), which has none; expected \(Architecture.Family.multVAE.rawValue)"
        }
        return template.validationError ?? normalization.validationError
    }

    public func makeSession(_ setup: SessionSetup) -> any TrainingSession {
        AutoencoderSession(architecture(items: setup.clicks.itemCount), setup, normalization)
    }

    public func memory(for dataset: TrainingMemory.Shape, batch: Int, softmax: Softmax) -> SessionMemory {
        let architecture = architecture(items: dataset.items)
        // Widths beyond what can be trained are counted too; without these numbers there are no layers to count.
        guard architecture.encoderDropout.count == architecture.encoder.count + 1,
            architecture.decoderDropout.count == architecture.decoder.count + 1, architecture.latent <= .max / 2
        else { return SessionMemory(parameters: nil, scores: nil) }
        let shape = architecture.network
        let (parameters, scores) = NetworkStep.memory(
            shape, softmax, users: batch, clicksPerUser: dataset.interactions / max(1, dataset.users) + 1)
        // With cosines validation users are scored with a copy of the last layer.
        let width = shape.last.inputs * (normalization.temperature == nil ? 2 : 2 + 4)
        return SessionMemory(parameters: parameters, scores: scores, rounded: ByteCount(dataset.items) * width)
    }
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
}

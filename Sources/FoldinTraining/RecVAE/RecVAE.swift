import FoldinModels

/// RecVAE (Shenbin et al., *RecVAE: a New Variational Autoencoder for Top-N Recommendations with Implicit Feedback*, WSDM 2020).
///
/// Five hidden layers of one width, each added to all before it, swish and layer norm after each; a linear decoder. Its posterior is
/// compared with a mixture of the standard normal, the posterior of the epoch before, and a wide normal, with more weight the more a
/// user clicked: gamma times the clicks. An epoch is three passes for the encoder, with dropout, and one for the decoder, without.
public struct RecVAE: ModelConfiguration {
    /// The weight of the divergence, per click.
    public let gamma: Float
    private let template: RecVAEArchitecture

    /// A network of five hidden layers of the width `hidden`; `dropout` is that of the input.
    public init(latent: Int = 200, hidden: Int = 600, dropout: Float = 0.5, gamma: Float = 0.005) {
        self.gamma = gamma
        template = RecVAEArchitecture(items: 1, width: hidden, latent: latent, dropout: dropout)
    }

    public var family: String { RecVAEArchitecture.family }
    public var usesBeta: Bool { false }

    /// The architecture for a catalogue of `items`.
    public func architecture(items: Int) -> RecVAEArchitecture {
        var architecture = template
        architecture.items = items
        return architecture
    }

    public func outline(items: Int) -> NetworkOutline {
        let architecture = architecture(items: items)
        return NetworkOutline(
            summary: architecture.summary, widths: architecture.widths, parameterCount: architecture.network.parameterCount,
            architecture: architecture)
    }

    public func validationError(with trainer: Trainer) -> String? {
        if case .searching = trainer.schedule.annealing {
            return "a search for beta with \(family), which has gamma; expected a model with beta"
        }
        if case .sampled = trainer.softmax { return "a sampled softmax with \(family); expected the exact one" }
        if trainer.schedule.score == .loss {
            return "stopping on the loss with \(family), whose prior knows training users only; expected the metric"
        }
        if !(gamma >= 0 && gamma.isFinite) { return "a gamma of \(gamma); expected at least 0" }
        return template.validationError
    }

    public func makeSession(_ setup: SessionSetup) -> any TrainingSession {
        RecVAESession(architecture(items: setup.clicks.itemCount), gamma: gamma, setup)
    }

    public func memory(for dataset: TrainingMemory.Shape, batch: Int, softmax: Softmax) -> SessionMemory {
        let architecture = architecture(items: dataset.items)
        guard architecture.validationError == nil else { return SessionMemory(parameters: nil, scores: nil) }
        let (parameters, scores) = NetworkStep.memory(architecture.network, .exact, users: batch, clicksPerUser: 0)
        let (posteriors, values) = RecVAESession.memory(architecture, users: dataset.users, batch: batch)
        // RecVAE's validation users are scored exactly.
        return SessionMemory(parameters: parameters + posteriors, scores: scores + values, rounded: ByteCount(0))
    }
}

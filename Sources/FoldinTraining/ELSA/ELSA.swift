import FoldinModels

/// ELSA (Vančura et al., *Scalable Linear Shallow Autoencoder for Collaborative Filtering*, RecSys 2022), a linear model without a matrix
/// of all pairs of items; see `ELSAModel` for its scores.
public struct ELSA: ModelConfiguration {
    /// What is minimised, the mean over the users. x is a user's clicks, s the scores.
    public enum Loss: String, Sendable, CaseIterable {
        /// The squared distance of x / |x| and s / |s|, as in the paper.
        case squared
        /// The multinomial negative log-likelihood of x under softmax(s / temperature).
        case softmax
    }

    /// The width of the item vectors.
    public let latent: Int
    /// What is minimised.
    public let loss: Loss
    /// What `Loss.softmax` divides scores by; more than 0.
    public let temperature: Float

    /// A model of vectors of the width `latent`; `validationError(with:)` tells whether it can be trained.
    public init(latent: Int = 512, loss: Loss = .squared, temperature: Float = 0.1) {
        (self.latent, self.loss, self.temperature) = (latent, loss, temperature)
    }

    public var family: String { ELSAModel.families[0] }
    public var usesBeta: Bool { false }

    public func outline(items: Int) -> NetworkOutline {
        let widths = "I-\(latent)-I"
        return NetworkOutline(
            summary: "\(family) \(widths)", widths: widths, parameterCount: items * latent,
            architecture: ELSAModel.Description(items: items, latent: latent))
    }

    public func validationError(with trainer: Trainer) -> String? {
        if let error = ELSAModel.validationError(items: 1, latent: latent) { return error }
        if !(temperature > 0 && temperature.isFinite) { return "a temperature of \(temperature); expected more than 0" }
        if case .searching = trainer.schedule.annealing { return "a search for beta with \(family), which has none" }
        if trainer.precision != .float32 { return "precision \(trainer.precision.rawValue) with \(family); expected fp32" }
        if trainer.schedule.score == .loss { return "stopping on the loss with \(family); expected the metric" }
        return nil
    }

    public func makeSession(_ setup: SessionSetup) -> any TrainingSession { ELSASession(self, setup) }

    public func memory(for dataset: TrainingMemory.Shape, batch: Int, softmax: Softmax) -> SessionMemory {
        let weights = ByteCount(dataset.items) * latent
        switch softmax {
        case .exact:
            return SessionMemory(
                parameters: weights * 4 * 3, scores: ByteCount(dataset.items) * batch * 4, rounded: ByteCount(0))
        case .sampled(let negatives):
            return SessionMemory(
                parameters: weights * 4 * 2 + ByteCount(dataset.items) * 8,
                scores: SampledHead.bytes(
                    items: dataset.items, users: batch, clicksPerUser: dataset.interactions / max(1, dataset.users) + 1,
                    negatives: negatives), rounded: ByteCount(0))
        }
    }
}

import FoldinEvaluation

/// The result of the first training of `Schedule.Annealing.searching`.
public struct AnnealingSearch: Sendable, Codable, Equatable {
    /// The epochs of the first training: beta and the validation metric over time.
    public let curve: [EpochReport]
    /// The epoch with the best validation metric; the first of several with the same.
    public let bestEpoch: Int
    /// Beta of that epoch's last update, which becomes the cap of the second training.
    public let beta: Float

    /// The result of a first training with the epochs `curve`; nil if none has a validation metric.
    init?(curve: [EpochReport]) {
        var best: (epoch: EpochReport, metric: Double)?
        for epoch in curve {
            if let metric = epoch.validation?.mean, metric > best?.metric ?? -.infinity { best = (epoch, metric) }
        }
        guard let best else { return nil }
        self.curve = curve
        bestEpoch = best.epoch.epoch
        beta = best.epoch.beta
    }
}

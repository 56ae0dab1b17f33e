import FoldinEvaluation

/// What the first training of `Schedule.Annealing.searching` found.
public struct AnnealingSearch: Sendable, Codable, Equatable {
    /// Its epochs: beta and the validation metric over time.
    public let curve: [EpochReport]
    /// The epoch with the best validation metric, the first of equals.
    public let bestEpoch: Int
    /// Beta of that epoch's last update: the cap of the second training.
    public let beta: Float

    /// The search that `curve` is the first training of; nil when it has no validation metric.
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

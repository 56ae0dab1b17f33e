import Foundation

extension Schedule {
    /// How the learning rate changes, starting from the optimiser's.
    public enum Pace: Sendable, Equatable {
        /// The same throughout.
        case constant
        /// Cut whenever the score has not improved for a number of evaluations.
        case plateau(Plateau)
        /// In a straight line to `end` at the last update of the last epoch.
        case linear(to: Float)
        /// Along half a cosine to `end` at the last update of the last epoch (Loshchilov & Hutter 2017, without restarts).
        case cosine(to: Float)

        var validationError: String? {
            switch self {
            case .constant: return nil
            case .linear(let end), .cosine(let end):
                return end >= 0 && end.isFinite ? nil : "a final learning rate of \(end); expected at least 0"
            case .plateau(let plateau): return plateau.validationError
            }
        }
    }

    /// Linear growth of the learning rate from 0, which reaches the full rate at the last of these updates.
    public enum WarmUp: Sendable, Equatable {
        /// A number of updates, at least 1.
        case updates(Int)
        /// A number of epochs, which need not be whole.
        case epochs(Double)

        var validationError: String? {
            switch self {
            case .updates(let updates) where updates < 1: "a warm-up of \(updates) updates; expected at least 1"
            case .epochs(let epochs) where !(epochs > 0 && epochs <= Double(Schedule.countLimit)):
                "a warm-up of \(epochs) epochs; expected more than 0 and at most \(Schedule.countLimit)"
            default: nil
            }
        }

        func updates(updatesPerEpoch: Int) -> Int {
            switch self {
            case .updates(let updates): updates
            case .epochs(let epochs): max(1, Int((epochs * Double(updatesPerEpoch)).rounded()))
            }
        }
    }

    /// The learning rate for the update that follows `updates` others; `plateau` has the cuts made so far.
    func learningRate(after updates: Int, updatesPerEpoch: Int, plateau: PlateauState) -> Float {
        let start = Double(optimizer.learningRate)
        let warm = warmUp?.updates(updatesPerEpoch: updatesPerEpoch) ?? 0
        // The part after the warm-up runs from 0 at its first update to 1 after its last.
        let rest = Double(epochs * updatesPerEpoch - warm)
        let done = rest > 0 ? min(1, max(0, Double(updates - warm) / rest)) : 1
        let rate: Double =
            switch pace {
            case .constant: start
            case .plateau: plateau.learningRate ?? start
            case .linear(let end): start + (Double(end) - start) * done
            case .cosine(let end): Double(end) + (start - Double(end)) * (1 + cos(.pi * done)) / 2
            }
        return Float(updates < warm ? rate * Double(updates + 1) / Double(warm) : rate)
    }
}

/// Cuts the learning rate when the score stops improving, as PyTorch's `ReduceLROnPlateau` does.
public struct Plateau: Sendable, Equatable {
    /// The factor of a cut, more than 0 and less than 1 (the article: 0.4).
    public var factor: Double
    /// Evaluations without improvement that are tolerated; the next one cuts (the article: 5).
    public var patience: Int
    /// The smallest change that counts as an improvement: relative for a metric, absolute for a loss. Nil is the article's: 0.001 and 2.
    public var threshold: Double?

    /// A plateau with the article's values.
    public init(factor: Double = 0.4, patience: Int = 5, threshold: Double? = nil) {
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
    }

    var validationError: String? {
        if !(factor > 0 && factor < 1) { return "a plateau's factor of \(factor); expected more than 0 and less than 1" }
        if patience < 0 { return "a plateau's patience of \(patience); expected at least 0" }
        if let threshold, !(threshold >= 0 && threshold.isFinite) {
            return "a plateau's threshold of \(threshold); expected at least 0"
        }
        return nil
    }

    /// Records a score, and cuts the learning rate in `state` after too many evaluations without improvement.
    func take(_ value: Double, of score: Schedule.Score, learningRate: Double, into state: inout PlateauState) {
        let isBetter =
            switch (state.best, score) {
            case (nil, _): value.isFinite
            case (let best?, .metric): value > best * (1 + (threshold ?? 0.001))
            case (let best?, .loss): value < best - (threshold ?? 2)
            }
        if isBetter {
            (state.best, state.evaluationsWithout) = (value, 0)
        } else {
            state.evaluationsWithout += 1
        }
        guard state.evaluationsWithout > patience else { return }
        state.evaluationsWithout = 0
        let rate = state.learningRate ?? learningRate
        // PyTorch ignores smaller changes.
        if rate - rate * factor > 1e-8 { state.learningRate = rate * factor }
    }
}

/// The state of a plateau between evaluations.
struct PlateauState: Sendable, Codable, Equatable {
    var best: Double?
    var evaluationsWithout = 0
    /// The learning rate after the cuts; nil before the first cut.
    var learningRate: Double?
}

import FoldinInteractions
import FoldinSupport
import Foundation

extension Schedule {
    /// How beta, the weight of the KL divergence, grows with the number of updates.
    public enum Annealing: Sendable, Equatable {
        /// The same beta at every update.
        case constant(Float)
        /// Linear growth from 0 to a cap, which is kept from then on.
        case growing(to: Float, Span)
        /// The paper's search for the cap (Liang et al. 2018, section 2.2.2): a training in which beta grows to 1, then a second one
        /// in which beta grows at the same speed to its value at the first one's best validation metric.
        case searching(Span)

        /// `min(cap, updates / overUpdates)`: beta would reach 1 after `overUpdates` (Liang et al.'s notebook: 0.2 and 200,000).
        public static func linear(to cap: Float, overUpdates: Int) -> Annealing { .growing(to: cap, .updatesToOne(overUpdates)) }

        /// Linear, reaching `cap` after this fraction of the epochs, rounded up to a whole one (the article: 0.85).
        public static func linear(to cap: Float, byFractionOfEpochs fraction: Double) -> Annealing {
            .growing(to: cap, .fractionOfEpochs(fraction))
        }

        /// Linear, reaching `cap` at the end of epoch `epoch`.
        public static func linear(to cap: Float, byEpoch epoch: Int) -> Annealing { .growing(to: cap, .epochs(epoch)) }

        var validationError: String? {
            let (cap, span): (Float, Span?) =
                switch self {
                case .constant(let beta): (beta, nil)
                case .growing(let cap, let span): (cap, span)
                case .searching(let span): (1, span)
                }
            if !(cap >= 0 && cap.isFinite) { return "a beta of \(cap); expected at least 0" }
            let length: Double =
                switch span {
                case nil: 1
                case .updatesToOne(let updates): Double(updates)
                case .epochs(let epochs): Double(epochs)
                case .fractionOfEpochs(let fraction): fraction
                }
            // An epoch has many updates.
            let limit = if case .updatesToOne = span { 1e15 } else { Double(Schedule.countLimit) }
            return length > 0 && length <= limit ? nil : "annealing over \(length); expected more than 0 and at most \(limit)"
        }
    }

    /// How long beta grows.
    public enum Span: Sendable, Equatable {
        /// Updates after which an uncapped beta would be 1.
        case updatesToOne(Int)
        /// Epochs after which beta reaches its cap.
        case epochs(Int)
        /// The fraction of the epochs, rounded up to a whole one, after which beta reaches its cap.
        case fractionOfEpochs(Double)
    }

    /// Updates after which beta reaches its cap, not always a whole number; 0 for a constant beta.
    func updatesToCap(updatesPerEpoch: Int) -> Double {
        let (cap, span): (Float, Span)
        switch annealing {
        case .constant: return 0
        case .growing(let end, let length): (cap, span) = (end, length)
        case .searching(let length): (cap, span) = (1, length)
        }
        switch span {
        case .updatesToOne(let total): return Double(cap) * Double(max(1, total))
        case .epochs(let epochs): return Double(max(1, updatesPerEpoch)) * Double(max(1, epochs))
        case .fractionOfEpochs(let fraction):
            // The subtraction keeps a whole number of epochs whole where the product was rounded up.
            let growing = max(1, (Double(epochs) * fraction - 1e-9).rounded(.up))
            return Double(max(1, updatesPerEpoch)) * growing
        }
    }

    /// Beta for the update that follows `updates` others; in a search, that of the first training.
    public func beta(after updates: Int, updatesPerEpoch: Int) -> Float {
        switch annealing {
        case .constant(let beta):
            return beta
        case .growing(let cap, .updatesToOne(let total)):
            return min(cap, Float(Double(updates) / Double(max(1, total))))
        case .growing(let cap, _):
            return min(cap, Float(Double(cap) * Double(updates) / updatesToCap(updatesPerEpoch: updatesPerEpoch)))
        case .searching:
            return min(1, Float(Double(updates) / updatesToCap(updatesPerEpoch: updatesPerEpoch)))
        }
    }

    /// The schedule of the second training of a search that found `beta`: the same growth up to `beta`.
    func retraining(to beta: Float, updatesPerEpoch: Int) -> Schedule {
        var schedule = self
        let total = Int(min(updatesToCap(updatesPerEpoch: updatesPerEpoch), 1e15).rounded())
        schedule.annealing = .linear(to: beta, overUpdates: total)
        return schedule
    }

    /// The schedule of the first training of a search: without early stopping.
    var searching: Schedule {
        var schedule = self
        schedule.patience = nil
        return schedule
    }

    /// How beta changes, in a sentence: "beta grows to 0.2 over 8,075 updates (85 epochs of 95 updates), then stays".
    public func annealingSummary(updatesPerEpoch: Int) -> String {
        let length = updatesToCap(updatesPerEpoch: updatesPerEpoch)
        let all = Double(epochs * updatesPerEpoch)
        let growth =
            "\(length.grouped) updates (\((length / Double(updatesPerEpoch)).grouped) epochs of \(updatesPerEpoch.grouped) updates)"
        switch annealing {
        case .constant(let beta):
            return "beta is \(beta.optionText) throughout"
        case .growing(let cap, _) where length > all:
            let reached = beta(after: epochs * updatesPerEpoch - 1, updatesPerEpoch: updatesPerEpoch)
            return "beta grows to \(String(format: "%.4g", reached)); its cap of \(cap.optionText) would take \(growth)"
        case .growing(let cap, _):
            return "beta grows to \(cap.optionText) over \(growth), then stays"
        case .searching:
            return "beta grows to 1 over \(growth); then a second training grows it at the same speed to "
                + "its value at the first one's best validation \(metric)"
        }
    }
}

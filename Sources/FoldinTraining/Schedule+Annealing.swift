import Foundation

extension Schedule {
    /// How beta, the weight of the divergence, grows with the number of updates.
    public enum Annealing: Sendable, Equatable {
        /// The same beta from the first update on.
        case constant(Float)
        /// Linear growth from 0, then `cap`.
        case growing(to: Float, Span)
        /// The paper's way to a cap (Liang et al. 2018, section 2.2.2): a training in which beta grows to 1, then a second one
        /// in which it grows as fast but stops where the first one's validation metric was best.
        case searching(Span)

        /// `min(cap, updates / overUpdates)`: beta would reach 1 after `overUpdates` (Liang et al.'s notebook: 0.2 and 200,000).
        public static func linear(to cap: Float, overUpdates: Int) -> Annealing { .growing(to: cap, .updatesToOne(overUpdates)) }

        /// Linear, reaching `cap` after this fraction of the epochs, rounded up to a whole one (the article: 0.85).
        public static func linear(to cap: Float, byFractionOfEpochs fraction: Double) -> Annealing {
            .growing(to: cap, .fractionOfEpochs(fraction))
        }

        /// Linear, reaching `cap` at the end of epoch `epoch`.
        public static func linear(to cap: Float, byEpoch epoch: Int) -> Annealing { .growing(to: cap, .epochs(epoch)) }

        var problem: String? {
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
            // Of updates there are more than of epochs.
            let most = if case .updatesToOne = span { 1e15 } else { Double(Schedule.most) }
            return length > 0 && length <= most ? nil : "annealing over \(length); expected more than 0 and at most \(most)"
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

    /// Updates after which beta reaches its cap, which need not be a whole number; 0 when it begins there.
    func updatesToCap(updatesAnEpoch: Int) -> Double {
        let (cap, span): (Float, Span)
        switch annealing {
        case .constant: return 0
        case .growing(let end, let length): (cap, span) = (end, length)
        case .searching(let length): (cap, span) = (1, length)
        }
        switch span {
        case .updatesToOne(let total): return Double(cap) * Double(max(1, total))
        case .epochs(let epochs): return Double(max(1, updatesAnEpoch)) * Double(max(1, epochs))
        case .fractionOfEpochs(let fraction):
            // A whole number of epochs stays one whatever the rounding of the product.
            let growing = max(1, (Double(epochs) * fraction - 1e-9).rounded(.up))
            return Double(max(1, updatesAnEpoch)) * growing
        }
    }

    /// Beta for the update that follows `updates` others; of a search, the one that grows to 1.
    public func beta(after updates: Int, updatesAnEpoch: Int) -> Float {
        switch annealing {
        case .constant(let beta):
            return beta
        case .growing(let cap, .updatesToOne(let total)):
            return min(cap, Float(Double(updates) / Double(max(1, total))))
        case .growing(let cap, _):
            return min(cap, Float(Double(cap) * Double(updates) / updatesToCap(updatesAnEpoch: updatesAnEpoch)))
        case .searching:
            return min(1, Float(Double(updates) / updatesToCap(updatesAnEpoch: updatesAnEpoch)))
        }
    }

    /// The schedule of the second training of a search that found `beta`: the same growth, stopped there.
    func retraining(to beta: Float, updatesAnEpoch: Int) -> Schedule {
        var schedule = self
        let total = Int(min(updatesToCap(updatesAnEpoch: updatesAnEpoch), 1e15).rounded())
        schedule.annealing = .linear(to: beta, overUpdates: total)
        return schedule
    }

    /// The schedule of the first training of a search: to the end, whatever the scores.
    var searching: Schedule {
        var schedule = self
        schedule.patience = nil
        return schedule
    }

    /// What beta does, in a sentence: "beta grows to 0.2 over 8,075 updates (85 epochs of 95 updates), then stays".
    public func annealingSummary(updatesAnEpoch: Int) -> String {
        let length = updatesToCap(updatesAnEpoch: updatesAnEpoch)
        let all = Double(epochs * updatesAnEpoch)
        let growth =
            "\(grouped(length)) updates (\(grouped(length / Double(updatesAnEpoch))) epochs of \(grouped(Double(updatesAnEpoch))) updates)"
        switch annealing {
        case .constant(let beta):
            return "beta is \(beta.planText) throughout"
        case .growing(let cap, _) where length > all:
            let reached = beta(after: epochs * updatesAnEpoch - 1, updatesAnEpoch: updatesAnEpoch)
            return "beta grows to \(String(format: "%.4g", reached)); its cap of \(cap.planText) would take \(growth)"
        case .growing(let cap, _):
            return "beta grows to \(cap.planText) over \(growth), then stays"
        case .searching:
            return "beta grows to 1 over \(growth); then a second training grows it as fast to where "
                + "the validation \(metric) of the first was best"
        }
    }
}

/// A number for people: `8,075`, or `171.7` where it is not whole.
private func grouped(_ number: Double) -> String {
    let tenths = (number * 10).rounded() / 10
    let digits = String(format: "%.0f", tenths.rounded(.down))
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    let rest = Int(((tenths - tenths.rounded(.down)) * 10).rounded())
    return rest == 0 ? text : "\(text).\(rest)"
}

import Foundation

/// The weights in the loss of implicit ALS: of the pairs without a click, and of the squared vectors (Rendle et al. 2021).
///
/// For a user with d clicks, beside I items in all, the penalty of |w|^2 is `lambda * (d + unobservedWeight * I)^frequencyPower`; for an
/// item with n clicks, beside U users, the same of n and U.
public struct ImplicitALSPenalty: Sendable, Equatable {
    /// alpha0: the weight of the squared score of every pair of a user and an item, clicked or not.
    public let unobservedWeight: Double
    /// The penalty of the squared vectors.
    public let lambda: Double
    /// nu: 1 for a penalty in proportion to the weights of the pairs, 0 for one penalty for all.
    public let frequencyPower: Double

    /// The weights; `validationError` checks them.
    public init(unobservedWeight: Double, lambda: Double, frequencyPower: Double = 1) {
        (self.unobservedWeight, self.lambda, self.frequencyPower) = (unobservedWeight, lambda, frequencyPower)
    }

    /// The values that each weight may have: all penalties are then ordinary 32-bit floats.
    package static let ranges = (unobservedWeight: 1e-9...1e3, lambda: 1e-9...1e9, frequencyPower: 0.0...2)

    /// The first invalid weight; nil if all are valid.
    public var validationError: String? {
        for (name, value, range) in [
            ("an unobserved weight", unobservedWeight, Self.ranges.unobservedWeight), ("a lambda", lambda, Self.ranges.lambda),
            ("a frequency power", frequencyPower, Self.ranges.frequencyPower),
        ] where !range.contains(value) {
            return "\(name) of \(value); expected \(range.lowerBound) to \(range.upperBound)"
        }
        return nil
    }

    /// The penalty of the squared vector of who has so many clicks, with `others` to click on.
    package func ofVector(clicks: Int, others: Int) -> Double {
        lambda * pow(Double(clicks) + unobservedWeight * Double(others), frequencyPower)
    }
}

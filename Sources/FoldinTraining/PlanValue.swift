import FoldinEvaluation
import FoldinInteractions
import FoldinModels
import Foundation

/// A value that an option may have, as text.
protocol PlanValue: Sendable {
    /// What must be given, for messages.
    static var expected: String { get }
    init?(planText: String)
    /// The one text of this value, which `init` reads back.
    var planText: String { get }
}

extension Int: PlanValue {
    static var expected: String { "a whole number" }
    init?(planText: String) { self.init(planText) }
    var planText: String { description }
}

extension UInt64: PlanValue {
    static var expected: String { "a whole number from 0 to 18446744073709551615" }
    init?(planText: String) { self.init(planText) }
    var planText: String { description }
}

extension PlanValue where Self: BinaryFloatingPoint & LosslessStringConvertible {
    static var expected: String { "a number" }
    init?(planText: String) {
        guard let value = Self(planText), value.isFinite else { return nil }
        self = value
    }
    /// The shortest text of this number; `1` and not `1.0`.
    var planText: String { self == rounded() && abs(self) < 1e6 ? String(Int(self)) : description }
}

extension Float: PlanValue {}
extension Double: PlanValue {}

extension Metric: PlanValue {
    static var expected: String { "a metric such as ndcg@100" }
    init?(planText: String) {
        guard let metric = try? Metric(named: planText) else { return nil }
        self = metric
    }
    var planText: String { description }
}

/// Numbers separated by commas; `none` for an empty list.
extension Array: PlanValue where Element: PlanValue {
    static var expected: String { "numbers separated by commas, or none" }
    init?(planText: String) {
        if planText == "none" {
            self = []
            return
        }
        let parts = planText.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Element(planText: $0.trimmingCharacters(in: .whitespaces)) }
        guard values.count == parts.count else { return nil }
        self = values
    }
    var planText: String { isEmpty ? "none" : map(\.planText).joined(separator: ",") }
}

/// `auto` for nil.
extension Optional: PlanValue where Wrapped: PlanValue {
    static var expected: String { Wrapped.expected + ", or auto" }
    init?(planText: String) {
        if planText == "auto" {
            self = .none
            return
        }
        guard let value = Wrapped(planText: planText) else { return nil }
        self = value
    }
    var planText: String { self?.planText ?? "auto" }
}

extension PlanValue where Self: CaseIterable & RawRepresentable<String> {
    static var expected: String { allCases.map(\.rawValue).joined(separator: " or ") }
    init?(planText: String) { self.init(rawValue: planText) }
    var planText: String { rawValue }
}

extension String: PlanValue {
    static var expected: String { "mult-vae or mult-dae or rec-vae" }
    init?(planText: String) { self = planText }
    var planText: String { self }
}
extension Architecture.Activations: PlanValue {}
extension Schedule.Score: PlanValue {}
extension Precision: PlanValue {}
extension TrainingPlan.PaceName: PlanValue {}
extension TrainingPlan.DecayName: PlanValue {}
extension TrainingPlan.AnnealName: PlanValue {}
extension TrainingPlan.SoftmaxName: PlanValue {}

extension TrainingPlan.AnnealCap: PlanValue {
    static var expected: String { "a number, or search" }
    init?(planText: String) {
        if planText == "search" {
            self = .search
            return
        }
        guard let beta = Float(planText: planText) else { return nil }
        self = .beta(beta)
    }
    var planText: String {
        switch self {
        case .beta(let beta): beta.planText
        case .search: "search"
        }
    }
}

extension TrainingPlan.EpochSpan: PlanValue {
    static var expected: String { "a whole number of epochs, or a part of them such as 85%" }
    init?(planText: String) {
        guard planText.hasSuffix("%") else {
            guard let epochs = Int(planText) else { return nil }
            self = .epochs(epochs)
            return
        }
        guard let percent = Double(planText: String(planText.dropLast())) else { return nil }
        self = .fraction(percent / 100)
    }
    var planText: String {
        switch self {
        case .epochs(let epochs): epochs.planText
        // Hundredths of a percent are enough for people; finer ones keep all their digits.
        case .fraction(let fraction):
            (((fraction * 1e4).rounded() / 1e4 == fraction ? (fraction * 1e4).rounded() / 100 : fraction * 100).planText) + "%"
        }
    }
}

import FoldinEvaluation
import FoldinModels
import Foundation

/// One option of a training: its name, and the way between its text and its place in the plan.
struct PlanOption: Sendable {
    /// The long flag without its dashes.
    let name: String
    let help: String
    /// What a value must be, for messages.
    let expected: String
    /// Puts a value where it belongs; false if it cannot be.
    let read: @Sendable (_ text: String, inout TrainingPlan) -> Bool
    /// The value as `read` takes it.
    let write: @Sendable (TrainingPlan) -> String

    init<Value: PlanValue>(
        _ name: String, _ path: WritableKeyPath<TrainingPlan, Value> & Sendable, _ help: String, from least: Value? = nil
    ) where Value: Comparable {
        self.init(name, path, help, least.map { "\(Value.expected) from \($0)" }) { value in least.map { value >= $0 } ?? true }
    }

    init<Value: PlanValue>(_ name: String, _ path: WritableKeyPath<TrainingPlan, Value> & Sendable, _ help: String) {
        self.init(name, path, help, nil) { _ in true }
    }

    private init<Value: PlanValue>(
        _ name: String, _ path: WritableKeyPath<TrainingPlan, Value> & Sendable, _ help: String, _ expected: String?,
        _ isPossible: @escaping @Sendable (Value) -> Bool
    ) {
        self.name = name
        self.help = help
        self.expected = expected ?? Value.expected
        read = { text, plan in
            guard let value = Value(planText: text), isPossible(value) else { return false }
            plan[keyPath: path] = value
            return true
        }
        write = { $0[keyPath: path].planText }
    }
}

/// A value that an option may have, as text.
protocol PlanValue: Sendable {
    /// What must be given, for messages.
    static var expected: String { get }
    init?(planText: String)
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

extension Float: PlanValue {
    static var expected: String { "a number" }
    init?(planText: String) {
        guard let value = Float(planText), value.isFinite else { return nil }
        self = value
    }
    /// The shortest text of this number; `1` and not `1.0`.
    var planText: String { self == rounded() && abs(self) < 1e6 ? String(Int(self)) : description }
}

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

extension Architecture.Family: PlanValue {}
extension Architecture.Activations: PlanValue {}

extension String {
    /// In quotes, for messages.
    var quoted: String { "\"\(self)\"" }
}

/// The names nearest to one that is none of them, for messages; nil when none is near.
func suggestions(for name: String, among names: [String]) -> String? {
    let near = names.map { ($0, editDistance(name, $0)) }
        .filter { $0.1 <= max(2, name.count / 3) || (name.count > 2 && $0.0.contains(name)) }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    return near.isEmpty ? nil : near.prefix(3).map(\.0).joined(separator: " or ")
}

/// The fewest insertions, deletions and replacements of characters that make `b` of `a` (Levenshtein 1966).
private func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let cost = diagonal + (letter == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = Swift.min(cost, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}

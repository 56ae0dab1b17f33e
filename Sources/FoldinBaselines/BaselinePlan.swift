import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// The options of a closed-form model by name, with the values that flags, tables and the model's card carry; the counterpart of
/// `TrainingPlan` for models without epochs.
///
///     var plan = BaselinePlan(family)
///     try plan.set("lambda", to: "200")
///     let model = try plan.baseline.train(on: dataset)
public struct BaselinePlan: Sendable, Equatable {
    /// The family of the model.
    public let family: ClosedFormFamily
    private var values = OptionValues()

    /// The defaults of a family.
    public init(_ family: ClosedFormFamily) { self.family = family }

    /// The value of an option: `plan[option]`.
    public subscript<Value>(option: TrainingOption<Value>) -> Value {
        get { values[option] }
        set { values[option] = newValue }
    }

    /// What an option does and its default in each family that has it; empty for a name that is not an option's.
    public static func help(for name: String) -> String {
        let uses = ClosedFormFamily.all.flatMap { family in
            family.options.filter { $0.name == name }.map { (family: family.name, option: $0) }
        }
        guard let first = uses.first else { return "" }
        let defaults = uses.map { "\($0.option.defaultText) for \($0.family)" }.joined(separator: ", ")
        return "\(first.option.help) (default: \(defaults))"
    }

    /// Sets one option from text.
    ///
    /// - Throws: `FoldinError` of kind `usage` that names the option, for one that the family does not have or a text that is not one of its
    ///   values.
    public mutating func set(_ name: String, to value: String) throws {
        guard let option = family.options.first(where: { $0.name == name }) else {
            let names = family.options.map(\.name).joined(separator: ", ")
            throw FoldinError(
                .usage, found: "\(name) for \(family.name)", expected: names.isEmpty ? "no options" : "its options: \(names)")
        }
        guard option.set(value, in: &values) else {
            throw FoldinError(.usage, found: "\(name) \"\(value)\"", expected: option.syntax)
        }
    }

    /// All options with their values as text, and `model`; `set` reads the others back.
    public var options: [String: String] {
        Dictionary(
            uniqueKeysWithValues: [("model", family.name)] + family.options.map { ($0.name, $0.text(in: values)) })
    }

    /// The model and its options in a few words: `ease, lambda 500`. An option that is off, 0 by default, is left out.
    public var summary: String {
        let shown = family.options.filter { $0.text(in: values) != "0" || $0.defaultText != "0" }
        return family.name + shown.map { ", \($0.name) \($0.text(in: values))" }.joined()
    }

    /// What computes the model.
    public var baseline: any Baseline { family.baseline(values) }

    /// The plans that the validation users choose from: the family's grid around values that did well elsewhere.
    public static func grid(_ family: ClosedFormFamily) -> [BaselinePlan] {
        family.combinations.map { values in
            var plan = BaselinePlan(family)
            plan.values = values
            return plan
        }
    }

    /// The plans next to this one in an automatic search; see `ModelFamily.moves(from:)`.
    package var moves: [BaselinePlan] {
        family.moves(from: values).map { values in
            var plan = self
            plan.values = values
            return plan
        }
    }

    /// The trained model with the best of the options that cost no new fit, and its plan; see `ClosedFormFamily.freeAxes`.
    ///
    /// Moves along one option at a time, as long as the value rises.
    ///
    /// - Throws: as `Baseline.train`, and what `value` throws.
    package func trainBest(
        on dataset: PreparedDataset, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void,
        value: (any Scorer) throws -> Double
    ) throws -> (model: TrainedModel, plan: BaselinePlan) {
        guard !family.freeAxes.isEmpty,
            let solved = try baseline.solve(dataset.train, workers: workers, isCancelled: isCancelled, progress: progress)
        else {
            return (
                try baseline.train(on: dataset, workers: workers, isCancelled: isCancelled, progress: progress), self
            )
        }
        var best = (plan: self, value: try value(solved.scorer(of: baseline)))
        var tried = [self]
        var isBetter = true
        while isBetter {
            isBetter = false
            for values in family.freeAxes.moves(from: best.plan.values) {
                var plan = self
                plan.values = values
                guard !tried.contains(plan) else { continue }
                tried.append(plan)
                let value = try value(solved.scorer(of: plan.baseline))
                if value > best.value { (best, isBetter) = ((plan, value), true) }
            }
        }
        let chosen = best.plan.baseline
        return (chosen.trained(solved.model(of: chosen, workers: workers), on: dataset), best.plan)
    }
}

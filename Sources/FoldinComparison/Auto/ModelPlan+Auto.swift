import FoldinBaselines
import FoldinInteractions
import FoldinModels
import FoldinTraining

// What an automatic search needs to know of a plan.
extension ModelPlan {
    /// The name of the family.
    var family: String {
        switch self {
        case .baseline(let plan): plan.family.name
        case .network(let plan): plan.family.name
        default: ""
        }
    }

    /// All options with their values; `model` among them.
    var options: [String: String] {
        switch self {
        case .baseline(let plan): plan.options
        case .network(let plan): plan.options
        default: [:]
        }
    }

    /// The options that a fit depends on, as text: equal for plans that differ only in options that cost no new fit.
    var fitKey: String {
        var options = options
        if case .baseline(let plan) = self { for axis in plan.family.freeAxes { options[axis.name] = nil } }
        return options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// The options that differ from the defaults as flags of `foldin train`: `--model name --option value`.
    var flags: String {
        switch self {
        case .baseline(let plan):
            let standard = BaselinePlan(plan.family).options
            let changes = plan.family.options.compactMap { option -> String? in
                let value = plan.options[option.name] ?? option.defaultText
                return value == standard[option.name] ? nil : " --\(option.name) \(value)"
            }
            return "--model \(plan.family.name)" + changes.joined()
        case .network(let plan):
            let changes = plan.changes.filter { $0.name != "model" }
            return "--model \(plan.family.name)" + changes.map { " --\($0.name) \($0.value)" }.joined()
        default: return ""
        }
    }

    /// The model and the options that differ from the defaults, for people.
    var summary: String {
        switch self {
        case .baseline(let plan): return plan.summary
        case .network(let plan):
            let changes = plan.changes.filter { $0.name != "model" && $0.name != "seed" }
            return family + changes.map { ", \($0.name) \($0.value)" }.joined()
        default: return ""
        }
    }

    /// The plans next to this one; see `ModelFamily.moves(from:)`.
    var moves: [ModelPlan] {
        switch self {
        case .baseline(let plan): plan.moves.map(ModelPlan.baseline)
        case .network(let plan): plan.moves.map(ModelPlan.network)
        default: []
        }
    }

    /// The number of epochs of a network; nil for another model.
    var epochs: Int? {
        guard case .network(let plan) = self else { return nil }
        return plan.options["epochs"].flatMap { Int($0) }
    }

    /// The same network with another number of epochs.
    func with(epochs: Int) throws -> ModelPlan {
        guard case .network(var plan) = self else { return self }
        try plan.set("epochs", to: String(epochs))
        return .network(plan)
    }

    /// The plan with some options set.
    func with(_ options: [String: String]) throws -> ModelPlan {
        switch self {
        case .baseline(var plan):
            // `model` stands among the options of a trained model, and is the plan's family.
            for (name, value) in options.sorted(by: { $0.key < $1.key }) where name != "model" { try plan.set(name, to: value) }
            return .baseline(plan)
        case .network(var plan):
            for (name, value) in options.sorted(by: { $0.key < $1.key }) { try plan.set(name, to: value) }
            return .network(plan)
        default: return self
        }
    }
}

import FoldinBaselines
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTraining

/// One way to train a model: a baseline's options or a network's.
public enum ModelPlan: Sendable, Equatable {
    case baseline(BaselinePlan)
    case network(TrainingPlan)

    /// All options as text, `model` among them.
    public var options: [String: String] {
        switch self {
        case .baseline(let plan): plan.options
        case .network(let plan): plan.options
        }
    }

    /// Whether the outcome depends on a seed.
    var hasSeed: Bool {
        if case .network = self { return true }
        return false
    }

    /// The same with another seed; a baseline as it is.
    func with(seed: UInt64) throws -> ModelPlan {
        guard case .network(var plan) = self else { return self }
        try plan.set("seed", to: String(seed))
        return .network(plan)
    }
}

/// A model that takes part in a comparison, and the plans that the validation users choose from.
public struct Contender: Sendable {
    public let name: String
    /// At least one.
    public let plans: [ModelPlan]

    public init(_ name: String, plans: [ModelPlan]) {
        precondition(!plans.isEmpty, "a contender needs a plan")
        (self.name, self.plans) = (name, plans)
    }

    /// The names that `init(named:)` knows, from the simplest model to the dearest.
    public static let names = BaselinePlan.Model.allCases.map(\.rawValue) + Architecture.Family.allCases.map(\.rawValue)

    /// A model by its name: a network with its defaults, RecVAE with its preset, a baseline with a small grid, or with its defaults where not `searching`.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a name that is none.
    public init(named name: String, searching: Bool = true) throws {
        if let model = BaselinePlan.Model(rawValue: name) {
            let plans = searching ? BaselinePlan.grid(model) : [BaselinePlan(model)]
            self.init(name, plans: plans.map(ModelPlan.baseline))
        } else if Architecture.Family(rawValue: name) != nil {
            var plan = TrainingPlan()
            try plan.set("model", to: name)
            if name == Architecture.Family.recVAE.rawValue { try plan.apply(preset: "shenbin-recvae") }
            self.init(name, plans: [.network(plan)])
        } else {
            throw FoldinError(
                .usage, found: "the model \"\(name)\"", expected: "some of \(Contender.names.joined(separator: ", "))")
        }
    }
}

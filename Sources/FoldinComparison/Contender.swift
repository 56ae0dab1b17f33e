import FoldinBaselines
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTraining

/// One way to train a model: a baseline's options, a network's, those of the models of a blend, or the caller's code.
public enum ModelPlan: Sendable {
    /// The options of a model that is computed at once.
    case baseline(BaselinePlan)
    /// The options of a model that is trained by epochs.
    case network(TrainingPlan)
    /// Trained one after the other, then blended by `BlendSearch`; at least one.
    case blend([ModelPlan])
    /// A model made by the caller's code, or trained already.
    case own(OwnTraining)

    /// Whether the outcome depends on a seed.
    var hasSeed: Bool {
        switch self {
        case .baseline: false
        case .network: true
        case .blend(let plans): plans.contains(where: \.hasSeed)
        case .own(let training): training.hasSeed
        }
    }

    /// The same with another seed; a baseline as it is.
    func with(seed: UInt64) throws -> ModelPlan {
        switch self {
        case .baseline: return self
        case .network(var plan):
            try plan.set("seed", to: String(seed))
            return .network(plan)
        case .blend(let plans): return .blend(try plans.map { try $0.with(seed: seed) })
        case .own(var training):
            training.seed = seed
            return .own(training)
        }
    }
}

/// A model that takes part in a comparison, and the plans that the validation users choose from.
public struct Contender: Sendable {
    /// What the model is called in tables.
    public let name: String
    /// At least one. The first, a model's defaults, is kept where nobody can choose: without validation users, and among equals.
    public let plans: [ModelPlan]

    /// A model with at least one plan.
    public init(_ name: String, plans: [ModelPlan]) {
        precondition(!plans.isEmpty, "a contender needs a plan")
        (self.name, self.plans) = (name, plans)
    }

    /// A model that is trained already; see `OwnTraining.init(trained:)`.
    public init(_ name: String, trained model: TrainedModel) {
        self.init(name, plans: [.own(OwnTraining(trained: model))])
    }

    /// The names that `init(named:)` knows, from the simplest model to the dearest.
    public static let names =
        ClosedFormFamily.all.map(\.name) + NetworkFamily.all.map(\.name) + [blend]

    /// The name of the model of the best results: a network by the preset `fast` with a closed-form model.
    private static let blend = "blend"

    /// A model by its name: a network with the preset of its authors or its defaults, a closed-form model with a small grid, or with its defaults where not `searching`.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a name that is none.
    public init(named name: String, searching: Bool = true) throws {
        if let family = ClosedFormFamily(named: name) {
            let standard = BaselinePlan(family)
            let others = searching ? BaselinePlan.grid(family).filter { $0 != standard } : []
            self.init(name, plans: ([standard] + others).map(ModelPlan.baseline))
        } else if let family = NetworkFamily(named: name) {
            var plan = TrainingPlan()
            try plan.set("model", to: name)
            if let preset = family.comparisonPreset { try plan.apply(preset: preset) }
            self.init(name, plans: [.network(plan)])
        } else if name == Contender.blend {
            var plan = TrainingPlan()
            try plan.apply(preset: "fast")
            self.init(name, plans: [.blend([.network(plan), .baseline(BaselinePlan(.edlae))])])
        } else {
            throw FoldinError(
                .usage, found: "the model \"\(name)\"", expected: "some of \(Contender.names.joined(separator: ", "))")
        }
    }
}

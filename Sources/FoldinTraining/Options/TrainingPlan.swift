import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// The options of a training by name, with the values that flags, files, presets, sweeps, the model's card and checkpoints carry.
///
///     var plan = TrainingPlan()
///     try plan.apply(preset: "liang-vae")
///     try plan.set("latent", to: "100")
///     let model = try plan.trainer().train(on: dataset)
///
/// `TrainingOptions` and the families in `NetworkFamily.all` declare the options.
public struct TrainingPlan: Sendable, Equatable {
    var values = OptionValues()

    /// All options at their defaults, those of `foldin train`.
    public init() {}

    /// The value of an option: `plan[option]`.
    public subscript<Value>(option: TrainingOption<Value>) -> Value {
        get { values[option] }
        set { values[option] = newValue }
    }

    /// The value of an option that all families share: `plan[\.network.latent]`.
    subscript<Value>(path: KeyPath<TrainingOptions, TrainingOption<Value>>) -> Value {
        get { values[path] }
        set { values[path] = newValue }
    }

    /// The family of the network, which the option `model` names.
    public var family: NetworkFamily { self[\.network.model] }

    /// The trainer that these options describe; `workers` decides its speed only.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that are invalid, alone or together.
    public func trainer(workers: Workers = Workers()) throws -> Trainer {
        for option in family.foreignOptions where option.text(in: values) != option.defaultText {
            let families = NetworkFamily.all.filter { family in !family.foreignOptions.contains { $0.name == option.name } }
            throw FoldinError(
                .usage, found: "\(option.name) \(option.text(in: values).quoted) for \(family.name)",
                expected: "it with \(families.map(\.name).alternatives)")
        }
        let softmax: Softmax = self[\.computing.softmax] == .exact ? .exact : .sampled(negatives: self[\.computing.negatives])
        let trainer = Trainer(
            try family.configuration(values), schedule: try Schedule(values), seed: self[\.evaluation.seed], workers: workers,
            precision: self[\.computing.precision], softmax: softmax)
        if let error = trainer.validationError {
            throw FoldinError(.usage, found: error, expected: "options that can be trained with")
        }
        return trainer
    }

    /// The options of a trainer, however it was made: `TrainingPlan(of: plan.trainer())` has the options of `plan`.
    init(of trainer: Trainer) {
        let family = NetworkFamily(of: trainer.configuration)
        self[\.network.model] = family
        family.read(trainer.configuration, &values)
        values.read(trainer.schedule)
        self[\.evaluation.seed] = trainer.seed
        self[\.computing.precision] = trainer.precision
        if case .sampled(let count) = trainer.softmax {
            (self[\.computing.softmax], self[\.computing.negatives]) = (.sampled, count)
        }
        for option in family.foreignOptions { option.reset(in: &values) }
    }

    /// The same training in canonical form: equal trainings have equal values, and options without effect have their defaults.
    var canonical: TrainingPlan {
        var plan = self
        family.canonicalize(&plan.values)
        Self.declarations.resetIneffectiveOptions(in: &plan.values)
        return plan
    }
}

extension TrainingPlan {
    /// Options that belong together, as `--help` lists them.
    public struct Section: Sendable {
        /// The heading.
        public let title: String
        /// The declarations in the order of a command line.
        public let options: [any OptionDeclaration]
    }

    /// All options of networks: the network itself, the schedule, the computation.
    public static let sections: [Section] = {
        let shared = TrainingOptions.shared
        let schedule = [shared.optimizer.declarations, shared.annealing.declarations, shared.evaluation.declarations]
        return [
            Section(title: "Network", options: shared.network.declarations + NetworkFamily.all.flatMap(\.options)),
            Section(title: "Schedule", options: schedule.flatMap(\.self)),
            Section(title: "Computing", options: shared.computing.declarations),
        ]
    }()

    /// All options in the order of a command line.
    static let declarations = sections.flatMap(\.options)

    private static let byName = Dictionary(uniqueKeysWithValues: declarations.map { ($0.name, $0) })

    /// The options that a family has, in the order of a command line.
    public static func options(of family: NetworkFamily) -> [any OptionDeclaration] {
        let foreign = Set(family.foreignOptions.map(\.name))
        return declarations.filter { !foreign.contains($0.name) }
    }

    /// The names of all options: the long flags of `foldin train`, without dashes.
    public static let optionNames = declarations.map(\.name)

    /// What an option does, in a sentence or two; empty for a name that is not an option's.
    public static func help(for name: String) -> String { byName[name]?.help ?? "" }

    /// Sets one option from text, as a flag or a file gives it.
    ///
    /// Of two options that set the same thing, such as `anneal-epochs` and `anneal-updates`, the one set last counts; `auto` changes neither, so
    /// that a full set of options can be given in any order.
    ///
    /// - Throws: `FoldinError` of kind `usage` that names the option, for an unknown name (with similar names) or a text that is not
    ///   one of the option's values.
    public mutating func set(_ name: String, to value: String) throws {
        guard let option = Self.byName[name] else {
            throw FoldinError(
                .usage, found: "the option \(name.quoted)",
                expected: NearNames.suggestion(for: name, among: Self.optionNames)
                    ?? "one of \(Self.optionNames.joined(separator: ", "))")
        }
        let automatic = "auto"
        if option.alternative != nil, value == automatic { return }
        guard option.set(value, in: &values) else {
            throw FoldinError(.usage, found: "\(name) \(value.quoted)", expected: option.syntax)
        }
        if let other = option.alternative { _ = Self.byName[other]?.set(automatic, in: &values) }
    }

    /// Sets the options of a preset and leaves the others; see `TrainingPreset.all`.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a name that is not a preset's.
    public mutating func apply(preset name: String) throws {
        for (option, value) in try TrainingPreset(named: name).options { try set(option, to: value) }
    }

    /// The options with their values as text, in canonical form; `set` reads each back, in any order. Equal trainings have equal options.
    ///
    /// Options that the family does not have are left out at their defaults, unless it lists them all; so are its own younger ones.
    public var options: [String: String] {
        let values = canonical.values
        let hidden =
            family.listsForeignOptions
            ? NetworkFamily.all.filter { !$0.listsForeignOptions || !$0.listsOwnDefaults }.flatMap(\.options)
            : family.foreignOptions
        let names = Set(hidden.map(\.name))
        let shown = Self.declarations.filter { !names.contains($0.name) || $0.text(in: values) != $0.defaultText }
        return Dictionary(uniqueKeysWithValues: shown.map { ($0.name, $0.text(in: values)) })
    }

    /// The plans next to this one in an automatic search; see `ModelFamily.moves(from:)`.
    package var moves: [TrainingPlan] {
        family.moves(from: values).map { values in
            var plan = self
            plan.values = values
            return plan
        }
    }

    /// The options that differ from the defaults, in the order of a command line.
    package var changes: [(name: String, value: String)] {
        let (options, standard) = (options, TrainingPlan().options)
        return Self.declarations.compactMap { declaration in
            let value = options[declaration.name] ?? declaration.defaultText
            return value == standard[declaration.name] ?? declaration.defaultText ? nil : (declaration.name, value)
        }
    }

    /// Options as a TOML file, one per line in the order of `optionNames`; `foldin train --config` reads it.
    static func toml(_ options: [String: String]) -> String {
        optionNames.compactMap { name in
            options[name].map { value in
                // A seed may be larger than any whole number of TOML's.
                let isNumber = Int(value) != nil || (Double(value) != nil && value.contains { $0 == "." || $0 == "e" })
                return "\(name) = \(isNumber ? value : "\"\(value)\"")\n"
            }
        }.joined()
    }
}

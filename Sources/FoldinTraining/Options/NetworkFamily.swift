import FoldinInteractions
import FoldinModels

/// A kind of network that is trained by gradient steps, with all that options, presets and messages need of it.
///
/// To add one, declare it in a folder of its own, as the others are, and add a line to `all`.
public struct NetworkFamily: ModelFamily {
    /// All families, the default first.
    public static let all: [NetworkFamily] = [.multVAE, .multDAE, .recVAE, .elsa]

    /// What `--model` calls the family.
    public let name: String
    /// What tables and figures call it.
    public let title: String
    /// What the model is, in a few words.
    public let help: String
    /// The options that only this family declares, in the order of a command line.
    public let options: [any OptionDeclaration]
    /// The values that `foldin compare` tries: none, networks train with their defaults or `comparisonPreset`.
    public var grid: [OptionAxis] { [] }
    public let starts: [SearchStart]
    public var search: [OptionAxis] { axes() }
    /// `search`, made when it is needed: the shared options name the families themselves.
    private let axes: @Sendable () -> [OptionAxis]
    /// The trainings of this family that were published.
    public let presets: [TrainingPreset]
    /// The name of the preset that `foldin compare` trains the family with; nil for the defaults.
    public let comparisonPreset: String?
    /// Whether its plans list options that it does not have, shared ones and those of other such families, at their defaults.
    ///
    /// True for the families of version 1: a checkpoint is continued only with equal options.
    let listsForeignOptions: Bool
    /// Whether plans list its own options at their defaults; false for options that are younger than the family's first checkpoints.
    let listsOwnDefaults: Bool
    /// Whether the schedule's beta weighs the divergence of this family's loss.
    public let hasAnnealing: Bool
    /// What is worth knowing when a training begins, in a sentence; nil for nothing.
    let note: @Sendable (_ trainer: Trainer, _ users: Int) -> String?
    /// The shared options that the family does not have; only their defaults are allowed.
    let excluded: @Sendable (TrainingOptions) -> [any OptionDeclaration]
    /// The network that the options describe; throws a `FoldinError` of kind `usage` for values that the family cannot have.
    let configuration: @Sendable (OptionValues) throws -> any ModelConfiguration
    /// Sets the options to those of a network of this family.
    let read: @Sendable (any ModelConfiguration, inout OptionValues) -> Void
    /// Gives equal networks equal options.
    let canonicalize: @Sendable (inout OptionValues) -> Void

    /// Declares a family.
    init(
        name: String, title: String, help: String, options: [any OptionDeclaration] = [], presets: [TrainingPreset],
        comparisonPreset: String? = nil, starts: [SearchStart] = [], search: @escaping @Sendable () -> [OptionAxis] = { [] },
        listsForeignOptions: Bool = false, listsOwnDefaults: Bool = true, hasAnnealing: Bool = false,
        note: @escaping @Sendable (_ trainer: Trainer, _ users: Int) -> String? = { _, _ in nil },
        excluding excluded: @escaping @Sendable (TrainingOptions) -> [any OptionDeclaration] = { _ in [] },
        configuration: @escaping @Sendable (OptionValues) throws -> any ModelConfiguration,
        read: @escaping @Sendable (any ModelConfiguration, inout OptionValues) -> Void,
        canonicalize: @escaping @Sendable (inout OptionValues) -> Void = { _ in }
    ) {
        (self.name, self.title, self.help, self.options) = (name, title, help, options)
        (self.presets, self.comparisonPreset, self.hasAnnealing) = (presets, comparisonPreset, hasAnnealing)
        (self.starts, axes) = (starts, search)
        (self.listsForeignOptions, self.listsOwnDefaults) = (listsForeignOptions, listsOwnDefaults)
        (self.note, self.excluded) = (note, excluded)
        (self.configuration, self.read, self.canonicalize) = (configuration, read, canonicalize)
    }

    /// The family of this name; nil if there is none.
    public init?(named name: String) {
        guard let family = NetworkFamily.all.first(where: { $0.name == name }) else { return nil }
        self = family
    }

    /// The family of the network that `configuration` builds; for one that is not in `all`, a family without options of the network.
    init(of configuration: any ModelConfiguration) {
        let name = configuration.family
        self =
            NetworkFamily(named: name)
            ?? NetworkFamily(
                name: name, title: name, help: "", presets: [],
                excluding: { options in options.network.declarations.filter { $0.name != options.network.model.name } },
                configuration: { _ in configuration }, read: { _, _ in })
    }

    /// The options that a training of this family must leave at their defaults: shared ones it does not have, and other families' own.
    var foreignOptions: [any OptionDeclaration] {
        excluded(.shared) + NetworkFamily.all.filter { $0 != self }.flatMap(\.options)
    }
}

extension Trainer {
    /// What is worth knowing when a training on `users` begins, in a sentence; nil for nothing.
    public func note(users: Int) -> String? { NetworkFamily(of: configuration).note(self, users) }
}

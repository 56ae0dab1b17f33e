import FoldinInteractions

/// A kind of model that is computed from the training matrix at once, with all that options, messages and searches need of it.
///
/// To add one, declare it beside its `Baseline`, as `ItemKNNOptions.swift` does, and add a line to `all`.
public struct ClosedFormFamily: ModelFamily {
    /// All families, from the simplest to the most expensive.
    public static let all: [ClosedFormFamily] = [.popularity, .itemKNN, .chebyCF, .ials, .mrf, .ease, .edlae]

    /// What `--model` calls the family.
    public let name: String
    /// What the model is, in a few words.
    public let help: String
    /// The options that only this family declares, in the order of a command line.
    public let options: [any OptionDeclaration]
    /// The values that `foldin compare` tries by the validation users; empty for the defaults alone.
    public let grid: [OptionAxis]
    public let starts: [SearchStart]
    public let search: [OptionAxis]
    /// Options that cost no new fit, with the values that an automatic search tries after each fit; see `Baseline.solve`.
    public let freeAxes: [OptionAxis]
    /// The model with these options.
    let baseline: @Sendable (OptionValues) -> any Baseline

    /// The family of this name; nil if there is none.
    public init?(named name: String) {
        guard let family = ClosedFormFamily.all.first(where: { $0.name == name }) else { return nil }
        self = family
    }

    /// Declares the family of `model`.
    init<Model: Baseline>(
        _ model: Model.Type, help: String, options: [any OptionDeclaration] = [], grid: [OptionAxis] = [],
        starts: [SearchStart] = [SearchStart()], search: [OptionAxis] = [], freeAxes: [OptionAxis] = [],
        baseline: @escaping @Sendable (OptionValues) -> Model
    ) {
        (self.name, self.help, self.options, self.grid, self.baseline) = (Model.name, help, options, grid, baseline)
        (self.starts, self.search, self.freeAxes) = (starts, search, freeAxes)
    }
}

extension ClosedFormFamily: Equatable {
    /// Whether both have the same name, which is unique.
    public static func == (first: ClosedFormFamily, second: ClosedFormFamily) -> Bool { first.name == second.name }
}

/// A kind of model that can be trained by name, with all that names, help and searches need of it.
///
/// A family is declared in a file of its own and registered by one line in `NetworkFamily.all` or `ClosedFormFamily.all`.
public protocol ModelFamily: Sendable {
    /// What options and files call it.
    var name: String { get }
    /// What it is, in a few words.
    var help: String { get }
    /// The options that only this family declares, in the order of a command line.
    var options: [any OptionDeclaration] { get }
    /// The values that `foldin compare` tries by the validation users; empty for the defaults alone.
    var grid: [OptionAxis] { get }
    /// Where an automatic search begins with this family; empty for a family that it leaves out.
    var starts: [SearchStart] { get }
    /// The values that an automatic search moves along, one option at a time.
    var search: [OptionAxis] { get }
}

/// How much a dataset says of each pair of a user and an item, which decides what models suit it.
public enum DataDensity: String, Sendable, Codable {
    /// Few of all pairs have a click, as in a shop.
    case sparse
    /// Many do, as in films.
    case dense

    /// A dataset is sparse if less than 0.2% of all pairs have a click: Gowalla has 0.07%, MovieLens 1M 2.7%.
    public init(of clicks: InteractionMatrix) {
        let pairs = Double(clicks.userCount) * Double(clicks.itemCount)
        self = Double(clicks.count) < 0.002 * pairs ? .sparse : .dense
    }
}

/// The options that an automatic search tries first.
public struct SearchStart: Sendable {
    /// The data that they are for; nil for any.
    public let density: DataDensity?
    /// The options by name; the others have their defaults.
    public let options: [String: String]
    /// What is changed if the model does not fit in memory; empty for nothing.
    public let smaller: [String: String]

    /// A start for this data.
    public init(_ density: DataDensity? = nil, _ options: [String: String] = [:], smaller: [String: String] = [:]) {
        (self.density, self.options, self.smaller) = (density, options, smaller)
    }
}

/// An option with the values that a search tries.
public struct OptionAxis: Sendable {
    /// The name of the option.
    package let name: String
    /// Sets each of the values.
    package let settings: [@Sendable (inout OptionValues) -> Void]

    /// The axis of an option.
    public init<Value>(_ option: TrainingOption<Value>, _ values: [Value]) {
        name = option.name
        settings = values.map { value in { $0[option] = value } }
    }
}

extension ModelFamily {
    /// Every combination of the grid's values, the last axis varying fastest; the defaults alone where the grid is empty.
    public var combinations: [OptionValues] {
        grid.reduce([OptionValues()]) { combinations, axis in
            combinations.flatMap { combination in
                axis.settings.map { set in
                    var values = combination
                    set(&values)
                    return values
                }
            }
        }
    }

    /// The options next to `values` in the search.
    package func moves(from values: OptionValues) -> [OptionValues] { search.moves(from: values) }
}

extension [OptionAxis] {
    /// For each axis the value before that of `values` and the one after, the lower one first; where the value is none of the axis, all of them.
    package func moves(from values: OptionValues) -> [OptionValues] {
        flatMap { axis in
            let settings = axis.settings.map { set in
                var moved = values
                set(&moved)
                return moved
            }
            guard let place = settings.firstIndex(of: values) else { return settings }
            return [place - 1, place + 1].filter(settings.indices.contains).map { settings[$0] }
        }
    }
}

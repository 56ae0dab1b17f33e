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
}

/// An option with the values that a search tries.
public struct OptionAxis: Sendable {
    /// Sets each of the values.
    let settings: [@Sendable (inout OptionValues) -> Void]

    /// The axis of an option.
    public init<Value>(_ option: TrainingOption<Value>, _ values: [Value]) {
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
}

/// The declaration of one training option: the only place that states its name, default, help and range.
///
/// Flags, TOML keys, presets, sweep axes, the model's card and checkpoints follow from it. What reads the value does so by
/// `values[option]`:
///
///     static let gamma = TrainingOption<Float>("gamma", default: 0.005, "Weight of the divergence per click of a user.")
///     let weight = plan[gamma]
public struct TrainingOption<Value: OptionValue>: OptionDeclaration {
    /// The long flag without its dashes, and the key in files.
    public let name: String
    /// What the option does, in a sentence or two.
    public let help: String
    /// What `--help` calls the value; nil for the name.
    public let placeholder: String?
    /// The name of an option that sets the same thing in another unit.
    public let alternative: String?
    /// What a text must be, for error messages.
    public let syntax: String
    /// The value of an option that is not set.
    public let defaultValue: Value
    private let isAllowed: @Sendable (Value) -> Bool
    private let condition: @Sendable (OptionValues) -> Bool

    /// Declares an option that may have any value of its type.
    ///
    /// - Parameters:
    ///   - name: The long flag without its dashes, and the key in files.
    ///   - defaultValue: The value of an option that is not set.
    ///   - placeholder: What `--help` calls the value; nil for the name.
    ///   - alternative: The name of an option that sets the same thing in another unit; see `OptionDeclaration.alternative`.
    ///   - help: What the option is for, in a sentence or two.
    ///   - condition: Whether the option has an effect beside the other values.
    public init(
        _ name: String, default defaultValue: Value, placeholder: String? = nil, alternative: String? = nil, _ help: String,
        where condition: @escaping @Sendable (OptionValues) -> Bool = { _ in true }
    ) {
        self.init(
            name, defaultValue, placeholder, alternative, help, syntax: Value.optionSyntax, isAllowed: { _ in true },
            condition)
    }

    /// Declares an option whose values must be in `range`; the other parameters are as above.
    public init(
        _ name: String, default defaultValue: Value, in range: ClosedRange<Value>, placeholder: String? = nil, _ help: String,
        where condition: @escaping @Sendable (OptionValues) -> Bool = { _ in true }
    ) where Value: Comparable {
        self.init(
            name, defaultValue, placeholder, nil, help,
            syntax: "\(Value.optionSyntax) from \(range.lowerBound.optionText) to \(range.upperBound.optionText)",
            isAllowed: { range.contains($0) }, condition)
    }

    /// Declares an option whose values must be in `range`; the other parameters are as above.
    public init(
        _ name: String, default defaultValue: Value, in range: PartialRangeFrom<Value>, placeholder: String? = nil,
        _ help: String, where condition: @escaping @Sendable (OptionValues) -> Bool = { _ in true }
    ) where Value: Comparable {
        self.init(
            name, defaultValue, placeholder, nil, help, syntax: "\(Value.optionSyntax) from \(range.lowerBound.optionText)",
            isAllowed: { range.contains($0) }, condition)
    }

    private init(
        _ name: String, _ defaultValue: Value, _ placeholder: String?, _ alternative: String?, _ help: String, syntax: String,
        isAllowed: @escaping @Sendable (Value) -> Bool, _ condition: @escaping @Sendable (OptionValues) -> Bool
    ) {
        (self.name, self.defaultValue, self.placeholder, self.alternative) = (name, defaultValue, placeholder, alternative)
        (self.help, self.syntax, self.isAllowed, self.condition) = (help, syntax, isAllowed, condition)
    }

    /// Sets the option from text; false, with nothing changed, for a text that is not a value in its range.
    public func set(_ text: String, in values: inout OptionValues) -> Bool {
        guard let value = Value(optionText: text), isAllowed(value) else { return false }
        values[self] = value
        return true
    }

    /// The canonical text of the option's value.
    public func text(in values: OptionValues) -> String { values[self].optionText }

    /// The canonical text of the default.
    public var defaultText: String { defaultValue.optionText }

    /// Sets the option to its default.
    public func reset(in values: inout OptionValues) { values[self] = defaultValue }

    /// Whether the option has an effect beside the other values.
    public func isEffective(in values: OptionValues) -> Bool { condition(values) }
}

/// A `TrainingOption` whatever the type of its value: what names, texts and help need.
public protocol OptionDeclaration: Sendable {
    /// The long flag without its dashes, and the key in files.
    var name: String { get }
    /// What the option does, in a sentence or two.
    var help: String { get }
    /// What `--help` calls the value; nil for the name.
    var placeholder: String? { get }
    /// The name of an option that sets the same thing in another unit: of the two the one that is set last counts, and `auto` changes neither.
    var alternative: String? { get }
    /// What a text must be, for error messages: `a whole number from 1`.
    var syntax: String { get }
    /// The canonical text of the default.
    var defaultText: String { get }
    /// Sets the option from text; false, with nothing changed, for a text that is not a value in its range.
    func set(_ text: String, in values: inout OptionValues) -> Bool
    /// The canonical text of the option's value.
    func text(in values: OptionValues) -> String
    /// Sets the option to its default.
    func reset(in values: inout OptionValues)
    /// Whether the option has an effect beside the other values; an option without one has its default in the canonical form.
    func isEffective(in values: OptionValues) -> Bool
}

extension Sequence where Element == any OptionDeclaration {
    /// Sets the options that have no effect beside the others to their defaults.
    public func resetIneffectiveOptions(in values: inout OptionValues) {
        for option in self where !option.isEffective(in: values) { option.reset(in: &values) }
    }
}

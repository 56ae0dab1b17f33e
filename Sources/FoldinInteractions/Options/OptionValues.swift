/// The values of training options, each read and written by its declaration; an option that is not set has its default.
public struct OptionValues: Sendable, Equatable {
    /// The values that are not the default, by the option's name.
    private var changed: [String: AnyOptionValue] = [:]

    /// All options at their defaults.
    public init() {}

    /// The value of an option.
    public subscript<Value>(option: TrainingOption<Value>) -> Value {
        get { changed[option.name]?.value(as: Value.self) ?? option.defaultValue }
        set { changed[option.name] = newValue == option.defaultValue ? nil : AnyOptionValue(newValue) }
    }
}

/// A value of any type, which can be compared with another.
private struct AnyOptionValue: Sendable, Equatable {
    private let value: any Sendable
    private let isEqual: @Sendable (AnyOptionValue) -> Bool

    init<Value: OptionValue>(_ value: Value) {
        // In an array, so that a nil stays a value of its own type.
        self.value = [value]
        isEqual = { $0.value(as: Value.self) == value }
    }

    /// The value; nil if it has another type.
    func value<Value: OptionValue>(as type: Value.Type) -> Value? { (value as? [Value])?.first }

    static func == (first: AnyOptionValue, second: AnyOptionValue) -> Bool { first.isEqual(second) }
}

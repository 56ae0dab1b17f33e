import Foundation

/// A type of value that a training option can have, with the way between the value and its text.
///
/// Flags, TOML files, presets, sweeps, the model's card and checkpoints all carry the text.
public protocol OptionValue: Sendable, Equatable {
    /// What a text must be, for error messages: `a whole number`.
    static var optionSyntax: String { get }
    /// Reads a value; nil for a text that is not one.
    init?(optionText: String)
    /// The canonical text of this value, which `init(optionText:)` reads back.
    var optionText: String { get }
}

extension Int: OptionValue {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { "a whole number" }
    /// Reads a value; nil for a text that is not one.
    public init?(optionText: String) { self.init(optionText) }
    /// The canonical text of the value.
    public var optionText: String { description }
}

extension UInt64: OptionValue {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { "a whole number from 0 to 18446744073709551615" }
    /// Reads a value; nil for a text that is not one.
    public init?(optionText: String) { self.init(optionText) }
    /// The canonical text of the value.
    public var optionText: String { description }
}

extension Float: OptionValue {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { "a number" }
    /// Reads a finite number.
    public init?(optionText: String) {
        guard let value = Float(optionText), value.isFinite else { return nil }
        self = value
    }
    /// The shortest text of this number; `1` and not `1.0`.
    public var optionText: String { self == rounded() && abs(self) < 1e6 ? String(Int(self)) : description }
}

extension Double: OptionValue {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { "a number" }
    /// Reads a finite number.
    public init?(optionText: String) {
        guard let value = Double(optionText), value.isFinite else { return nil }
        self = value
    }
    /// The shortest text of this number; `1` and not `1.0`.
    public var optionText: String { self == rounded() && abs(self) < 1e9 ? String(Int(self)) : description }
}

/// Values separated by commas; `none` for an empty list.
extension Array: OptionValue where Element: OptionValue {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { "numbers separated by commas, or none" }
    /// Reads a value; nil for a text that is not one.
    public init?(optionText: String) {
        if optionText == "none" {
            self = []
            return
        }
        let parts = optionText.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Element(optionText: $0.trimmingCharacters(in: .whitespaces)) }
        guard values.count == parts.count else { return nil }
        self = values
    }
    /// The canonical text of the value.
    public var optionText: String { isEmpty ? "none" : map(\.optionText).joined(separator: ",") }
}

/// `auto` for nil.
extension Optional: OptionValue where Wrapped: OptionValue {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { Wrapped.optionSyntax + ", or auto" }
    /// Reads a value; nil for a text that is not one.
    public init?(optionText: String) {
        if optionText == "auto" {
            self = .none
            return
        }
        guard let value = Wrapped(optionText: optionText) else { return nil }
        self = .some(value)
    }
    /// The canonical text of the value.
    public var optionText: String { self?.optionText ?? "auto" }
}

/// The raw value of one case.
extension OptionValue where Self: CaseIterable & RawRepresentable<String> {
    /// What a text must be, for error messages.
    public static var optionSyntax: String { allCases.map(\.rawValue).joined(separator: " or ") }
    /// Reads a value; nil for a text that is not one.
    public init?(optionText: String) { self.init(rawValue: optionText) }
    /// The canonical text of the value.
    public var optionText: String { rawValue }
}

import ArgumentParser
import Foldin

/// Flags made from the declarations of options: `--batch-size` for the option `batch-size`.
///
/// The parser asks a type for its flags by reflection and delivers what was given by decoding. Both are written out here, so that a flag
/// needs nothing but the option's declaration.
struct OptionFlags<Source: FlagSource>: ParsableArguments, CustomReflectable {
    /// The flags that were given, in the order of their declarations.
    let given: [(name: String, value: String)]

    init() { given = [] }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        given = try Source.flags.compactMap { flag in
            try container.decode(Option<String?>.self, forKey: Key(stringValue: flag.name)).wrappedValue.map { (flag.name, $0) }
        }
    }

    var customMirror: Mirror {
        Mirror(
            self,
            children: Source.flags.map { flag -> Mirror.Child in
                let help = ArgumentHelp(flag.help, valueName: flag.placeholder)
                let completion = flag.values.isEmpty ? nil : CompletionKind.list(flag.values)
                return (flag.name, Option<String?>(name: .customLong(flag.name), help: help, completion: completion))
            })
    }

    func validate() throws {
        for (name, _) in given {
            guard let other = Source.flags.first(where: { $0.name == name })?.alternative,
                given.contains(where: { $0.name == other })
            else { continue }
            throw ValidationError("found --\(name) and --\(other); expected one of them at most")
        }
    }

    /// Sets the options whose flags were given.
    ///
    /// - Throws: `FoldinError` of kind `usage` that names the flag.
    func apply(_ set: (_ name: String, _ value: String) throws -> Void) throws {
        for (name, value) in given {
            do {
                try set(name, value)
            } catch let error as FoldinError {
                throw FoldinError(error.kind, found: "--" + error.found, expected: error.expected)
            }
        }
    }

    /// Sets the options of a network whose flags were given.
    func apply(to plan: inout TrainingPlan) throws { try apply { try plan.set($0, to: $1) } }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// A set of flags of `OptionFlags`.
protocol FlagSource: Sendable {
    /// The flags in the order of the help text.
    static var flags: [OptionFlag] { get }
}

/// One flag: an option with the help that says its default.
struct OptionFlag: Sendable {
    let name: String
    let help: String
    let placeholder: String?
    /// The flag that cannot be given together with this one.
    let alternative: String?
    /// What a shell completes the value to; empty if there is no list.
    private(set) var values: [String] = []

    /// The flag of an option of networks, with the help of a closed-form model's option of the same name.
    init(_ option: any OptionDeclaration) {
        (name, placeholder, alternative) = (option.name, option.placeholder, option.alternative)
        var help = "\(option.help) (default: \(option.defaultText))"
        let families = ClosedFormFamily.all.filter { family in family.options.contains { $0.name == option.name } }
        if !families.isEmpty {
            help += " For \(families.map(\.name).joined(separator: ", ")): \(BaselinePlan.help(for: option.name))"
        }
        self.help = help
    }

    /// The flag of an option of closed-form models only.
    init(closedForm option: any OptionDeclaration) {
        (name, placeholder, alternative) = (option.name, option.placeholder, option.alternative)
        help = BaselinePlan.help(for: option.name)
    }

    /// The flag of `--model`, which names every family.
    init(model option: any OptionDeclaration) {
        (name, placeholder, alternative) = (option.name, option.placeholder, option.alternative)
        let families = ClosedFormFamily.all.map(\.name)
        help = "\(option.help) (default: \(option.defaultText)) Or a baseline: \(families.joined(separator: ", "))."
        values = NetworkFamily.all.map(\.name) + families
    }
}

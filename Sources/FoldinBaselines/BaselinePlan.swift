import FoldinInteractions

/// A baseline's options by name, as flags, tables and the model's card call them; the counterpart of `TrainingPlan` for models
/// without epochs.
public struct BaselinePlan: Sendable, Equatable {
    /// The baselines there are.
    public enum Model: String, Sendable, CaseIterable {
        case popularity
        case itemKNN = "item-knn"
        case ease
        case edlae
    }

    /// One option: its name, what it is for, its default, and the values it may have.
    private struct Option {
        let name: String
        let help: String
        let standard: Double
        let range: ClosedRange<Double>
        var isWhole = false

        var expected: String {
            let most = range.upperBound == .greatestFiniteMagnitude ? "" : " to \(optionText(range.upperBound))"
            return (isWhole ? "a whole number" : "a number") + " from \(optionText(range.lowerBound))" + most
        }
    }

    public let model: Model
    private var values: [String: Double]

    /// The defaults of a model.
    public init(_ model: Model) {
        self.model = model
        values = Dictionary(uniqueKeysWithValues: Self.table(model).map { ($0.name, $0.standard) })
    }

    private static func table(_ model: Model) -> [Option] {
        switch model {
        case .popularity: []
        case .itemKNN:
            [
                Option(
                    name: "neighbours", help: "Items like each item that count.", standard: 100, range: 1...1e9, isWhole: true),
                Option(
                    name: "shrinkage", help: "Takes likenesses down that few people stand behind.", standard: 10,
                    range: 0...Double.greatestFiniteMagnitude),
            ]
        case .ease: [lambda(standard: 500), keep]
        case .edlae:
            [
                Option(name: "dropout", help: "Probability of dropping a click.", standard: 0.5, range: 0...0.999),
                lambda(standard: 300),
                keep,
            ]
        }
    }

    private static let keep = Option(
        name: "keep", help: "Weights that each item keeps, the heaviest; 0 for all.", standard: 0, range: 0...1e9, isWhole: true)

    private static func lambda(standard: Double) -> Option {
        Option(
            name: "lambda", help: "Penalty of the squared weights.", standard: standard, range: 0...Double.greatestFiniteMagnitude
        )
    }

    /// The names of a model's options: flags without dashes.
    public static func optionNames(_ model: Model) -> [String] { table(model).map(\.name) }

    /// What an option is for and what it is by default, for people.
    public static func help(for name: String) -> String {
        let uses = Model.allCases.compactMap { model in
            table(model).first { $0.name == name }.map { (model.rawValue, $0) }
        }
        guard let first = uses.first else { return "" }
        let standards = uses.map { "\(optionText($0.1.standard)) for \($0.0)" }.joined(separator: ", ")
        return "\(first.1.help) (default: \(standards))"
    }

    /// Sets one option from text.
    ///
    /// - Throws: `FoldinError` of kind `usage` that names the option, for one the model does not have or a value that cannot be.
    public mutating func set(_ name: String, to value: String) throws {
        let table = Self.table(model)
        guard let option = table.first(where: { $0.name == name }) else {
            throw FoldinError(
                .usage, found: "\(name) for \(model.rawValue)",
                expected: table.isEmpty ? "no options" : "its options: \(table.map(\.name).joined(separator: ", "))")
        }
        guard let number = Double(value), option.range.contains(number), !option.isWhole || number == number.rounded() else {
            throw FoldinError(.usage, found: "\(name) \"\(value)\"", expected: option.expected)
        }
        values[name] = number
    }

    /// All options with their values as text, and `model`; `set` reads the others back.
    public var options: [String: String] {
        values.mapValues(optionText).merging(["model": model.rawValue]) { $1 }
    }

    /// The model and its options in a few words: `ease, lambda 500`.
    public var summary: String {
        let words = Self.table(model).filter { $0.name != "keep" || values["keep"] ?? 0 > 0 }.map {
            ", \($0.name) \(optionText(values[$0.name] ?? $0.standard))"
        }
        return model.rawValue + words.joined()
    }

    /// What trains it.
    public var baseline: any Baseline {
        func value(_ name: String) -> Double { values[name] ?? 0 }
        let keep = value("keep") > 0 ? Int(value("keep")) : nil
        switch model {
        case .popularity: return Popularity()
        case .itemKNN: return ItemKNN(neighbours: Int(value("neighbours")), shrinkage: value("shrinkage"))
        case .ease: return EASE(lambda: value("lambda"), keep: keep)
        case .edlae: return EDLAE(dropout: value("dropout"), lambda: value("lambda"), keep: keep)
        }
    }

    /// The plans that validation users are to choose from when nobody says more: a small grid around values that did well elsewhere.
    public static func grid(_ model: Model) -> [BaselinePlan] {
        let choices: [(String, [Double])] =
            switch model {
            case .popularity: []
            case .itemKNN: [("neighbours", [20, 50, 100, 200]), ("shrinkage", [0, 10, 100])]
            case .ease: [("lambda", [50, 100, 200, 500, 1000])]
            case .edlae: [("dropout", [0.2, 0.35, 0.5, 0.65]), ("lambda", [30, 100, 300])]
            }
        return choices.reduce([BaselinePlan(model)]) { plans, choice in
            plans.flatMap { plan in
                choice.1.map { value in
                    var plan = plan
                    plan.values[choice.0] = value
                    return plan
                }
            }
        }
    }
}

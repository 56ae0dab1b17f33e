#if Experiments
import FoldinInteractions
import FoldinSupport
import FoldinTraining
import Foundation
import TOMLKit

/// The list of trainings that a sweep file describes.
struct SweepExpansion {
    private(set) var runs: [PlannedRun] = []
    private let base: [Setting]
    private let seeds: [String]

    /// An option with its value, both as text.
    private struct Setting {
        let name: String
        let value: String
    }

    init(_ table: TOMLTable) throws {
        base = try table["base"].map { try Self.settings($0.table("base"), in: "base") } ?? []
        seeds = try (table["seeds"]?.list ?? []).map { try String($0.whole("seeds")) }
        for grid in table["grid"]?.list ?? [] { try addGrid(grid.table("grid")) }
        if let random = table["random"] { try addRandom(random.table("random")) }
        for run in table["runs"]?.list ?? [] { try add(Self.settings(run.table("runs"), in: "runs")) }
        var seen: Set<String> = []
        runs = runs.filter { seen.insert($0.id).inserted }
    }

    /// The largest number of trainings of a sweep.
    private static let runLimit = 1_000_000

    /// Adds a configuration, once per seed.
    private mutating func add(_ settings: [Setting]) throws {
        guard runs.count + seeds.count < Self.runLimit else {
            throw FoldinError(.badData, found: "more than \(Self.runLimit) trainings", expected: "fewer")
        }
        var plan = TrainingPlan()
        var hasSeed = false
        for part in [base, settings] {
            // A preset comes first: the options beside it override it.
            for setting in part where setting.name == "preset" { try plan.apply(preset: setting.value) }
            for setting in part where setting.name != "preset" {
                try plan.set(setting.name, to: setting.value)
                if setting.name == "seed" { hasSeed = true }
            }
        }
        guard !seeds.isEmpty, !hasSeed else {
            runs.append(PlannedRun(plan))
            return
        }
        for seed in seeds {
            try plan.set("seed", to: seed)
            runs.append(PlannedRun(plan))
        }
    }

    /// Adds every combination. Axes are in the order of the command's options, after those of other names; the last varies fastest.
    private mutating func addGrid(_ table: TOMLTable) throws {
        var combinations: [[Setting]] = [[]]
        for name in Self.ordered(table.keys) {
            guard let axis = table[name], !axis.list.isEmpty else {
                throw FoldinError(.badData, found: "grid.\(name) without values", expected: "at least one value")
            }
            let values = try axis.list.map { try Self.choice($0, name: name, in: "grid") }
            combinations = combinations.flatMap { combination in values.map { combination + $0 } }
            guard combinations.count <= 100_000 else {
                throw FoldinError(.badData, found: "a grid of more than 100,000 configurations", expected: "a smaller one")
            }
        }
        for combination in combinations { try add(combination) }
    }

    /// Adds `count` random configurations; each value depends only on the seed, the draw's number and the option's name.
    private mutating func addRandom(_ table: TOMLTable) throws {
        guard let count = table["count"].flatMap({ $0.int }), (1...100_000).contains(count) else {
            throw FoldinError(.badData, found: "no random.count", expected: "the number of draws, from 1 to 100,000")
        }
        let seed = try table["seed"].map { try $0.whole("random.seed") } ?? 0
        let names = Self.ordered(table.keys.filter { $0 != "count" && $0 != "seed" })
        let axes = try names.map { ($0, try RandomAxis(table[$0], name: $0)) }
        for draw in 0..<count {
            try add(
                axes.flatMap { name, axis in
                    let place = Self.uniform("\(seed) \(draw) \(name)")
                    return try Self.choice(axis.value(at: place), name: name, in: "random")
                })
        }
    }

    /// The settings of one value of an axis: the option of that name, or each option of a table.
    private static func choice(_ value: any TOMLValueConvertible, name: String, in part: String) throws -> [Setting] {
        if let table = value.table { return try settings(table, in: "\(part).\(name)") }
        return [Setting(name: name, value: try value.text("\(part).\(name)"))]
    }

    private static func settings(_ table: TOMLTable, in part: String) throws -> [Setting] {
        try ordered(table.keys).map { name in
            Setting(name: name, value: try table[name]?.text("\(part).\(name)") ?? "")
        }
    }

    /// Names in the order of the command's options; the parser does not keep the order of the file.
    private static func ordered(_ names: [String]) -> [String] {
        let places = Dictionary(uniqueKeysWithValues: TrainingPlan.optionNames.enumerated().map { ($1, $0) })
        return names.sorted { (places[$0] ?? -1, $0) < (places[$1] ?? -1, $1) }
    }

    /// A number in [0, 1) from a text: 52 bits of its SHA-256.
    private static func uniform(_ text: String) -> Double {
        let digest = Array(text.utf8).withUnsafeBytes(Checksum.sha256)
        return Double(UInt64(digest.prefix(13), radix: 16) ?? 0) / Double(1 << 52)
    }
}

/// The values that one option is drawn from: a list, or a range.
private enum RandomAxis {
    case list([any TOMLValueConvertible])
    case range(from: Double, to: Double, isLogarithmic: Bool, isWhole: Bool)

    init(_ value: (any TOMLValueConvertible)?, name: String) throws {
        guard let range = value?.table else {
            self = .list(value?.list ?? [])
            guard case .list(let values) = self, !values.isEmpty else {
                throw FoldinError(.badData, found: "random.\(name) without values", expected: "a list or a range")
            }
            return
        }
        for key in range.keys where !["from", "to", "scale"].contains(key) {
            throw FoldinError(.badData, found: "random.\(name).\(key)", expected: "from, to and scale")
        }
        guard let from = range["from"], let to = range["to"] else {
            throw FoldinError(.badData, found: "random.\(name) without both ends", expected: "{ from = .., to = .. }")
        }
        let scale = try range["scale"].map { try $0.text("random.\(name).scale") } ?? "linear"
        let (low, high) = (try from.number("random.\(name).from"), try to.number("random.\(name).to"))
        guard low <= high, abs(low) <= 1e15, abs(high) <= 1e15, ["linear", "log"].contains(scale), scale == "linear" || low > 0
        else {
            throw FoldinError(
                .badData, found: "random.\(name) from \(low) to \(high), scale \(scale)",
                expected: "ascending ends, and the scale linear, or log with ends above 0")
        }
        self = .range(from: low, to: high, isLogarithmic: scale == "log", isWhole: from.int != nil && to.int != nil)
    }

    /// The value at a position in [0, 1): a whole number between whole ends, both included, else a number of four digits.
    func value(at place: Double) -> any TOMLValueConvertible {
        switch self {
        case .list(let values): return values[min(values.count - 1, Int(place * Double(values.count)))]
        case .range(let from, let to, let isLogarithmic, let isWhole):
            let width = isWhole ? to + 1 : to
            let value = isLogarithmic ? from * pow(width / from, place) : from + (width - from) * place
            return isWhole ? String(Int(min(to, value.rounded(.down)))) : String(format: "%.4g", value)
        }
    }
}
#endif

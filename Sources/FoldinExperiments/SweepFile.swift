#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinSupport
import FoldinTraining
import Foundation
import TOMLKit

/// A list of trainings written as TOML: what `foldin sweep` reads.
///
///     name = "widths"
///     dataset = "ml-1m"                    # for tables; by default the name of the data's directory
///     seeds = [1, 2]                       # every training once with each
///     [base]                               # options of all, by the long names of foldin train
///     epochs = 50
///     [grid]                               # every combination of these; [[grid]] for several grids
///     dropout = [0.3, 0.5]
///     shape = [{ hidden = 300, latent = 100 }, { hidden = 600, latent = 200 }]    # options that change together; any name
///     [random]                             # drawn values
///     count = 10
///     seed = 7
///     learning-rate = { from = 1e-4, to = 1e-2, scale = "log" }
///     dropout = [0.3, 0.5, 0.7]
///     [[runs]]                             # one more
///     preset = "liang-dae"
///     [halving]                            # after each of these epochs a third continues
///     epochs = [10, 30]
///     keep = 0.34
public struct SweepFile: Sendable {
    /// Successive halving (Jamieson and Talwalkar 2016): after each of `epochs`, only the configurations with the best validation
    /// metric, the mean over seeds of the best epoch so far, continue from their checkpoints.
    public struct Halving: Sendable, Equatable {
        /// The epochs after which configurations are chosen, ascending.
        public let epochs: [Int]
        /// The share of the configurations that continue, rounded up; more than 0 and less than 1.
        public let keep: Double
    }

    /// The sweep's name.
    public let name: String
    /// The dataset's name in tables, if the file gives one.
    public let dataset: String?
    /// The metrics measured on the test users.
    public let metrics: [Metric]
    /// Successive halving; nil to train all runs to their end.
    public let halving: Halving?
    /// All trainings in a fixed order: the grids, the random ones, the single ones; within a configuration by seed. Duplicates
    /// are left out.
    public let runs: [PlannedRun]
    /// The file's text.
    public let text: String

    /// Reads a file.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, or `badData` with the line or the key.
    public init(contentsOf path: String) throws {
        let data = try MappedFile.data(at: path, expected: "a sweep as TOML")
        let file = URL(filePath: path).deletingPathExtension().lastPathComponent
        do {
            try self.init(String(decoding: data, as: UTF8.self), name: file)
        } catch let error as FoldinError {
            throw FoldinError(.badData, file: path, line: error.line, found: error.found, expected: error.expected)
        }
    }

    /// Reads a sweep from its text; `name` is the default of the key `name`.
    ///
    /// - Throws: `FoldinError` of kind `badData`, or `usage` for an invalid option.
    public init(_ text: String, name: String) throws {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw FoldinError(.badData, line: error.source.begin.line, found: error.description, expected: "TOML")
        }
        let known = ["name", "dataset", "seeds", "metrics", "base", "grid", "random", "runs", "halving"]
        for key in table.keys where !known.contains(key) {
            throw FoldinError(.badData, found: "the key \"\(key)\"", expected: known.joined(separator: ", "))
        }
        self.text = text
        self.name = try table["name"].map { try $0.text("name") } ?? name
        dataset = try table["dataset"].map { try $0.text("dataset") }
        metrics =
            try table["metrics"].map { try Metric.list(named: $0.list.map { try $0.text("metrics") }.joined(separator: ",")) }
            ?? Metric.standard + [.coverage(at: 100), .popularity(at: 100)]
        halving = try table["halving"].map { try Halving($0.table("halving")) }
        runs = try SweepExpansion(table).runs
        if halving != nil, runs.contains(where: { $0.plan.options["anneal-cap"] == "search" }) {
            throw FoldinError(
                .badData, found: "halving with anneal-cap search", expected: "one of them: a search trains twice from the start")
        }
        guard !runs.isEmpty else {
            throw FoldinError(.badData, found: "no training", expected: "at least one of [grid], [random], [[runs]]")
        }
    }
}

extension SweepFile.Halving {
    init(_ table: TOMLTable) throws {
        for key in table.keys where !["epochs", "keep"].contains(key) {
            throw FoldinError(.badData, found: "halving.\(key)", expected: "epochs and keep")
        }
        epochs = try (table["epochs"]?.list ?? []).map { try $0.whole("halving.epochs") }
        keep = try table["keep"].map { try $0.number("halving.keep") } ?? 1.0 / 3
        guard let first = epochs.first, first >= 1, zip(epochs, epochs.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw FoldinError(.badData, found: "halving.epochs \(epochs)", expected: "ascending numbers of epochs from 1")
        }
        guard keep > 0, keep < 1 else {
            throw FoldinError(.badData, found: "halving.keep \(keep)", expected: "a share between 0 and 1")
        }
    }
}

extension TOMLValueConvertible {
    /// An array's elements; any other value as the only element.
    var list: [any TOMLValueConvertible] { array.map(Array.init) ?? [self] }

    /// A value as `TrainingPlan.set` takes it: arrays become `300,100`, an empty one `none`.
    func text(_ name: String) throws -> String {
        switch type {
        case .string: return string ?? ""
        case .int: return int.map(String.init) ?? ""
        case .double: return double.map { "\($0)" } ?? ""
        case .bool: return bool.map { "\($0)" } ?? ""
        case .array:
            let parts = try list.map { try $0.text(name) }
            return parts.isEmpty ? "none" : parts.joined(separator: ",")
        default:
            throw FoldinError(.badData, found: "\(name) of type \(type)", expected: "text, a number or a list of them")
        }
    }

    func number(_ name: String) throws -> Double {
        guard let number = double ?? int.map(Double.init), number.isFinite else {
            throw FoldinError(.badData, found: "\(name) of type \(type)", expected: "a number")
        }
        return number
    }

    func whole(_ name: String) throws -> Int {
        guard let number = int else { throw FoldinError(.badData, found: "\(name) of type \(type)", expected: "a whole number") }
        return number
    }

    func table(_ name: String) throws -> TOMLTable {
        guard let table else { throw FoldinError(.badData, found: "\(name) of type \(type)", expected: "a table [\(name)]") }
        return table
    }
}
#endif

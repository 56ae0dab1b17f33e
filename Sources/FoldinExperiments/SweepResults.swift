#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinModels
import FoldinSupport
import FoldinTraining
import Foundation

/// The results of a sweep, read once from its store: for tables, figures and the report.
///
///     let results = try SweepResults(contentsOf: "out")
///     print(results.bestTable.text(as: .markdown))
public struct SweepResults: Sendable {
    /// The sweep's directory.
    public let directory: String
    /// Name, data and file of the sweep.
    public let sweep: StoredSweep
    /// All runs in the order of the sweep.
    public let runs: [StoredRun]
    /// The epochs of each run, in order.
    public let histories: [String: [StoredEpoch]]
    private let metrics: [String: [String: StoredMetric]]
    /// Whether all evaluated runs have the same validation metric, so that their values can be compared.
    private let hasOneValidationMetric: Bool
    let store: RunStore

    /// Reads the store in a sweep's directory.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` if there is none or it has no sweep, `badData` if it cannot be read.
    public init(contentsOf directory: String) throws {
        store = try RunStore(in: directory)
        guard let sweep = try store.sweep() else {
            throw FoldinError(.missingInput, file: directory, found: "a sweep that has not begun", expected: "at least one run")
        }
        self.directory = directory
        self.sweep = sweep
        runs = try store.runs()
        histories = try store.histories()
        metrics = try store.metrics().mapValues { list in
            Dictionary(uniqueKeysWithValues: list.map { ("\($0.part) \($0.name)", $0) })
        }
        hasOneValidationMetric = Set(runs.filter(\.isEvaluated).map { $0.options["metric"] }).count <= 1
    }

    /// A metric of a run by part and name: `test ndcg@100`.
    public func metric(_ name: String, of run: StoredRun) -> StoredMetric? { metrics[run.id]?[name] }

    /// The validation metric that decided a run's best epoch.
    public func validation(of run: StoredRun) -> StoredMetric? { metric("validation \(run.options["metric"] ?? "")", of: run) }

    /// The names of the test metrics of any run, in the order of `Metric`.
    public var testMetrics: [String] {
        let names = Set(metrics.values.flatMap { $0.values }.filter { $0.part == "test" }.map(\.name))
        return names.compactMap { try? Metric(named: $0) }.sorted().map(\.description)
    }

    /// The runs that are evaluated on the test users.
    public var evaluated: [StoredRun] { runs.filter(\.isEvaluated) }

    /// The evaluated run of a family with the best validation metric; without validation users, or where runs have different validation
    /// metrics, with the best first test metric. The first of runs with equal metrics.
    public func best(of family: String) -> StoredRun? { ranked(evaluated.filter { $0.family == family }).first }

    /// The best run of each family, the best of them first.
    public var leaders: [StoredRun] { ranked(families.compactMap { best(of: $0) }) }

    /// Runs by `rankingValue`, best first; equal ones in the order of the sweep.
    func ranked(_ runs: [StoredRun]) -> [StoredRun] {
        runs.sorted { (rankingValue($0), $1.position) > (rankingValue($1), $0.position) }
    }

    /// The value by which runs are ranked, larger for a better run: see `best(of:)`.
    func rankingValue(_ run: StoredRun) -> Double {
        let value = hasOneValidationMetric ? validation(of: run)?.mean : nil
        return value ?? testMetrics.first.flatMap { metric("test \($0)", of: run)?.mean } ?? -.infinity
    }

    /// The test metric that the report and its figures are about: the validation metric if it was measured on the test users too, otherwise
    /// the first test metric.
    var headlineMetric: String? {
        guard hasOneValidationMetric, let name = evaluated.first?.options["metric"], testMetrics.contains(name) else {
            return testMetrics.first
        }
        return name
    }

    /// The families of the evaluated runs, in the order of `NetworkFamily.all`.
    public var families: [String] {
        let known = NetworkFamily.all.map(\.name)
        let found = Set(evaluated.map(\.family))
        return known.filter(found.contains) + found.subtracting(known).sorted()
    }

    /// Loads the model of a run.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` for a run without a model, or as `TrainedModel.init(contentsOf:)`.
    public func model(of run: StoredRun) throws -> TrainedModel {
        guard let path = run.modelPath else {
            throw FoldinError(.missingInput, file: directory, found: "no model of \(run.id)", expected: "a finished run")
        }
        return try TrainedModel(contentsOf: directory + "/" + path)
    }
}

extension StoredRun {
    /// The family's title, as tables have it.
    public var familyTitle: String { Self.title(ofFamily: family) }

    /// The widths of the layers between the items and the items: `600-200-600` of the network `I-600-200-600-I`.
    var innerWidths: String? {
        network.map { $0.hasPrefix("I-") && $0.hasSuffix("-I") && $0.count > 4 ? String($0.dropFirst(2).dropLast(2)) : $0 }
    }

    /// The family's title and `innerWidths`.
    var shortTitle: String { [familyTitle, innerWidths].compactMap(\.self).joined(separator: " ") }

    static func title(ofFamily family: String) -> String {
        NetworkFamily(named: family)?.title ?? family
    }
}
#endif

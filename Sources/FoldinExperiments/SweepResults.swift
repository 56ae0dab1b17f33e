import FoldinEvaluation
import FoldinInteractions
import FoldinModels
import FoldinTraining
import Foundation

/// What a sweep's store holds, read once: for tables, figures and the report.
public struct SweepResults: Sendable {
    /// The sweep's directory.
    public let directory: String
    public let sweep: StoredSweep
    /// All runs in the order of the sweep.
    public let runs: [StoredRun]
    /// The epochs of each run, in order.
    public let histories: [String: [StoredEpoch]]
    private let metrics: [String: [String: StoredMetric]]
    let store: RunStore

    /// - Throws: `FoldinError` if there is no store, or nothing in it yet.
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
    }

    /// A figure by a name such as `test ndcg@100`.
    public func figure(_ name: String, of run: StoredRun) -> StoredMetric? { metrics[run.id]?[name] }

    /// The metric that decided a run's best epoch, on the validation users.
    public func validation(of run: StoredRun) -> StoredMetric? { figure("validation \(run.options["metric"] ?? "")", of: run) }

    /// The names of the test metrics of any run, in the order of `Metric`.
    public var testMetrics: [String] {
        let names = Set(metrics.values.flatMap { $0.values }.filter { $0.part == "test" }.map(\.name))
        return names.compactMap { try? Metric(named: $0) }.sorted().map(\.description)
    }

    /// The judged runs.
    public var judged: [StoredRun] { runs.filter(\.isJudged) }

    /// The judged run of a family with the best validation metric, without validation users the best first test metric; the
    /// first of equal ones.
    public func best(of family: String) -> StoredRun? {
        judged.filter { $0.family == family }.max { (standing($0), $1.position) < (standing($1), $0.position) }
    }

    /// What runs are ranked by; the test users have no say where there are validation users.
    func standing(_ run: StoredRun) -> Double {
        validation(of: run)?.mean ?? testMetrics.first.flatMap { figure("test \($0)", of: run)?.mean } ?? -.infinity
    }

    /// The families of the judged runs: the VAE, the DAE, others.
    public var families: [String] {
        let known = ["mult-vae", "mult-dae", "rec-vae"]
        let found = Set(judged.map(\.family))
        return known.filter(found.contains) + found.subtracting(known).sorted()
    }

    public func model(of run: StoredRun) throws -> TrainedModel {
        guard let path = run.modelPath else {
            throw FoldinError(.missingInput, file: directory, found: "no model of \(run.id)", expected: "a finished run")
        }
        return try TrainedModel(contentsOf: directory + "/" + path)
    }
}

extension StoredRun {
    /// `Mult-VAE`, `Mult-DAE` or `RecVAE`.
    public var familyTitle: String { Self.title(ofFamily: family) }

    static func title(ofFamily family: String) -> String {
        if family == "rec-vae" { return "RecVAE" }
        return family.hasPrefix("mult-") ? "Mult-" + family.dropFirst(5).uppercased() : family
    }
}

#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinSupport
import Foundation

extension SweepResults {
    /// The best run of each family, the best of them first: chosen by the validation users, evaluated on the test users.
    public var bestTable: Table {
        let rows = leaders.map { run in
            [
                .text(sweep.dataset), .text(run.familyTitle), .text(run.network ?? ""), .text(run.changedOptions),
                .init(run.bestEpoch), .init(validation(of: run)?.mean, error: nil),
            ] + tests(of: run)
        }
        return Table(
            "Best run of each model",
            columns: [
                .init("dataset"), .init("model"), .init("network"), .init("options"), .init("epoch", .number),
                .init("validation", .measure),
            ] + testColumns, rows: rows)
    }

    /// Every run, also those without metrics.
    public var allTable: Table {
        let rows = runs.map { run in
            [
                .text(sweep.dataset), .text(run.id), .text(run.familyTitle), .init(run.network), .text(run.changedOptions),
                .text(run.seed),
                .text(run.status.rawValue), .init(run.epochs), .init(run.bestEpoch), .init(run.seconds, digits: 1),
                .init(validation(of: run)?.mean, error: nil),
            ] + tests(of: run) + [.init(run.error)]
        }
        return Table(
            "All runs",
            columns: [
                .init("dataset"), .init("run"), .init("model"), .init("network"), .init("options"), .init("seed"),
                .init("status"),
                .init("epochs", .number), .init("best epoch", .number), .init("seconds", .number), .init("validation", .measure),
            ] + testColumns + [.init("error")], rows: rows)
    }

    /// Mean and standard error over the seeds of each configuration with evaluated runs, ordered by the validation metric.
    public var seedTable: Table {
        let groups = Dictionary(grouping: evaluated, by: \.configuration).values.sorted { ($0[0].position) < ($1[0].position) }
        let lines = groups.map { runs -> (Double, [Table.Cell]) in
            func overSeeds(_ value: (StoredRun) -> Double?) -> Table.Cell {
                let (mean, error) = meanAndStandardError(of: runs.compactMap(value))
                return .init(mean, error: error)
            }
            let rank = meanAndStandardError(of: runs.map(rankingValue)).mean ?? 0
            let row: [Table.Cell] = [
                .text(sweep.dataset), .text(runs[0].familyTitle), .text(runs[0].network ?? ""), .text(runs[0].changedOptions),
                .init(runs.count),
                .init(meanAndStandardError(of: runs.compactMap(\.seconds)).mean, digits: 1),
                overSeeds { validation(of: $0)?.mean },
            ]
            return (rank, row + testMetrics.map { name in overSeeds { metric("test \(name)", of: $0)?.mean } })
        }
        // A stable order: configurations with equal means stay in the order of the sweep.
        let order = lines.indices.sorted { (-lines[$0].0, $0) < (-lines[$1].0, $1) }
        return Table(
            "Mean and standard error over seeds",
            columns: [
                .init("dataset"), .init("model"), .init("network"), .init("options"), .init("seeds", .number),
                .init("seconds", .number),
                .init("validation", .measure),
            ] + testColumns, rows: order.map { lines[$0].1 })
    }

    /// One test metric of two runs on the same users; nil if either has no value per user.
    ///
    /// - Throws: `FoldinError` of kind `badData` if the store's scores and users have different counts.
    func comparison(_ first: StoredRun, _ second: StoredRun, by metric: String) throws -> PairedComparison? {
        guard let left = try store.scores(of: first.id, metric: metric),
            let right = try store.scores(of: second.id, metric: metric)
        else { return nil }
        return PairedComparison(left.values, of: left.users, right.values, of: right.users)
    }

    /// Two runs metric by metric on the same test users; see `PairedComparison`.
    ///
    /// - Parameters:
    ///   - first: the run that the other is compared with.
    ///   - second: the other run; differences are its values minus those of `first`.
    ///   - names: the headings of the columns of means.
    /// - Throws: `FoldinError` of kind `badData` if the store's scores and users have different counts.
    public func comparisonTable(
        _ first: StoredRun, _ second: StoredRun, names: (first: String, second: String) = ("first", "second")
    ) throws -> Table {
        let rows: [[Table.Cell]] = try testMetrics.compactMap { name in
            guard let found = try comparison(first, second, by: name) else { return nil }
            return [
                .text(name), .init(found.users), .init(found.firstMean, digits: 4), .init(found.secondMean, digits: 4),
                .init(found.difference, error: found.standardError), .init(found.confidenceInterval?.lowerBound, digits: 4),
                .init(found.confidenceInterval?.upperBound, digits: 4), .init(found.pValue, digits: 4),
            ]
        }
        return Table(
            "\(second.id) minus \(first.id)",
            columns: [
                .init("metric"), .init("users", .number), .init(names.first, .number), .init(names.second, .number),
                .init("difference", .measure), .init("95% from", .number), .init("to", .number), .init("p", .number),
            ], rows: rows)
    }

    /// The run whose identifier is `name` or begins with it.
    ///
    /// - Throws: `FoldinError` of kind `usage` for no such run, several, or one that is not evaluated.
    public func run(named name: String) throws -> StoredRun {
        let found = runs.filter { $0.id == name }.first.map { [$0] } ?? runs.filter { $0.id.hasPrefix(name) }
        guard found.count == 1, let run = found.first, run.isEvaluated else {
            let what = found.isEmpty ? "no run" : found.count > 1 ? "\(found.count) runs" : "a run without metrics"
            throw FoldinError(
                .usage, file: directory, found: "\(what) called \"\(name)\"",
                expected:
                    "the identifier of a finished run, or its beginning, such as \(evaluated.first?.id ?? "of foldin tables")")
        }
        return run
    }

    private var testColumns: [Table.Column] { testMetrics.map { .init($0, .measure) } }

    private func tests(of run: StoredRun) -> [Table.Cell] {
        testMetrics.map { name in
            let result = metric("test \(name)", of: run)
            return .init(result?.mean, error: result?.standardError)
        }
    }
}
#endif

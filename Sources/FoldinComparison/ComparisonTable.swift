import FoldinEvaluation
import FoldinSupport
import Foundation

/// A comparison for people and programs: the metrics of every model, and its difference from one of them.
public struct ComparisonTable: Sendable, Encodable {
    /// One model's difference from another in one metric: positive where the model is better.
    public struct Difference: Sendable, Encodable {
        /// The mean difference.
        public let difference: Double
        /// The interval that covers the true difference in 95 of 100 such experiments; nil for fewer than two users.
        public let low: Double?
        /// The upper end of that interval.
        public let high: Double?
        /// By the paired t test over users; see `PairedComparison`.
        public let pValue: Double?
    }

    /// One model.
    public struct Row: Sendable, Encodable {
        /// The name of the model.
        public let model: String
        /// The chosen options.
        public let options: [String: String]
        /// The metrics on the test users.
        public let test: EvaluationReport
        /// The validation metric that chose; nil without validation users.
        public let validation: Double?
        /// The sample standard deviation of the metrics' means over the seeds; empty for one seed.
        public let seedDeviations: [String: Double]
        /// The number of plans.
        public let candidates: Int
        /// What chose among the candidates.
        public let choice: PlanChoice
        /// Epochs until training stopped; nil for a model without epochs.
        public let epochs: Int?
        /// The epoch that was kept; nil for a model without epochs.
        public let bestEpoch: Int?
        /// Whether that was the last epoch there was, so that the model might be better after more.
        public let isBestAtTheEnd: Bool
        /// What chose the epoch.
        public let epochChoice: PlanChoice?
        /// Seconds of one training of the chosen plan.
        public let trainingSeconds: Double
        /// Seconds for all plans, seeds and evaluations.
        public let totalSeconds: Double
        /// The most bytes in memory; nil where the system does not tell.
        public let peakMemoryBytes: Int?
        /// By metric; empty for the model that the others are compared with.
        public let differences: [String: Difference]
    }

    /// The model that the others are compared with.
    public let against: String?
    /// What chose among plans.
    public let chosenBy: String
    /// The seeds of the models that depend on one.
    public let seeds: [UInt64]
    /// Whether the comparison was cancelled before its end.
    public let interrupted: Bool
    /// Reasons by the names of models that could not be trained.
    public let failures: [String: String]
    /// The models in the order of the comparison.
    public let models: [Row]
    /// Which model leads on the test users, and whether its lead over the next is more than chance, as one sentence; nil for one model.
    public let conclusion: String?
    private let metrics: [Metric]

    private enum CodingKeys: String, CodingKey {
        case against, chosenBy, seeds, interrupted, failures, models, conclusion
    }

    /// The table of an outcome; `against` is a model's name, or nil for the one with the best validation metric.
    public init(_ outcome: ComparisonOutcome, of comparison: Comparison, against: String? = nil) {
        let base = against.map { name in outcome.models.first { $0.name == name } } ?? outcome.best
        self.against = base?.name
        chosenBy = comparison.choosing.description
        seeds = comparison.seeds
        interrupted = outcome.wasCancelled
        failures = Dictionary(uniqueKeysWithValues: outcome.failures.map { ($0.name, $0.reason) })
        metrics = outcome.models.first?.metrics.metrics ?? []
        models = outcome.models.map { Row($0, against: base) }
        conclusion = ComparisonTable.conclusion(of: outcome.models)
    }

    /// The model with the highest mean of the first metric beside the next, by the paired t test over users.
    private static func conclusion(of models: [ComparedModel]) -> String? {
        let means = models.compactMap { model in model.metrics.report.results.first?.mean.map { (model, mean: $0) } }
        let ranked = means.enumerated().sorted { ($1.element.mean, $0.offset) < ($0.element.mean, $1.offset) }.map(\.element)
        guard ranked.count > 1, let metric = models[0].metrics.metrics.first else { return nil }
        let (first, next) = (ranked[0], ranked[1])
        let lead = first.mean - next.mean
        guard lead > 0 else { return "\(first.0.name) and \(next.0.name) have the same \(metric)." }
        let test = PairedComparison(next.0.metrics, first.0.metrics, by: metric)?.pValue.map {
            ": \($0 < 0.05 ? "significant" : "not significant") by the paired t test, p \($0 < 1e-4 ? "" : "= ")" + pText($0)
        }
        return "\(first.0.name) leads, ahead of \(next.0.name) by \(String(format: "%.4f", lead)) in \(metric)\(test ?? "")."
    }

    /// Tables for a terminal of 80 columns: the metrics with their standard errors, the first metric's difference, seconds and memory. Then
    /// the options that were chosen.
    public var text: String {
        var columns: [[String]] = [["model"] + models.map { $0.model.count > 24 ? "…" + $0.model.suffix(23) : $0.model }]
        for (index, metric) in metrics.enumerated() {
            columns.append(
                [metric.description]
                    + models.map { row in
                        let result = row.test.results[index]
                        guard let mean = result.mean else { return "-" }
                        return digits(mean) + (result.standardError.map { " ± " + digits($0) } ?? "")
                    })
        }
        if let against, let metric = metrics.first?.description {
            let differences = models.map { $0.differences[metric] }
            columns.append(["\(metric) less \(against)'s"] + differences.map { $0.map(interval) ?? "" })
            columns.append(["p"] + differences.map { $0.map { $0.pValue.map(ComparisonTable.pText) ?? "-" } ?? "" })
        }
        columns.append(["train s"] + models.map { seconds($0.trainingSeconds) })
        columns.append(["all s"] + models.map { seconds($0.totalSeconds) })
        columns.append(["peak MB"] + models.map { $0.peakMemoryBytes.map { String($0 / 1_000_000) } ?? "-" })
        var sentences: [String] = []
        for row in models {
            // A network has its defaults, and a trained model those of its card; a baseline's options were chosen.
            if let epochs = row.epochs {
                sentences.append(
                    "\(row.model): " + epochText(row, of: epochs) + (row.options["weights"].map { "; weights \($0)" } ?? ""))
            } else if row.options["model"] == row.model, row.options.count > 1 {
                let named = row.options.filter { $0.key != "model" }.sorted { $0.key < $1.key }
                let options = named.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
                sentences.append("\(row.model): \(options)" + choiceText(row))
            }
        }
        for (name, reason) in failures.sorted(by: { $0.key < $1.key }) { sentences.append("\(name): not trained: \(reason)") }
        if let users = models.first?.test { sentences.append("over \(users.users) users, \(users.skippedUsers) skipped") }
        return (TextColumns.lines(columns, width: 80) + [""] + sentences.map { TextColumns.wrapped($0, width: 80) })
            .joined(separator: "\n")
    }

    /// A p-value with two digits, `0.31` or `<0.0001`.
    package static func pText(_ value: Double) -> String { value < 1e-4 ? "<0.0001" : String(format: "%.2g", value) }

    /// Where the options are from.
    private func choiceText(_ row: Row) -> String {
        switch row.choice {
        case .only: ""
        case .validation: " (of \(row.candidates), by validation \(chosenBy))"
        case .tied: " (the defaults: all \(row.candidates) choices have the same validation \(chosenBy))"
        case .unchosen: " (the defaults: no validation users to choose by)"
        }
    }

    /// Which epoch was kept, and why.
    private func epochText(_ row: Row, of epochs: Int) -> String {
        switch row.epochChoice {
        case .unchosen: "all \(epochs) epochs, the last is kept (no validation users to choose by)"
        case .tied: "\(epochs) epochs, the first is kept (all have the same validation metric)"
        default:
            "best of \(epochs) epochs: \(row.bestEpoch ?? 0)"
                + (row.isBestAtTheEnd ? " (the last; more epochs may be better)" : "")
        }
    }

    private func digits(_ value: Double) -> String { String(format: "%.4f", value) }
    private func seconds(_ value: Double) -> String { String(format: "%.1f", value) }

    private func interval(_ value: Difference) -> String {
        let difference = String(format: "%+.4f", value.difference)
        guard let low = value.low, let high = value.high else { return difference }
        return difference + String(format: " [%+.4f, %+.4f]", low, high)
    }
}

extension ComparisonTable.Row {
    init(_ model: ComparedModel, against base: ComparedModel?) {
        self.model = model.name
        options = model.options
        test = model.metrics.report
        validation = model.validation
        var deviations: [String: Double] = [:]
        if model.seedMeans.count > 1 {
            for (index, metric) in model.metrics.metrics.enumerated() {
                let means = model.seedMeans.compactMap { $0[index] }
                let mean = means.reduce(0, +) / Double(means.count)
                deviations["\(metric)"] =
                    (means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count - 1)).squareRoot()
            }
        }
        seedDeviations = deviations.filter { $0.value.isFinite }
        candidates = model.candidates
        choice = model.choice
        (epochs, bestEpoch, epochChoice) = (model.epochs, model.bestEpoch, model.epochChoice)
        isBestAtTheEnd = model.isBestAtTheEnd
        (trainingSeconds, totalSeconds) = (model.trainingSeconds, model.totalSeconds)
        peakMemoryBytes = model.peakMemory
        guard let base, base.name != model.name else {
            differences = [:]
            return
        }
        let pairs = model.metrics.metrics.compactMap { metric -> (String, ComparisonTable.Difference)? in
            guard let paired = PairedComparison(base.metrics, model.metrics, by: metric), let difference = paired.difference
            else {
                return nil
            }
            return (
                metric.description,
                ComparisonTable.Difference(
                    difference: difference, low: paired.confidenceInterval?.lowerBound,
                    high: paired.confidenceInterval?.upperBound, pValue: paired.pValue)
            )
        }
        differences = Dictionary(uniqueKeysWithValues: pairs)
    }
}

#if Experiments
import FoldinEvaluation
import FoldinSupport
import Foundation

/// What a sweep shows, in a few sentences: which model leads, by how much, whether the difference is significant, and on which data.
struct Conclusion {
    private let results: SweepResults
    /// The best run.
    let leader: StoredRun
    /// The run that it is compared with: the best one of the next family, or of the next configuration where there is one family only.
    let runnerUp: StoredRun?
    /// The paired test of the headline metric, the leader minus the runner-up; nil without values per user.
    let comparison: PairedComparison?

    /// The p-value below which a difference is called significant.
    static let level = 0.05

    /// Nil if no run has been evaluated.
    ///
    /// - Throws: `FoldinError` of kind `badData` if the store's scores and users have different counts.
    init?(_ results: SweepResults) throws {
        let leaders = results.leaders
        guard let leader = leaders.first else { return nil }
        (self.results, self.leader) = (results, leader)
        let others = results.evaluated.filter { $0.configuration != leader.configuration }
        let runnerUp = leaders.count > 1 ? leaders[1] : results.ranked(others).first
        self.runnerUp = runnerUp
        comparison = try runnerUp.flatMap { other in
            try results.headlineMetric.flatMap { try results.comparison(other, leader, by: $0) }
        }
    }

    /// The sentences as plain text; the first one says which model leads.
    var sentences: [String] { [lead] + [difference, seeds, length, unfinished].compactMap(\.self) }

    /// The names by which the two runs differ: models, networks or options.
    var names: (leader: String, runnerUp: String) {
        guard let runnerUp else { return (leader.familyTitle, "") }
        if leader.family != runnerUp.family { return (leader.familyTitle, runnerUp.familyTitle) }
        if leader.network != runnerUp.network { return (leader.shortTitle, runnerUp.shortTitle) }
        return (name(of: leader, beside: runnerUp), name(of: runnerUp, beside: leader))
    }

    private func name(of run: StoredRun, beside other: StoredRun) -> String {
        let differing = run.options.filter { $0.key != "seed" && other.options[$0.key] != $0.value }
            .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "\(run.familyTitle) with \(differing.isEmpty ? "other options" : differing.joined(separator: ", "))"
    }

    private var metric: String { results.headlineMetric ?? "" }
    private var metricTitle: String { SweepResults.title(of: metric) }
    private var dataset: String { results.sweep.dataset }

    private var lead: String {
        let value = results.metric("test \(metric)", of: leader)?.mean
        guard let runnerUp, let other = results.metric("test \(metric)", of: runnerUp)?.mean, let value else {
            return
                "\(leader.shortTitle) has test \(metricTitle) \(value.map { Self.number($0) } ?? "unknown") on \(dataset); it is the only "
                + "configuration that was evaluated."
        }
        let users = comparison.map { "\($0.users.grouped) test users" } ?? "test users"
        guard value < other else {
            return "\(names.leader) leads on \(dataset): \(metricTitle) is \(Self.number(value)) for the \(users), against "
                + "\(Self.number(other)) for \(names.runnerUp)."
        }
        return
            "\(names.leader) leads on \(dataset) for the validation users only: for the \(users), \(metricTitle) is \(Self.number(value)), "
            + "against \(Self.number(other)) for \(names.runnerUp)."
    }

    private var difference: String? { comparison.flatMap(Self.difference) }

    /// The size of a paired test's difference, in percent of the first mean too, and whether it is significant; nil without users.
    static func difference(_ found: PairedComparison) -> String? {
        guard let difference = found.difference, let mean = found.firstMean else { return nil }
        let size = number(abs(difference)) + (mean > 0 ? String(format: " (%.1f%%)", abs(difference) / mean * 100) : "")
        guard let p = found.pValue, let interval = found.confidenceInterval else { return "The difference is \(size)." }
        let sign = difference < 0 ? -1.0 : 1.0
        let bounds = [interval.lowerBound * sign, interval.upperBound * sign].sorted().map { number($0) }
        let test = "paired t test on the same users: \(pValue(p)), 95% interval \(bounds[0]) to \(bounds[1])"
        return p < level
            ? "The difference of \(size) is statistically significant (\(test))."
            : "The difference of \(size) is not statistically significant (\(test)): these users do not show which one is better."
    }

    /// The means over seeds of the two configurations.
    private var seeds: String? {
        func mean(_ run: StoredRun) -> (count: Int, text: String)? {
            let values = results.evaluated.filter { $0.configuration == run.configuration }
                .compactMap { results.metric("test \(metric)", of: $0)?.mean }
            let (mean, error) = meanAndStandardError(of: values)
            guard values.count > 1, let mean, let error else { return nil }
            return (values.count, "\(Self.number(mean)) ± \(error < 0.00005 && error > 0 ? "<0.0001" : Self.number(error))")
        }
        guard let first = mean(leader) else { return nil }
        guard let runnerUp, let second = mean(runnerUp), first.count == second.count else {
            return "The mean over its \(first.count) seeds is \(first.text)."
        }
        return "The means over \(first.count) seeds are \(first.text) and \(second.text)."
    }

    /// Runs whose last epoch was the best.
    private var length: String? {
        let measured = results.evaluated.filter { $0.status == .finished && results.validation(of: $0) != nil }
        let growing = measured.count { $0.bestEpoch == $0.epochs }
        guard growing > 0 else { return nil }
        let runs =
            growing == measured.count ? growing == 1 ? "the run" : "all \(growing) runs" : "\(growing) of \(measured.count) runs"
        return "In \(runs), the last epoch was the best: more epochs may improve the results."
    }

    private var unfinished: String? {
        let failed = results.runs.count { $0.status == .failed }
        let open = results.runs.count { !$0.isDone }
        let parts = [failed > 0 ? "\(failed) failed" : nil, open > 0 ? "\(open) not finished" : nil].compactMap(\.self)
        return parts.isEmpty
            ? nil : "Of the \(results.runs.count) runs, \(parts.joined(separator: " and ")): the results are incomplete."
    }

    private static func number(_ value: Double) -> String { (value < 0 ? "−" : "") + String(format: "%.4f", abs(value)) }

    private static func pValue(_ value: Double) -> String {
        "p\u{A0}" + (value < 0.0001 ? "<\u{A0}0.0001" : String(format: "=\u{A0}%.4f", value))
    }
}
#endif

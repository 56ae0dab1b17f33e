import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin auto`: finds a model by itself.
struct AutoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auto", abstract: "Find a good model for a prepared directory: trains many and keeps the best.",
        discussion: """
            Trains popularity, neighbours, linear models, a filter of the graph and networks, varies the options of the best, and blends them. \
            The validation users choose; test users are evaluated once, at the end: the best of each family, with paired tests that are \
            corrected for their number (Holm). Where the validation clicks are training users' own, the winner is trained once more with them. The commands that \
            make the model again are printed.

            Writes to RUN: model.safetensors, the best so far at any time; trials.jsonl, one line per model; run.json at the end. While it searches, \
            candidates/ has the best model of each family. After Ctrl-C the best model so far stays, and --resume goes on. With \
            --trials the outcome is the same to the byte on any machine; with --budget it depends on the machine's speed.
            """)

    @Argument(
        help: ArgumentHelp("A directory made by foldin prepare, with validation users.", valueName: "dir"), completion: .directory
    )
    var directory: String
    @Option(help: ArgumentHelp("The directory to write the run to.", valueName: "run"), completion: .directory) var out: String
    @Option(
        help: ArgumentHelp(
            "The time for everything: 90s, 10m, 2h. (default: 10m, unless --trials is given)", valueName: "time"))
    var budget: String?
    @Option(help: ArgumentHelp("The number of models to train, instead of a time.", valueName: "n")) var trials: Int?
    @Option(help: "The validation metric that chooses.") var metric = "ndcg@100"
    @Option(help: "What to measure on the test users.") var metrics = "ndcg@100,recall@20,recall@50"
    @Option(help: "The seed of all networks.") var seed: UInt64 = 98_765
    @Flag(
        name: .customLong("with-validation"), inversion: .prefixedNo,
        help: "Train the winner once more with the validation users' clicks. (default: if they are clicks of training users)")
    var withValidation: Bool?
    @Flag(help: "Replace an earlier run when the new one is complete.") var overwrite = false
    @Flag(help: "Continue the interrupted search in --out, with the same options.") var resume = false
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print the outcome as one JSON document.") var json = false

    func validate() throws {
        if resume, overwrite { throw ValidationError("found --resume and --overwrite; expected one of them at most") }
        if budget != nil, trials != nil { throw ValidationError("found --budget and --trials; expected one of them at most") }
        if let trials, trials < 1 { throw ValidationError("--trials: found \(trials); expected at least 1") }
        if let budget, Self.seconds(budget) == nil {
            throw ValidationError("--budget: found \(budget); expected a time such as 90s, 10m or 2h")
        }
    }

    /// The seconds of a text such as `10m`; nil for another text.
    static func seconds(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number > 0, number.isFinite,
            number * unit <= 1e9
        else { return nil }
        return number * unit
    }

    func run() throws {
        try Overlap.refuse([Overlap.Input(directory, "the prepared directory")], in: out)
        let limit = trials.map(AutoLimit.trials) ?? .seconds(Self.seconds(budget ?? "10m") ?? 600)
        let trainer = AutoTrainer(
            limit, metric: try Metric(named: metric), testMetrics: try Metric.list(named: metrics), seed: seed,
            usesValidationClicks: withValidation, workers: work.workers)
        let dataset = try PreparedDataset(contentsOf: directory)
        let run =
            resume
            ? try RunDirectory(resumingSearch: out) : try RunDirectory(creating: out, overwriting: overwrite, hasEpochs: false)
        dataset.noteLeakage()
        noteReplacement(by: run)
        let density = DataDensity(of: dataset.train)
        Console.note(
            "\(dataset.train.userCount) users, \(dataset.train.itemCount) items, \(dataset.train.count) clicks: \(density.rawValue) data; "
                + "\(work.workers.count) threads")
        let interrupt = Interrupt()
        let bar = AutoProgress(metric: trainer.metric, limit: limit)
        var isKept = false
        defer { if !isKept, !FileManager.default.fileExists(atPath: run.modelPath) { run.discard() } }
        var outcome: AutoOutcome
        do {
            outcome = try trainer.run(
                on: dataset, in: run, isResumed: resume, isCancelled: { interrupt.happened }, progress: bar.step,
                onTrial: bar.finished)
        } catch is CancellationError {
            bar.end()
            Console.note("interrupted before there was a model")
            throw ExitCode(130)
        }
        bar.end()
        isKept = true
        guard !outcome.wasCancelled else {
            Console.note("interrupted: the best of \(outcome.trials.count) models is \(run.modelPath); go on with --resume")
            throw ExitCode(130)
        }
        try outcome.model.save(to: run.modelPath)
        let record = AutoRecord(outcome)
        try run.write(record, environment: RunEnvironment(threads: work.workers.count))
        AutoTrainer.removeCandidates(of: run)
        try run.finish()
        if json { return try Console.json(record) }
        try Console.result(outcome.text(metric: trainer.metric, directory: directory, out: out))
        try Console.conclusion("model: \(run.finishedModelPath)")
    }
}

/// The contents of `run.json` of an automatic search.
private struct AutoRecord: Encodable {
    let model: String
    let options: [String: String]
    let dataChecksum: String
    let trials: [AutoTrial]
    let commands: [String]
    let tests: [AutoTestRow]
    let test: EvaluationReport?

    init(_ outcome: AutoOutcome) {
        (model, options) = (outcome.model.summary, outcome.model.card.options)
        dataChecksum = outcome.model.card.dataChecksum
        (trials, commands, tests) = (outcome.trials, outcome.commands, outcome.test)
        test = outcome.final ?? outcome.test.first?.test
    }
}

/// An automatic search as it goes, on standard error: one line per model, and a bar on a terminal.
private final class AutoProgress {
    private let metric: Metric
    private let limit: AutoLimit
    private var shown = ContinuousClock.now - .seconds(1)

    init(metric: Metric, limit: AutoLimit) { (self.metric, self.limit) = (metric, limit) }

    func step(_ step: AutoStep) {
        let now = ContinuousClock.now
        guard Console.isWatched, now - shown > .milliseconds(100) else { return }
        shown = now
        let left =
            switch limit {
            case .seconds(let budget): "ETA \(ProgressText.duration(max(0, budget - step.seconds)))"
            case .trials(let count): "of \(count)"
            }
        Console.progress("\(ProgressText.bar(step.fraction)) \(left)  model \(step.number): \(step.model)")
    }

    func finished(_ trial: AutoTrial, isBest: Bool) {
        if Console.isWatched { Console.progress("") }
        let name = trial.flags.isEmpty ? trial.model : trial.flags
        guard let value = trial.validation else {
            return Console.note("\(trial.number)  no model: \(name): \(trial.failure ?? "no users to evaluate")")
        }
        let error = trial.standardError.map { " ± " + String(format: "%.4f", $0) } ?? ""
        Console.note(
            "\(trial.number)  \(metric) \(String(format: "%.5f", value))\(error)  \(String(format: "%.1f", trial.seconds)) s  \(name)"
                + (isBest ? "  (the best so far)" : ""))
    }

    func end() {
        if Console.isWatched { Console.progress("") }
    }
}

extension AutoOutcome {
    /// The best models on validation and test users, and the commands.
    fileprivate func text(metric: Metric, directory: String, out: String) -> String {
        var lines: [String] = []
        if let first = test.first {
            lines.append("On the \(first.test.users) test users, the best of each family as trained for validation:")
            var columns = [["model"] + test.map(\.model)]
            for (index, result) in first.test.results.enumerated() {
                let cells = test.map { row in
                    row.test.results[index].mean.map { String(format: "%.5f", $0) } ?? "-"
                }
                columns.append(["\(result.metric)"] + cells)
            }
            columns.append(["difference"] + test.map { $0.difference.map { String(format: "%+.5f", $0) } ?? "" })
            columns.append(["p (Holm)"] + test.map { $0.pValue.map(ComparisonTable.pText) ?? "" })
            lines += TextColumns.lines(columns, width: 80) + [""]
        }
        if let final {
            lines.append("The winner, trained once more with the validation clicks:")
            lines += ["\(final)", ""]
        }
        lines.append("The model again:")
        lines += commands.map { command in
            "    " + command.replacingOccurrences(of: " DIR", with: " \(directory)").replacingOccurrences(of: "RUN", with: out)
        }
        return lines.joined(separator: "\n")
    }
}

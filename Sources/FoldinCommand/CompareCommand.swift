import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin compare`: which model is best on this data?
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Train several models on a prepared directory and hold them against each other.",
        discussion: """
            Baselines choose their options from a small grid by the validation users; without these all have their defaults. Networks \
            train with their defaults, or with the preset of their authors if there is one. All are evaluated on the same test users: metrics with standard errors, and the \
            difference from one model with its 95% interval and p-value by the paired t test. Ctrl-C ends it with what is finished.
            """)

    @Argument(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(help: ArgumentHelp("The models.", valueName: "a,b,c")) var models = Contender.names.joined(separator: ",")
    @Option(
        help: ArgumentHelp(
            "A model that is trained already, a file or a run directory, to compare as well; may be repeated.",
            valueName: "model"), completion: .file(extensions: ["safetensors"]))
    var trained: [String] = []
    @Option(
        help: ArgumentHelp(
            "The model that the others are held against. (default: the best by the validation users)", valueName: "model"))
    var against: String?
    @Option(help: ArgumentHelp("Train networks with so many seeds and take the mean.", valueName: "n")) var seeds = 1
    @Option(help: "The first seed; the others follow it.") var seed: UInt64 = 98_765
    @Option(help: "What to measure on the test users; the first is compared.") var metrics = "ndcg@100,recall@20,recall@50"
    @Option(help: "The validation metric that chooses options.") var choosing = "ndcg@100"
    @Flag(name: .customLong("no-search"), help: "Train baselines with their defaults only.") var isWithoutSearch = false
    @Option(
        help: ArgumentHelp(
            "Save the best model by the validation users to this file; with seeds, that of the first.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var save: String?
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        if !(1...10_000).contains(seeds) { throw ValidationError("--seeds: found \(seeds); expected 1 to 10000") }
    }

    func run() throws {
        var names: [String] = []
        for name in models.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) where !names.contains(name) {
            names.append(name)
        }
        let contenders = try names.map { try Contender(named: $0, searching: !isWithoutSearch) }
        for path in trained where !names.contains(path) { names.append(path) }
        guard !names.isEmpty else {
            throw FoldinError(.usage, found: "no models", expected: "some of \(Contender.names.joined(separator: ", "))")
        }
        if let against, !names.contains(against) {
            throw FoldinError(
                .usage, found: "--against \(against)", expected: "one of the models compared: \(names.joined(separator: ", "))")
        }
        if let save { try Overlap.refuse([Overlap.Input(directory, "the prepared directory")], in: save) }
        let (measured, choosing) = (try Metric.list(named: metrics), try Metric(named: choosing))
        let dataset = try PreparedDataset(contentsOf: directory)
        let saved = try names.dropFirst(contenders.count).map { path in
            let model = try TrainedModel(contentsOf: path)
            try model.check(fits: dataset, file: path, directory: directory)
            return Contender(path, trained: model)
        }
        let comparison = Comparison(
            contenders + saved, seeds: (0..<UInt64(seeds)).map { seed &+ $0 }, metrics: measured, choosing: choosing,
            workers: work.workers)
        dataset.noteLeakage()
        noteCutoffs(of: comparison.metrics, items: dataset.items.count)
        if dataset.validation.heldOut.count == 0 {
            Console.note("no validation users: baselines have their defaults, networks go through all epochs and keep the last")
        }
        Console.note(
            "\(dataset.train.userCount) training users, \(dataset.train.itemCount) items, \(dataset.train.count) clicks; "
                + "\(work.workers.count) threads")
        let interrupt = Interrupt()
        let bar = ComparisonProgress()
        let outcome = try comparison.run(
            on: dataset, savingWinnerTo: save, isCancelled: { interrupt.happened }, progress: bar.step, onModel: bar.finished)
        bar.end()
        for failure in outcome.failures { Console.note("foldin: \(failure.name): \(failure.reason)") }
        let table = ComparisonTable(outcome, of: comparison, against: against)
        if json {
            try Console.json(table)
        } else if !outcome.models.isEmpty {
            try Console.result(table.text)
            if let conclusion = table.conclusion { try Console.conclusion(conclusion) }
        }
        if let save, let best = outcome.best { Console.note("\(best.name) is saved as \(save)") }
        if outcome.wasCancelled {
            Console.note("interrupted: \(outcome.models.count) of \(names.count) models are finished")
            throw ExitCode(130)
        }
        if outcome.models.isEmpty { throw ExitCode(64) }
    }
}

/// A comparison as it goes, on standard error.
private final class ComparisonProgress {
    private var model = ""
    private var began = ContinuousClock.now
    private var shown = ContinuousClock.now - .seconds(1)

    func step(_ step: ComparisonStep) {
        let now = ContinuousClock.now
        if step.model != model { (model, began) = (step.model, now) }
        guard Console.isWatched, now - shown > .milliseconds(100) else { return }
        shown = now
        let left = (now - began) / .seconds(1) * (1 - step.fraction) / max(step.fraction, 1e-9)
        let estimate = step.fraction > 0 ? "  ETA of this model \(ProgressText.duration(left)) at most" : ""
        Console.progress(
            "\(ProgressText.bar(step.fraction)) model \(step.place)/\(step.count): \(step.model), \(step.detail)\(estimate)")
    }

    func finished(_ model: ComparedModel) {
        if Console.isWatched { Console.progress("") }
        for sentence in model.metrics.ties.sentences { Console.note("\(model.name): \(sentence)") }
        let result = model.metrics.report.results.first
        let figure =
            result.flatMap { result in result.mean.map { "\(result.metric) " + String(format: "%.4f", $0) } }
            ?? "no users to evaluate,"
        Console.note("\(model.name): \(figure) in \(String(format: "%.1f", model.totalSeconds)) s")
    }

    func end() {
        if Console.isWatched { Console.progress("") }
    }
}

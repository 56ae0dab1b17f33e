import ArgumentParser
import Foldin
import FoldinConfiguration
import FoldinKernels
import Foundation

/// `foldin train`: trains a model on a prepared directory and writes a run.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a model on a prepared directory.",
        discussion: """
            Writes to RUN: model.safetensors (the epoch with the best validation score, with item ids and titles), \
            history.jsonl (one line per epoch), tensorboard (its events), options.toml (for --config) and run.json (options and \
            figures). While it trains, checkpoint.safetensors is written every half minute; a large model less often, so that \
            writing takes at most a tenth of the time. After Ctrl-C or a crash the same command with --resume continues to the same \
            model, bit for bit. Ctrl-C also keeps the best model so far, and so does a training that diverges.

            With --overwrite an earlier run stays complete until the new one is: the new run is written to RUN/unfinished-run and \
            then replaces the earlier one, the model by one rename. A training that fails, diverges or is killed leaves the earlier \
            run unchanged.

            The baselines \(ClosedFormFamily.all.map(\.name).joined(separator: ", ")) have no epochs: the run is model.safetensors and run.json.

            Flags override the file of --config, the file overrides a preset, a preset overrides the defaults. The presets:
            \(TrainingPreset.all.map { "\($0.name): \($0.summary)" }.joined(separator: "; ")).
            """)

    @Argument(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(help: ArgumentHelp("The directory to write the run to.", valueName: "run"), completion: .directory) var out: String
    @Flag(help: "Replace an earlier run when the new one is complete.") var overwrite = false
    @Flag(help: "Continue the unfinished run in --out; without a checkpoint it starts from the beginning.") var resume = false
    @Flag(help: "Train with the validation users' clicks as well; a network goes through all epochs and keeps the last.")
    var withValidation = false
    @Option(help: ArgumentHelp("Seconds between checkpoints.", valueName: "seconds")) var checkpointEvery = 30.0
    @Option(
        help: ArgumentHelp("Start from the options of a well-known training.", valueName: "name"),
        completion: .list(TrainingPreset.all.map(\.name))) var preset: String?
    @Option(
        help: ArgumentHelp("Read options from a TOML file: names as of the flags, and preset.", valueName: "file.toml"),
        completion: .file(extensions: ["toml"]))
    var config: String?
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Schedule") var scheduling: ScheduleOptions
    @OptionGroup(title: "Computing") var computing: ComputeOptions
    @OptionGroup(title: "Baselines") var baseline: BaselineOptions
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print the outcome as one JSON document.") var json = false

    func validate() throws {
        if resume, overwrite { throw ValidationError("found --resume and --overwrite; expected one of them at most") }
        if !(checkpointEvery >= 0 && checkpointEvery.isFinite) {
            throw ValidationError("--checkpoint-every: found \(checkpointEvery); expected at least 0")
        }
    }

    func run() throws {
        try Overlap.refuse([Overlap.Input(directory, "the prepared directory")], in: out)
        if let plan = try baselinePlan() { return try train(plan) }
        let (plan, preset) = try resolvedPlan()
        let trainer = try plan.trainer(workers: work.workers)
        let dataset = try trainingData()
        let outline = try trainer.outline(for: dataset)
        let (run, checkpoint) = try openRun(options: trainer.options)
        Console.note(
            "\(outline.summary), \(outline.parameterCount) parameters; \(dataset.train.userCount) users, "
                + "\(dataset.train.itemCount) items, \(dataset.train.count) clicks; \(work.workers.count) threads")
        if let preset { Console.note("\(preset.name): \(preset.summary); \(preset.expectation)") }
        if let note = trainer.note(users: dataset.train.userCount) { Console.note(note) }
        if dataset.validation.heldOut.count == 0 {
            Console.note("no validation users: training goes through all epochs and keeps the last")
        }
        if preset == nil, plan.changes.isEmpty, DataDensity(of: dataset.train) == .sparse {
            let share = Double(dataset.train.count) / Double(dataset.train.userCount) / Double(dataset.train.itemCount)
            Console.note(
                "sparse data: \(String(format: "%.2g", 100 * share))% of all pairs of a user and an item have a click, and hidden layers overfit; "
                    + "foldin auto, or --hidden none --latent 512 --anneal constant, gives a better model")
        }
        dataset.noteLeakage()
        noteReplacement(by: run)

        let interrupt = Interrupt()
        let bar = TrainingProgress(epochs: trainer.schedule.epochs)
        var isKept = false
        defer { if !isKept { run.discardUnlessCheckpointed() } }
        let outcome: TrainingOutcome
        do {
            outcome = try trainer.run(
                on: dataset, from: checkpoint, isCancelled: { interrupt.happened }, checkpointSeconds: checkpointEvery,
                onCheckpoint: { try $0.save(to: run.checkpointPath) }, onStep: bar.step, scratch: run.folder,
                progress: { epoch in
                    bar.epoch(epoch)
                    try run.append(epoch)
                })
        } catch let divergence as TrainingDivergence {
            bar.end()
            // Resumed, it would diverge again. A model of an earlier process stays.
            if !FileManager.default.fileExists(atPath: run.modelPath) { run.discard() }
            throw divergence
        }
        bar.end()
        if let search = outcome.search {
            Console.note("beta found: \(String(format: "%.4f", search.beta)), of epoch \(search.bestEpoch) of the search")
        }
        if outcome.bestEpoch == 0 {
            Console.note("interrupted before the first epoch ended: there is no model yet; go on with --resume")
            throw ExitCode(130)
        }

        var model = outcome.model
        var test: EvaluationReport?
        if !outcome.wasCancelled, outcome.divergence == nil {
            let evaluator = Evaluator(workers: work.workers)
            let scores = try evaluator.userMetrics(model, on: dataset.test, training: dataset.train)
            if dataset.test.heldOut.count > 0 { noteCutoffs(of: evaluator.metrics, items: model.itemCount) }
            scores.noteTies()
            test = scores.report
            model.card.add(scores.report, of: "test")
        }
        try model.save(to: run.modelPath)
        isKept = true
        let record = RunRecord(outline, card: model.card, outcome: outcome, test: test)
        try run.write(record, environment: RunEnvironment(threads: work.workers.count))
        let isComplete = !outcome.wasCancelled && outcome.divergence == nil
        if isComplete { try run.finish() }
        if outcome.divergence != nil { try run.end() }
        outcome.noteDoubts(trainedOn: dataset.train, schedule: trainer.schedule)
        let place = isComplete ? run.finishedModelPath : run.modelPath
        if json {
            try Console.json(record)
        } else {
            try Console.result(record.text(modelPath: place))
        }
        if isComplete { return }
        let earlier = run.replacesRun ? "; \(run.finishedModelPath) is still that of the earlier run" : ""
        if let divergence = outcome.divergence {
            Console.note("foldin: \(divergence); the model of the best epoch before, \(outcome.bestEpoch), is \(place)\(earlier)")
            throw ExitCode(divergence.exitStatus)
        }
        Console.note("interrupted: the best of \(outcome.history.count) epochs is in \(place)\(earlier); go on with --resume")
        throw ExitCode(130)
    }
}

extension TrainCommand {
    /// The options: defaults, then a preset, then a file, then flags. A preset on the command line replaces the file's.
    private func resolvedPlan() throws -> (TrainingPlan, TrainingPreset?) {
        let file = try config.map { try OptionsFile(contentsOf: $0) }
        let preset = try (preset ?? file?.preset).map { try TrainingPreset(named: $0) }
        var plan = TrainingPlan()
        if let preset { try plan.apply(preset: preset.name) }
        try file?.apply(to: &plan)
        try network.apply(to: &plan)
        try scheduling.apply(to: &plan)
        try computing.applyAll(to: &plan)
        return (plan, preset)
    }

    /// The prepared directory; with --with-validation its validation users are training users.
    func trainingData() throws -> PreparedDataset {
        let dataset = try PreparedDataset(contentsOf: directory)
        return withValidation ? dataset.trainingOnValidation() : dataset
    }

    /// The run's directory, and with --resume the checkpoint to continue from.
    private func openRun(options: [String: String]) throws -> (RunDirectory, TrainingCheckpoint?) {
        if resume { return try RunDirectory.resuming(out, options: options) }
        return (try RunDirectory(creating: out, overwriting: overwrite, options: options), nil)
    }
}

/// Says on standard error that an earlier run stays in place until `run` is complete.
func noteReplacement(by run: RunDirectory) {
    guard run.replacesRun else { return }
    Console.note("\(run.path) has a run already: it stays until the new one, in \(run.folder), is complete")
}

extension TrainingOutcome {
    /// Warns on standard error of signs that a finished training learned nothing, or had not learned all.
    fileprivate func noteDoubts(trainedOn clicks: InteractionMatrix, schedule: Schedule) {
        let guessing = clicks.guessingLoss
        if divergence == nil, let last = history.last, last.negativeLogLikelihood > 10 * max(1, guessing) {
            Console.note(
                String(
                    format: "the training loss of the last epoch is %.4g, that of guessing at random %.4g: ",
                    last.negativeLogLikelihood, guessing)
                    + "the training did not converge; lower the learning rate (now \(String(format: "%g", schedule.optimizer.learningRate)))"
            )
        }
        if isBestAtTheEnd(of: schedule) {
            Console.note("the best epoch is the last of \(schedule.epochs): with more --epochs the model may be better")
        }
        if let same = undecided, let mean = same.mean {
            Console.note(
                "all \(history.compactMap(\.validation).count) epochs that were evaluated have the same validation \(same.metric), "
                    + String(format: "%.5f", mean) + ": it cannot choose among them, and the first was kept")
        }
    }
}

extension RunRecord {
    /// The outcome as text.
    func text(modelPath: String) -> String {
        var lines = [
            "\(epochs) epochs in \(String(format: "%.1f", seconds)) s, best epoch \(bestEpoch)"
        ]
        lines += validation.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.5f", $0.value))" }
        if let test { lines += ["", "test", test.description] }
        return (lines + ["", "model: \(modelPath)"]).joined(separator: "\n")
    }
}

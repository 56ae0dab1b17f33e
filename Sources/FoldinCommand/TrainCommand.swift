import ArgumentParser
import Foldin
import FoldinConfiguration
import FoldinKernels
import Foundation

/// `foldin train`: a prepared directory becomes a run with a model.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a model on a prepared directory.",
        discussion: """
            Writes to RUN: model.safetensors (the epoch with the best validation score, with item ids and titles), \
            history.jsonl (a line an epoch), tensorboard (its events), options.toml (for --config) and run.json (options and \
            figures). While it trains, checkpoint.safetensors is written every half minute, or, of a large model, so that writing \
            takes a tenth of the time at most; after Ctrl-C or a crash the same command with --resume goes on to the same model, \
            bit for bit. Ctrl-C also keeps the best model so far.

            The baselines popularity, item-knn, ease and edlae have no epochs: the run is model.safetensors and run.json.

            Flags win over the file of --config, the file over a preset, a preset over the defaults. The presets:
            \(TrainingPreset.all.map { "\($0.name): \($0.summary)" }.joined(separator: "; ")).
            """)

    @Argument(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir")) var directory: String
    @Option(help: ArgumentHelp("The directory to write the run to.", valueName: "run")) var out: String
    @Flag(help: "Replace a run that is already there.") var overwrite = false
    @Flag(help: "Go on with the unfinished run in --out; a run without a checkpoint starts anew.") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints.", valueName: "seconds")) var checkpointEvery = 30.0
    @Option(help: ArgumentHelp("Start from the options of a well-known training.", valueName: "name")) var preset: String?
    @Option(help: ArgumentHelp("Read options from a TOML file: names as of the flags, and preset.", valueName: "file.toml"))
    var config: String?
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Schedule") var scheduling: ScheduleOptions
    @OptionGroup(title: "Computing") var computing: ComputeOptions
    @OptionGroup(title: "Baselines") var baseline: BaselineOptions
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print the outcome as one JSON document.") var json = false

    func validate() throws {
        if resume, overwrite { throw ValidationError("found --resume and --overwrite; expected one of them at most") }
        if !(checkpointEvery >= 0) { throw ValidationError("--checkpoint-every: found \(checkpointEvery); expected at least 0") }
    }

    func run() throws {
        if let plan = try baselinePlan() { return try train(plan) }
        let (plan, preset) = try resolvedPlan()
        let trainer = try plan.trainer(workers: work.workers)
        let dataset = try PreparedDataset(contentsOf: directory)
        let architecture = try trainer.architecture(for: dataset)
        let (run, checkpoint) = try openRun(options: trainer.options)
        Console.note(
            "\(architecture.summary), \(architecture.parameterCount) parameters; \(dataset.train.userCount) users, "
                + "\(dataset.train.itemCount) items, \(dataset.train.count) clicks; \(work.workers.count) threads")
        if let preset { Console.note("\(preset.name): \(preset.summary); \(preset.expectation)") }
        if architecture.family == .multVAE {
            let updates = trainer.schedule.updatesAnEpoch(users: dataset.train.userCount)
            Console.note(trainer.schedule.annealingSummary(updatesAnEpoch: updates))
        }
        if let gamma = trainer.configuration.gamma {
            Console.note("gamma is \(gamma); an epoch is three passes for the encoder and one for the decoder")
        }
        if dataset.validation.heldOut.count == 0 {
            Console.note("no validation users: training goes through all epochs and keeps the last")
        }

        let interrupt = Interrupt()
        let bar = TrainingProgress(epochs: trainer.schedule.epochs)
        var isKept = false
        defer { if !isKept { run.discardUnlessCheckpointed() } }
        let outcome = try trainer.run(
            on: dataset, from: checkpoint, isCancelled: { interrupt.happened }, checkpointSeconds: checkpointEvery,
            onCheckpoint: { try $0.save(to: run.checkpointPath) }, onStep: bar.step, scratch: run.path,
            progress: { epoch in
                bar.epoch(epoch)
                try run.append(epoch)
            })
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
        if !outcome.wasCancelled {
            test = try Evaluator(workers: work.workers).evaluate(model, on: dataset.test, training: dataset.train)
            for result in test?.results ?? [] { model.card.metrics["test \(result.metric)"] = result.mean }
        }
        try model.save(to: run.modelPath)
        isKept = true
        let record = RunRecord(architecture: architecture, card: model.card, outcome: outcome, test: test)
        try run.write(record)
        if json {
            try Console.json(record)
        } else {
            Console.result(record.text(modelPath: run.modelPath))
        }
        if outcome.wasCancelled {
            Console.note(
                "interrupted: the best of \(outcome.history.count) epochs is in \(run.modelPath); go on with --resume")
            throw ExitCode(130)
        }
        try run.finish()
    }
}

extension TrainCommand {
    /// The options: defaults, then a preset, then a file, then flags. A preset on the command line takes the place of the file's.
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

    /// The run's directory, and where it stood if it is to go on.
    private func openRun(options: [String: String]) throws -> (RunDirectory, TrainingCheckpoint?) {
        guard resume, FileManager.default.fileExists(atPath: out) else {
            return (try RunDirectory(creating: out, overwriting: overwrite, options: options), nil)
        }
        guard FileManager.default.fileExists(atPath: out + "/checkpoint.safetensors") else {
            if FileManager.default.fileExists(atPath: out + "/run.json") {
                throw FoldinError(
                    .missingInput, file: out, found: "a finished run", expected: "an unfinished one, with a checkpoint")
            }
            return (try RunDirectory(creating: out, overwriting: true, options: options), nil)
        }
        let checkpoint = try TrainingCheckpoint(contentsOf: out + "/checkpoint.safetensors")
        return (try RunDirectory(resuming: out, from: checkpoint), checkpoint)
    }
}

extension RunRecord {
    /// The outcome for people.
    func text(modelPath: String) -> String {
        var lines = [
            "\(epochs) epochs in \(String(format: "%.1f", seconds)) s, best epoch \(bestEpoch)"
        ]
        lines += validation.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.5f", $0.value))" }
        if let test { lines += ["", "test", test.description] }
        return (lines + ["", "model: \(modelPath)"]).joined(separator: "\n")
    }
}

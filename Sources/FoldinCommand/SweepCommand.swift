#if Experiments
import ArgumentParser
import Foldin
import FoldinExperiments
import FoldinKernels
import Foundation

/// `foldin sweep`: trains all models of one file.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Train all models that a TOML file lists, and keep the results together.",
        discussion: """
            The file has [base] options by the names of foldin train, a [grid] of values, [random] ranges, single [[runs]], \
            seeds, and [halving]; Experiments/ has examples. Each training is a run directory under OUT/runs, and all figures are in \
            OUT/sweep.sqlite for foldin tables and foldin report. Started again after Ctrl-C or a crash, the same command repeats \
            no finished run and continues the others. A failed training is recorded, and the others continue; the exit status is \
            then 65.
            """)

    @Argument(help: ArgumentHelp("The sweep as TOML.", valueName: "file"), completion: .file()) var file: String
    @Option(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir"), completion: .directory) var data: String
    @Option(
        help: ArgumentHelp("The directory to write to, or of the sweep to continue.", valueName: "dir"), completion: .directory)
    var out: String
    @Option(
        help: ArgumentHelp(
            "Trainings at the same time; results do not depend on it. (default: one per processor, at most 4)", valueName: "n"))
    var parallel: Int?
    @Option(
        help: ArgumentHelp(
            "Maximum estimated memory of the trainings in progress together. (default: 80% of the available memory)",
            valueName: "gigabytes"))
    var memory: Double?
    @Option(help: ArgumentHelp("Seconds between a training's checkpoints.", valueName: "seconds")) var checkpointEvery = 30.0
    @Flag(help: "Train failed runs again.") var retryFailed = false
    @Flag(help: "List the trainings and stop.") var dryRun = false
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print the outcome as one JSON document.") var json = false

    func validate() throws {
        if let parallel, parallel < 1 { throw ValidationError("--parallel: found \(parallel); expected at least 1") }
        if let memory, !(memory > 0 && memory < 1e6) {
            throw ValidationError("--memory: found \(memory); expected more than 0 and less than 1000000")
        }
        if !(checkpointEvery >= 0 && checkpointEvery.isFinite) {
            throw ValidationError("--checkpoint-every: found \(checkpointEvery); expected at least 0")
        }
    }

    func run() throws {
        let file = try SweepFile(contentsOf: file)
        if dryRun {
            try Console.result(file.runs.map(\.id).joined(separator: "\n"))
            Console.note("\(file.runs.count) trainings")
            return
        }
        // A sweep does not overwrite data beside its runs.
        let inputs = [Overlap.Input(data, "the prepared directory"), Overlap.Input(self.file, "the sweep file")]
        try Overlap.refuse(inputs, in: out + "/runs")
        if Overlap.isSame(out, data) { try Overlap.refuse(inputs, in: out) }
        try Overlap.refuse(self.file, over: Sweep.files(in: out).map { Overlap.Input($0, "the sweep's record") })
        let dataset = try PreparedDataset(contentsOf: data)
        dataset.noteLeakage()
        var limits = Sweep.Limits()
        limits.parallel = parallel
        limits.threads = work.workers.count
        limits.memory = memory.map { Int($0 * 1e9) } ?? SystemMemory.available.map { $0 / 5 * 4 }
        limits.checkpointSeconds = checkpointEvery
        let sweep = try Sweep(file, on: dataset, from: data, in: out, limits: limits, retryingFailed: retryFailed)
        let interrupt = Interrupt()
        // Ctrl-C is caught as long as the object exists.
        defer { withExtendedLifetime(interrupt) {} }
        let line = SweepLine()
        let isDone = try sweep.run(isCancelled: interrupt.question, progress: line.show)
        if Console.isWatched { Console.progress("") }
        let results = try SweepResults(contentsOf: out)
        guard isDone else {
            Console.note(
                "interrupted: \(results.runs.filter(\.isDone).count) of \(file.runs.count) trainings are done; "
                    + "the same command continues")
            throw ExitCode(130)
        }
        if json { try Console.json(Outcome(results)) } else { try Console.result(results.bestTable.text(as: .markdown)) }
        let failed = results.runs.filter { $0.status == .failed }
        for run in failed { Console.note("failed: \(run.id): \(run.error ?? "")") }
        if !failed.isEmpty { throw ExitCode(65) }
    }

    private struct Outcome: Encodable {
        let directory: String
        let runs, finished, stopped, failed: Int
        let seconds: Double
        let best: [String: String]

        init(_ results: SweepResults) {
            directory = results.directory
            runs = results.runs.count
            finished = results.runs.filter { $0.status == .finished }.count
            stopped = results.runs.filter { $0.status == .stopped }.count
            failed = results.runs.filter { $0.status == .failed }.count
            seconds = results.runs.reduce(0) { $0 + ($1.seconds ?? 0) }
            best = Dictionary(uniqueKeysWithValues: results.families.map { ($0, results.best(of: $0)?.id ?? "") })
        }
    }
}

/// The progress of a sweep on standard error: one line per run, and on a terminal a bar below.
private struct SweepLine: Sendable {
    func show(_ event: SweepEvent, _ progress: SweepProgress) {
        if case .failed(let run, let reason) = event, let advice = advice(for: reason) {
            if Console.isWatched { Console.progress("") }
            Console.note("\(run.id): \(advice)")
        }
        if case .ended(let run) = event {
            if Console.isWatched { Console.progress("") }
            Console.note("[\(progress.done)/\(progress.total)] \(Self.text(run))\(Self.left(progress))")
        }
        guard Console.isWatched else { return }
        Console.progress(
            ProgressText.bar(progress.fraction)
                + " \(progress.done)/\(progress.total) trainings" + (progress.failed > 0 ? ", \(progress.failed) failed" : "")
                + Self.left(progress))
    }

    private static func text(_ run: StoredRun) -> String {
        switch run.status {
        case .failed: "\(run.id) failed: \(run.error ?? "")"
        case .finished, .stopped:
            "\(run.id) \(run.status.rawValue): best epoch \(run.bestEpoch ?? 0) of \(run.epochs), "
                + String(format: "%.1f s", run.seconds ?? 0)
        case .planned, .unfinished: "\(run.id) waits after epoch \(run.epochs)"
        }
    }

    private static func left(_ progress: SweepProgress) -> String {
        guard let seconds = progress.secondsLeft, progress.done < progress.total else { return "" }
        return "  ETA \(ProgressText.duration(seconds)) at most"
    }
}
#endif

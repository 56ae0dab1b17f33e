import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// The options that only baselines have.
struct BaselineOptions: PlanFlags {
    @Option(help: ArgumentHelp(BaselinePlan.help(for: "lambda"))) var lambda: String?
    @Option(help: ArgumentHelp(BaselinePlan.help(for: "neighbours"), valueName: "n")) var neighbours: String?
    @Option(help: ArgumentHelp(BaselinePlan.help(for: "keep"), valueName: "n")) var keep: String?
    @Option(help: ArgumentHelp(BaselinePlan.help(for: "shrinkage"))) var shrinkage: String?
}

// Models without epochs: no checkpoints, no history, the same directory.
extension TrainCommand {
    /// The baseline that the flags ask for; nil when they ask for a network.
    func baselinePlan() throws -> BaselinePlan? {
        guard let model = network.model.flatMap(BaselinePlan.Model.init(rawValue:)) else {
            if let flag = baseline.given.first {
                throw FoldinError(
                    .usage, found: "--\(flag.name) for \(network.model ?? "mult-vae")",
                    expected: "it with --model \(BaselinePlan.Model.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return nil
        }
        for (name, isGiven) in [("preset", preset != nil), ("config", config != nil), ("resume", resume)] where isGiven {
            throw FoldinError(.usage, found: "--\(name) for \(model.rawValue)", expected: "it with a network only")
        }
        var plan = BaselinePlan(model)
        for (name, value) in network.given + scheduling.given + baseline.given where name != "model" {
            do {
                try plan.set(name, to: value)
            } catch let error as FoldinError {
                throw FoldinError(error.kind, found: "--" + error.found, expected: error.expected)
            }
        }
        return plan
    }

    /// Trains a baseline and writes `model.safetensors` and `run.json`.
    func train(_ plan: BaselinePlan) throws {
        let dataset = try PreparedDataset(contentsOf: directory)
        let run = try RunDirectory(creating: out, overwriting: overwrite, hasEpochs: false)
        Console.note(
            "\(plan.summary); \(dataset.train.userCount) users, \(dataset.train.itemCount) items, \(dataset.train.count) clicks; "
                + "\(work.workers.count) threads")
        dataset.noteLeakage()
        noteReplacement(by: run)
        var isKept = false
        defer { if !isKept { run.discardUnlessCheckpointed() } }
        let interrupt = Interrupt()
        let began = ContinuousClock.now
        var shown = began
        var model: TrainedModel
        do {
            model = try plan.baseline.train(
                on: dataset, workers: work.workers, isCancelled: { interrupt.happened },
                progress: { fraction in
                    let now = ContinuousClock.now
                    guard now - shown > .milliseconds(100), fraction > 0 else { return }
                    shown = now
                    let left = (now - began) / .seconds(1) * (1 - fraction) / fraction
                    Console.progress("\(ProgressText.bar(fraction)) ETA \(ProgressText.duration(left))")
                })
        } catch is CancellationError {
            Console.progress("")
            Console.note("interrupted: there is no model")
            throw ExitCode(130)
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        Console.progress("")
        let show = try run.finish(&model, seconds: seconds, on: dataset, workers: work.workers)
        isKept = true
        try show(json)
    }
}

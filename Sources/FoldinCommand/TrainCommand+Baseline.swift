import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

// Closed-form models: the same run directory, without checkpoints and history.
extension TrainCommand {
    /// The closed-form model that the flags name; nil for a network.
    func baselinePlan() throws -> BaselinePlan? {
        let model = network.given.first { $0.name == "model" }?.value
        guard let family = model.flatMap(ClosedFormFamily.init(named:)) else {
            if let flag = baseline.given.first {
                let families = ClosedFormFamily.all.filter { family in family.options.contains { $0.name == flag.name } }
                throw FoldinError(
                    .usage, found: "--\(flag.name) for \(model ?? TrainingPlan().family.name)",
                    expected: "it with --model \(families.map(\.name).joined(separator: ", "))")
            }
            return nil
        }
        for (name, isGiven) in [("preset", preset != nil), ("config", config != nil), ("resume", resume)] where isGiven {
            throw FoldinError(.usage, found: "--\(name) for \(family.name)", expected: "it with a network only")
        }
        var plan = BaselinePlan(family)
        func set(_ name: String, _ value: String) throws { if name != "model" { try plan.set(name, to: value) } }
        try network.apply(set)
        try scheduling.apply(set)
        try baseline.apply(set)
        return plan
    }

    /// Computes a closed-form model and writes `model.safetensors` and `run.json`.
    func train(_ plan: BaselinePlan) throws {
        let dataset = try trainingData()
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

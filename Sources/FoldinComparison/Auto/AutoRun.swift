import FoldinBaselines
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTraining
import Foundation

/// An automatic search as it goes.
final class AutoRun {
    private let trainer: AutoTrainer
    private let dataset: PreparedDataset
    private let run: RunDirectory
    private let folder: AutoFolder
    private let isCancelled: () -> Bool
    private let progress: (AutoStep) -> Void
    private let onTrial: (AutoTrial, Bool) -> Void

    private let began = ContinuousClock.now
    private var search: AutoSearch
    /// Trials of an earlier process by the key of their options, and the blend.
    private var earlier: [String: AutoTrial] = [:]
    /// By family, the best trial.
    private var best: [String: AutoTrial] = [:]
    /// The numbers of the candidates' files, in the order in which families had their first model.
    private var files: [String: Int] = [:]
    private var number = 0
    /// The plans of the trials by number; those of an earlier process as well.
    private var plans: [Int: ModelPlan] = [:]
    private var wasCancelled = false

    init(
        _ trainer: AutoTrainer, _ dataset: PreparedDataset, _ run: RunDirectory, isResumed: Bool,
        isCancelled: @escaping () -> Bool, progress: @escaping (AutoStep) -> Void, onTrial: @escaping (AutoTrial, Bool) -> Void
    ) throws {
        (self.trainer, self.dataset, self.run) = (trainer, dataset, run)
        (self.isCancelled, self.progress, self.onTrial) = (isCancelled, progress, onTrial)
        folder = try AutoFolder(run, isResumed: isResumed)
        search = try AutoSearch(DataDensity(of: dataset.train), seed: trainer.seed)
        for trial in folder.trials { earlier[trial.asked] = trial }
    }

    private var seconds: Double { (ContinuousClock.now - began) / .seconds(1) }

    /// What is left of the time for the search; infinite without a budget.
    ///
    /// What has to follow is taken off: the best models trained once more, and their evaluation on test users.
    private var left: Double {
        guard case .seconds(let budget) = trainer.limit else { return .infinity }
        let members = AutoTrainer.members(of: best)
        let evaluation = best.values.reduce(0) { $0 + $1.evaluationSeconds }
        let testing = evaluation * Double(dataset.test.count) / Double(max(1, dataset.validation.count))
        // A blend scores its members twice on validation users, and once more on test users.
        let blending = members.reduce(0) { $0 + 3 * $1.evaluationSeconds }
        let again = trainsAgain ? members.reduce(0) { $0 + $1.seconds - $1.evaluationSeconds } : 0
        return 0.95 * budget - seconds - testing - blending - again
    }

    private var trainsAgain: Bool { trainer.usesValidationClicks ?? dataset.validatesTrainingUsers }

    /// Runs the search to its end.
    func outcome() throws -> AutoOutcome {
        do { try searchModels() } catch is CancellationError { wasCancelled = true }
        guard var winner = AutoTrainer.members(of: best).first else {
            if wasCancelled { throw CancellationError() }
            let reason = folder.trials.compactMap(\.failure).first
            throw FoldinError(
                .usage, found: "no model that can be trained" + (reason.map { ": \($0)" } ?? ""),
                expected: "more time, more memory, or validation users with a metric")
        }
        var weights: [(trial: AutoTrial, weight: Float)] = [(winner, 1)]
        if !wasCancelled {
            do {
                if let blend = try blended() { (winner, weights) = blend }
            } catch is CancellationError { wasCancelled = true }
        }
        var (model, rows, final): (TrainedModel?, [AutoTestRow], EvaluationReport?) = (nil, [], nil)
        if !wasCancelled {
            do {
                rows = try tested(winner)
                if trainsAgain { (model, final) = try trainedAgain(weights) }
            } catch is CancellationError {
                (wasCancelled, rows) = (true, [])
            }
        }
        var found = try model ?? saved(winner)
        if let report = final ?? rows.first?.test { found.card.add(report, of: "test") }
        return AutoOutcome(
            trials: folder.trials, model: found, commands: commands(weights), test: rows, final: final,
            wasCancelled: wasCancelled)
    }

    // MARK: Trials

    private func searchModels() throws {
        while let candidate = search.next() {
            if isCancelled() { throw CancellationError() }
            // The blend is the last of the trials.
            if case .trials(let count) = trainer.limit, number >= max(1, count - 1) { return }
            if left <= 0, number > 0 { return }
            try attempt(candidate)
        }
    }

    private func attempt(_ candidate: AutoSearch.Candidate) throws {
        if let trial = earlier[candidate.key] {
            number = max(number, trial.number)
            return try finish(candidate, trial)
        }
        // As long as the family's last model took, at least.
        if let known = best[candidate.plan.family], known.seconds > left, number > 0 {
            return search.record(candidate, value: nil, isTooSlow: true)
        }
        number += 1
        let canMeasure = SystemMemory.forgetPeak()
        let start = ContinuousClock.now
        var evaluated = 0.0
        var (plan, isTooSlow): (ModelPlan, Bool) = (candidate.plan, false)
        var result: (mean: Double?, error: Double?) = (nil, nil)
        var failure: String?
        var file: Int?
        do {
            let model: TrainedModel
            (model, plan) = try trained(candidate)
            let beforeEvaluation = ContinuousClock.now
            let report = try Evaluator([trainer.metric], workers: trainer.workers).evaluate(
                model, on: dataset.validation, training: dataset.train, isCancelled: isCancelled)
            evaluated = (ContinuousClock.now - beforeEvaluation) / .seconds(1)
            result = (report.results[0].mean, report.results[0].standardError)
            if let mean = result.mean, mean > best[plan.family]?.validation ?? -.infinity {
                let place = files[plan.family] ?? files.count
                var saved = model
                saved.card.metrics["validation \(trainer.metric)"] = mean
                try saved.save(to: folder.path(place))
                (files[plan.family], file) = (place, place)
            }
        } catch let error as CancellationError {
            number -= 1
            throw error
        } catch let slow as TooSlow {
            (failure, isTooSlow) = (slow.description, true)
        } catch let error as FoldinError where error.kind == .usage || error.kind == .badData {
            failure = error.description
        } catch let divergence as TrainingDivergence {
            failure = divergence.description
        }
        let trial = AutoTrial(
            number: number, model: plan.family, options: plan.options, flags: plan.flags, validation: result.mean,
            standardError: result.error, seconds: (ContinuousClock.now - start) / .seconds(1), evaluationSeconds: evaluated,
            peakMemoryBytes: canMeasure ? SystemMemory.peak : nil, failure: failure, isTooSlow: isTooSlow,
            isScreening: candidate.isScreening, asked: candidate.key, candidate: file)
        try folder.append(trial)
        plans[trial.number] = plan
        try finish(candidate, trial)
    }

    /// Takes the result of a trial into account, and makes its model the best so far if it is.
    private func finish(_ candidate: AutoSearch.Candidate, _ trial: AutoTrial) throws {
        if plans[trial.number] == nil { plans[trial.number] = try candidate.plan.with(trial.options) }
        search.record(candidate, plan: plans[trial.number], value: trial.validation, isTooSlow: trial.isTooSlow)
        if let file = trial.candidate { files[trial.model] = file }
        let leader = AutoTrainer.members(of: best).first?.validation ?? -.infinity
        if let value = trial.validation, value > best[trial.model]?.validation ?? -.infinity { best[trial.model] = trial }
        let isBest = trial.validation ?? -.infinity > leader
        if isBest, let file = trial.candidate, earlier[candidate.key] == nil {
            try folder.publish(file, as: run.modelPath)
        }
        onTrial(trial, isBest)
    }

    /// A model that would take longer than is left.
    private struct TooSlow: Error, CustomStringConvertible {
        let projected: Double
        var description: String { "it would take \(ProgressText.duration(projected)), too long for what is left of the time" }
    }

    /// Trains a candidate; a network with fewer epochs if it would take too long, a model that does not fit in memory as its smaller one.
    private func trained(_ candidate: AutoSearch.Candidate) throws -> (TrainedModel, ModelPlan) {
        do {
            return try trained(candidate.plan)
        } catch let slow as TooSlow {
            let allotted = AutoTrainer.allotted(of: left)
            guard let plan = try AutoTrainer.shortened(candidate.plan, projected: slow.projected, allotted: allotted) else {
                throw slow
            }
            return (try train(plan, isBounded: false), plan)
        } catch let error as FoldinError where error.kind == .usage {
            guard let smaller = candidate.smaller else { throw error }
            return try trained(smaller)
        }
    }

    /// Trains a plan; a closed-form model with the best of the options that cost no new fit, by some of the validation users.
    private func trained(_ plan: ModelPlan) throws -> (TrainedModel, ModelPlan) {
        guard case .baseline(let baseline) = plan else { return (try train(plan), plan) }
        let evaluator = Evaluator([trainer.metric], workers: trainer.workers)
        var best: (model: TrainedModel, plan: BaselinePlan)?
        try bounded(plan) { isCancelled, progress in
            best = try baseline.trainBest(
                on: dataset, workers: trainer.workers, isCancelled: isCancelled, progress: progress,
                value: { scorer in
                    try evaluator.evaluate(scorer, on: someUsers, training: dataset.train, isCancelled: self.isCancelled)
                        .results[0].mean ?? -.infinity
                })
        }
        guard let best else { preconditionFailure("a training that ends has a model") }
        return (best.model, .baseline(best.plan))
    }

    /// At most 5,000 of the validation users.
    private lazy var someUsers = dataset.validation.evaluated(atMost: 5_000)

    private func train(_ plan: ModelPlan, on dataset: PreparedDataset? = nil, isBounded: Bool = true) throws -> TrainedModel {
        let comparison = Comparison([], metrics: [trainer.metric], choosing: trainer.metric, workers: trainer.workers)
        var model: TrainedModel?
        try bounded(plan, isBounded: isBounded) { isCancelled, progress in
            model = try comparison.train(plan, on: dataset ?? self.dataset, isCancelled: isCancelled) { progress($1) }.model
        }
        guard let model else { preconditionFailure("a training that ends has a model") }
        return model
    }

    /// Runs a training, which is cancelled if it would take more than its part of the time.
    private func bounded(
        _ plan: ModelPlan, isBounded: Bool = true,
        _ training: (_ isCancelled: () -> Bool, _ progress: (Double) -> Void) throws -> Void
    ) throws {
        let start = ContinuousClock.now
        let allotted = isBounded ? AutoTrainer.allotted(of: left) : .infinity
        var projected: Double?
        do {
            try training(
                { isCancelled() || projected != nil },
                { fraction in
                    progress(AutoStep(model: plan.summary, number: number, fraction: fraction, seconds: seconds))
                    let elapsed = (ContinuousClock.now - start) / .seconds(1)
                    // The first steps take longer than the others.
                    if allotted < .infinity, elapsed > 2, fraction > 0.01, elapsed / fraction > allotted {
                        projected = elapsed / fraction
                    }
                })
        } catch is CancellationError {
            if isCancelled() { throw CancellationError() }
            throw TooSlow(projected: projected ?? .infinity)
        }
    }

    // MARK: The end

    /// A trial's model, read from its file, or trained again if the file has another.
    private func saved(_ trial: AutoTrial) throws -> TrainedModel {
        if let file = files[trial.model], let model = try? folder.model(file, options: trial.options) { return model }
        guard let plan = plans[trial.number] else { preconditionFailure("every trial has a plan") }
        return try train(plan, isBounded: false)
    }

    /// The blend of the best models, if it is better than the best alone; a trial of its own.
    private func blended() throws -> (trial: AutoTrial, weights: [(trial: AutoTrial, weight: Float)])? {
        let members = AutoTrainer.members(of: best)
        guard members.count > 1 else { return nil }
        number += 1
        let start = ContinuousClock.now
        let models = try members.map(saved)
        progress(AutoStep(model: "a blend", number: number, fraction: 0, seconds: seconds))
        let search = BlendSearch(metric: trainer.metric, workers: trainer.workers)
        var (weights, mean, error): ([Float], Double?, Double?) = ([], nil, nil)
        let blend = try search.blend(
            models, on: dataset, isCancelled: isCancelled,
            chosen: { (weights, mean, error) = ($0, $1.mean, $1.standardError) })
        let used = zip(members, weights).filter { $0.1 != 0 }.map { (trial: $0.0, weight: $0.1) }
        let isBetter = mean ?? 0 > members[0].validation ?? 0 && used.count > 1
        let file = files.count
        if isBetter {
            try blend.save(to: folder.path(file))
            files["blend"] = file
        }
        let trial = AutoTrial(
            number: number, model: "blend", options: blend.card.options, flags: "", validation: mean,
            standardError: error, seconds: (ContinuousClock.now - start) / .seconds(1),
            evaluationSeconds: 0, peakMemoryBytes: nil, failure: nil, isTooSlow: false, isScreening: false,
            asked: "", candidate: isBetter ? file : nil)
        try folder.append(trial)
        onTrial(trial, isBetter)
        guard isBetter else { return nil }
        try folder.publish(file, as: run.modelPath)
        return (trial, used)
    }

    /// The test metrics of the winner and of the best model of each family.
    private func tested(_ winner: AutoTrial) throws -> [AutoTestRow] {
        guard dataset.test.heldOut.count > 0 else { return [] }
        let others = best.values.filter { $0.number != winner.number }
            .sorted { ($0.validation ?? 0, -$0.number) > ($1.validation ?? 0, -$1.number) }
        let evaluator = Evaluator(trainer.testMetrics, workers: trainer.workers)
        var measured: [(trial: AutoTrial, metrics: UserMetrics)] = []
        for trial in [winner] + others {
            progress(AutoStep(model: "test: \(trial.model)", number: number, fraction: 1, seconds: seconds))
            measured.append(
                (
                    trial,
                    try evaluator.userMetrics(
                        saved(trial), on: dataset.test, training: dataset.train, isCancelled: isCancelled)
                ))
        }
        let pairs = measured.map { entry in
            entry.trial.number == winner.number
                ? nil : PairedComparison(measured[0].metrics, entry.metrics, by: trainer.testMetrics[0])
        }
        let corrected = holmCorrected(pairs.map { $0?.pValue })
        return measured.enumerated().map { index, entry in
            AutoTestRow(
                model: entry.trial.model, flags: entry.trial.flags, test: entry.metrics.report,
                difference: pairs[index]?.difference, pValue: corrected[index])
        }
    }

    /// The winner's members trained on the validation users' clicks as well, and blended with the same weights; its test metrics.
    private func trainedAgain(
        _ members: [(trial: AutoTrial, weight: Float)]
    ) throws -> (model: TrainedModel, test: EvaluationReport?) {
        let merged = dataset.trainingOnValidation()
        let models = try members.map { member in
            guard let plan = plans[member.trial.number] else { preconditionFailure("every trial has a plan") }
            return try train(plan, on: merged, isBounded: false)
        }
        let search = BlendSearch(metric: trainer.metric, workers: trainer.workers)
        let model = models.count == 1 ? models[0] : search.blend(models, weights: members.map(\.weight), for: merged)
        guard dataset.test.heldOut.count > 0 else { return (model, nil) }
        let report = try Evaluator(trainer.testMetrics, workers: trainer.workers).evaluate(
            model, on: dataset.test, training: dataset.train, isCancelled: isCancelled)
        return (model, report)
    }

    private func commands(_ members: [(trial: AutoTrial, weight: Float)]) -> [String] {
        let flag = trainsAgain ? " --with-validation" : ""
        let isJoint = members.count > 1
        let runs = members.map { isJoint ? "RUN-\($0.trial.model)" : "RUN" }
        let trainings = zip(members, runs).map { "foldin train DIR \($0.trial.flags)\(flag) --out \($1)" }
        guard isJoint else { return trainings }
        let weights = members.map { "\($0.weight)" }.joined(separator: ",")
        return trainings + ["foldin blend \(runs.joined(separator: " ")) --data DIR --weights \(weights) --out RUN"]
    }
}

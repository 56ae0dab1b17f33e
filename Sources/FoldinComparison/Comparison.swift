import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// Trains several models on one prepared dataset and evaluates them on the same test users.
///
/// Where a model has several plans, the one with the best validation metric counts, the first of equals; test users have no say in it.
/// Without validation users only the first plan, the model's defaults, is trained. Only one model is in memory at a time.
public struct Comparison: Sendable {
    /// The models to compare.
    public let contenders: [Contender]
    /// Seeds of the models that depend on one; their figures are means over the seeds.
    public let seeds: [UInt64]
    /// What is measured on the test users.
    public let metrics: [Metric]
    /// The validation metric that chooses among plans.
    public let choosing: Metric
    /// The threads to use; results do not depend on their number.
    public let workers: Workers

    /// A comparison of at least one seed and one metric.
    public init(
        _ contenders: [Contender], seeds: [UInt64] = [98_765], metrics: [Metric] = Metric.standard,
        choosing: Metric = .ndcg(at: 100), workers: Workers = Workers()
    ) {
        precondition(!seeds.isEmpty && !metrics.isEmpty, "a comparison needs a seed and a metric")
        (self.contenders, self.seeds, self.metrics, self.choosing) = (contenders, seeds, metrics, choosing)
        self.workers = workers
    }

    /// Runs until done or cancelled; what was finished is in the outcome either way.
    ///
    /// - Parameters:
    ///   - dataset: what the models are trained and evaluated on.
    ///   - winnerPath: where to save the model that is `ComparisonOutcome.best`, that of the first seed; it is there whole as soon as the
    ///     first model is finished. Nil for nowhere.
    ///   - isCancelled: called often; the comparison ends when it returns true.
    ///   - progress: called often.
    ///   - onModel: called when a model is finished.
    /// - Throws: `FoldinError` for a dataset without training clicks, and for a winner that cannot be saved or would replace a file. A model
    ///   that cannot be trained is a failure of its own.
    public func run(
        on dataset: PreparedDataset, savingWinnerTo winnerPath: String? = nil, isCancelled: () -> Bool = { Task.isCancelled },
        progress: (ComparisonStep) -> Void = { _ in },
        onModel: (ComparedModel) -> Void = { _ in }
    ) throws -> ComparisonOutcome {
        guard dataset.train.count > 0 else {
            throw FoldinError(.badData, found: "no training interactions", expected: "at least one training user with a click")
        }
        let winner = try winnerPath.map { try WinnerFile($0) }
        var models: [ComparedModel] = []
        var failures: [(name: String, reason: String)] = []
        for (index, contender) in contenders.enumerated() {
            do {
                let model = try compare(contender, on: dataset, winner: winner, isCancelled: isCancelled) { detail, fraction in
                    progress(
                        ComparisonStep(
                            model: contender.name, place: index + 1, count: contenders.count, detail: detail, fraction: fraction))
                }
                if models.allSatisfy({ model.validation ?? -.infinity > $0.validation ?? -.infinity }) { try winner?.modelWins() }
                models.append(model)
                onModel(model)
            } catch let failure as WinnerFile.Failure {
                throw failure.reason
            } catch is CancellationError {
                return ComparisonOutcome(models: models, failures: failures, wasCancelled: true)
            } catch {
                failures.append((contender.name, "\(error)"))
            }
        }
        return ComparisonOutcome(models: models, failures: failures, wasCancelled: false)
    }

    /// One trained plan and its figures.
    private struct Attempt {
        let options: [String: String]
        let validation: Double?
        let metrics: UserMetrics
        let seconds: Double
        let epochs: Epochs?
    }

    /// How a network's training went: the epochs until it stopped, the one that was kept, and what chose it.
    struct Epochs {
        let all: Int
        let best: Int
        /// Whether more epochs might have been better.
        let isBestAtTheEnd: Bool
        let choice: PlanChoice
    }

    private func compare(
        _ contender: Contender, on dataset: PreparedDataset, winner: WinnerFile?, isCancelled: () -> Bool,
        progress: (_ detail: String, _ fraction: Double) -> Void
    ) throws -> ComparedModel {
        let canMeasure = SystemMemory.forgetPeak()
        let began = ContinuousClock.now
        let hasChance = contender.plans[0].hasSeed
        let seeds = hasChance ? self.seeds : [self.seeds[0]]
        let canChoose = dataset.validation.heldOut.count > 0
        let plans = canChoose ? contender.plans : Array(contender.plans.prefix(1))
        let trainings = Double(plans.count * seeds.count)
        var done = 0.0
        var best: [Attempt] = []
        var validations: Set<Double?> = []
        for plan in plans {
            var attempts: [Attempt] = []
            var values: [Double?] = []
            for seed in seeds {
                let plan = try plan.with(seed: seed)
                // Test users are looked at only where the validation users prefer the plan.
                let file = seed == seeds[0] ? winner : nil
                let attempt = try attempt(plan, on: dataset, winner: file, isCancelled: isCancelled) { detail, fraction in
                    progress(detail, (done + fraction) / trainings)
                } isBetter: { validation in
                    values.append(validation)
                    return hasChance || best.isEmpty || (validation ?? -.infinity) > (best[0].validation ?? -.infinity)
                }
                done += 1
                if let attempt { attempts.append(attempt) }
            }
            validations.insert(mean(values))
            if mean(attempts.map(\.validation)) ?? -.infinity > mean(best.map(\.validation)) ?? -.infinity || best.isEmpty {
                best = attempts
                try winner?.planWins()
            }
        }
        guard let metrics = UserMetrics.average(best.map(\.metrics)) else { preconditionFailure("every plan has an attempt") }
        return ComparedModel(
            name: contender.name, options: best[0].options, metrics: metrics, validation: mean(best.map(\.validation)),
            seedMeans: best.map { $0.metrics.report.results.map(\.mean) }, candidates: contender.plans.count,
            choice: contender.plans.count == 1 ? .only : !canChoose ? .unchosen : validations.count == 1 ? .tied : .validation,
            trainingSeconds: mean(best.map(\.seconds)) ?? 0, totalSeconds: (ContinuousClock.now - began) / .seconds(1),
            epochs: best[0].epochs?.all, bestEpoch: best[0].epochs?.best,
            isBestAtTheEnd: best[0].epochs?.isBestAtTheEnd ?? false, epochChoice: best[0].epochs?.choice,
            peakMemory: canMeasure ? SystemMemory.peak : nil)
    }

    /// Trains a plan and evaluates it; nil if another has a better validation metric already.
    private func attempt(
        _ plan: ModelPlan, on dataset: PreparedDataset, winner: WinnerFile?, isCancelled: () -> Bool,
        progress: (String, Double) -> Void,
        isBetter: (_ validation: Double?) -> Bool
    ) throws -> Attempt? {
        let began = ContinuousClock.now
        let (model, epochs) = try train(plan, on: dataset, isCancelled: isCancelled, progress: progress)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let validation = try Evaluator([choosing], workers: workers).evaluate(
            model, on: dataset.validation, training: dataset.train, isCancelled: isCancelled
        ).results[0].mean
        guard isBetter(validation) else { return nil }
        try winner?.write(model)
        let metrics = try Evaluator(metrics, workers: workers).userMetrics(
            model, on: dataset.test, training: dataset.train, isCancelled: isCancelled)
        return Attempt(options: model.card.options, validation: validation, metrics: metrics, seconds: seconds, epochs: epochs)
    }

    private func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap(\.self)
        return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
}

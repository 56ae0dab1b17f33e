import FoldinBaselines
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTraining
import Foundation

/// Finds a model for a dataset by training many: the validation users choose, and test users are evaluated once, at the end.
///
/// What is trained next: `AutoSearch`. The best models of up to four families are blended by `BlendSearch`. Where the validation clicks are held-out
/// clicks of training users, the winner is trained once more with them.
///
/// <!-- given: import Foldin; let dataset: PreparedDataset -->
/// ```swift
/// let run = try RunDirectory(creating: "run", hasEpochs: false)
/// let outcome = try AutoTrainer(.trials(30)).run(on: dataset, in: run)
/// print(outcome.model.summary, outcome.commands)
/// ```
public struct AutoTrainer: Sendable {
    /// How long the search goes on.
    public let limit: AutoLimit
    /// The validation metric that chooses.
    public let metric: Metric
    /// What is measured on the test users.
    public let testMetrics: [Metric]
    /// The seed of all networks.
    public let seed: UInt64
    /// Whether the winner is trained again with the validation users' clicks; nil for where these are clicks of training users.
    public let usesValidationClicks: Bool?
    /// The threads to use; with `AutoLimit.trials` results do not depend on their number.
    public let workers: Workers

    /// The most models in a blend.
    private static let blended = 4
    /// With less than this share of the best value a model is no member of a blend.
    private static let shareForMembers = 0.85
    /// The share of the time that is left of which one model may take at most so much.
    private static let shareOfTime = 0.4
    /// The fewest epochs to which a network is cut if it takes too long.
    private static let fewestEpochs = 3

    /// A search; `testMetrics` has `metric` first if it is not among them.
    public init(
        _ limit: AutoLimit, metric: Metric = .ndcg(at: 100), testMetrics: [Metric] = Metric.standard, seed: UInt64 = 98_765,
        usesValidationClicks: Bool? = nil, workers: Workers = Workers()
    ) {
        (self.limit, self.metric, self.seed, self.workers) = (limit, metric, seed, workers)
        self.testMetrics = [metric] + testMetrics.filter { $0 != metric }
        self.usesValidationClicks = usesValidationClicks
    }

    /// Searches until the limit, or until it is cancelled, and writes the best model so far to `run.modelPath` at any time.
    ///
    /// The caller saves the outcome's model there and finishes the run. The trials are in `trials.jsonl` of the run's folder.
    ///
    /// - Parameters:
    ///   - dataset: the dataset; its validation users have held-out items.
    ///   - run: the directory of the run.
    ///   - isResumed: whether the run has the trials of an earlier process, with the same dataset and options.
    ///   - isCancelled: called often; the search ends when it returns true, with the best model so far.
    ///   - progress: called often.
    ///   - onTrial: called with each trial that ended, and whether it is the best so far.
    /// - Throws: `FoldinError` of kind `usage` without validation users; if no model can be trained; if a file cannot be written;
    ///   `CancellationError` if it is cancelled before there is a model.
    public func run(
        on dataset: PreparedDataset, in run: RunDirectory, isResumed: Bool = false,
        isCancelled: () -> Bool = { Task.isCancelled }, progress: (AutoStep) -> Void = { _ in },
        onTrial: (_ trial: AutoTrial, _ isBest: Bool) -> Void = { _, _ in }
    ) throws -> AutoOutcome {
        guard dataset.train.count > 0 else {
            throw FoldinError(.badData, found: "no training interactions", expected: "at least one training user with a click")
        }
        guard dataset.validation.heldOut.count > 0 else {
            throw FoldinError(
                .usage, found: "a dataset without held-out items of validation users", expected: "some to choose models by")
        }
        let state = try withoutActuallyEscaping(isCancelled) { isCancelled in
            try withoutActuallyEscaping(progress) { progress in
                try withoutActuallyEscaping(onTrial) { onTrial in
                    let state = try AutoRun(
                        self, dataset, run, isResumed: isResumed, isCancelled: isCancelled, progress: progress, onTrial: onTrial)
                    return try state.outcome()
                }
            }
        }
        return state
    }

    /// Removes the models of the families from a run's folder, after the outcome's model is saved.
    public static func removeCandidates(of run: RunDirectory) { AutoFolder.removeCandidates(in: run.folder) }

    /// The time that one model may take at most, of what is left.
    static func allotted(of left: Double) -> Double { shareOfTime * left }

    /// The members of a blend: the best models of each family, best first.
    static func members(of best: [String: AutoTrial]) -> [AutoTrial] {
        let ranked = best.values.filter { $0.validation != nil }
            .sorted { ($0.validation ?? 0, -$0.number) > ($1.validation ?? 0, -$1.number) }
        guard let leader = ranked.first?.validation else { return [] }
        return Array(ranked.prefix { ($0.validation ?? 0) >= shareForMembers * leader }.prefix(blended))
    }

    /// A network with as many epochs as fit in the time; nil if that would be too few.
    static func shortened(_ plan: ModelPlan, projected: Double, allotted: Double) throws -> ModelPlan? {
        guard let epochs = plan.epochs else { return nil }
        let shorter = Int(0.9 * Double(epochs) * allotted / projected)
        return shorter >= min(epochs, fewestEpochs) && shorter < epochs ? try plan.with(epochs: shorter) : nil
    }
}

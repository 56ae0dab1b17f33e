import FoldinBaselines
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTraining

extension Comparison {
    /// Trains a plan; the epochs are those of a network, or of a blend's first.
    func train(
        _ plan: ModelPlan, on dataset: PreparedDataset, isCancelled: () -> Bool,
        progress: (String, Double) -> Void = { _, _ in }
    ) throws -> (model: TrainedModel, epochs: Epochs?) {
        switch plan {
        case .baseline(let plan):
            progress(plan.summary, 0)
            let model = try plan.baseline.train(on: dataset, workers: workers, isCancelled: isCancelled) {
                progress(plan.summary, $0)
            }
            return (model, nil)
        case .network(let plan):
            let trainer = try plan.trainer(workers: workers)
            let all = Double(trainer.schedule.epochs)
            let outcome = try trainer.run(
                on: dataset, isCancelled: isCancelled, checkpointSeconds: .infinity,
                onStep: { epoch, fraction, _ in progress("epoch \(epoch)", (Double(epoch - 1) + fraction) / all) })
            if let divergence = outcome.divergence { throw divergence }
            if outcome.wasCancelled { throw CancellationError() }
            let choice: PlanChoice =
                dataset.validation.heldOut.count == 0 ? .unchosen : outcome.undecided == nil ? .validation : .tied
            return (
                outcome.model,
                Epochs(
                    all: outcome.history.count, best: outcome.bestEpoch,
                    isBestAtTheEnd: outcome.isBestAtTheEnd(of: trainer.schedule),
                    choice: choice)
            )
        case .blend(let plans):
            // The last part is the search for weights.
            let parts = Double(plans.count + 1)
            var trained: [(model: TrainedModel, epochs: Epochs?)] = []
            for (index, plan) in plans.enumerated() {
                trained.append(
                    try train(plan, on: dataset, isCancelled: isCancelled) { progress($0, (Double(index) + $1) / parts) })
            }
            let model = try BlendSearch(metric: choosing, workers: workers).blend(
                trained.map(\.model), on: dataset, isCancelled: isCancelled,
                tried: { _, _ in progress("a blend", Double(plans.count) / parts) })
            return (model, trained.lazy.compactMap(\.epochs).first)
        case .own(let training):
            if isCancelled() { throw CancellationError() }
            let model = try training.make(dataset, training.seed, workers)
            try model.check(fits: dataset)
            return (model, nil)
        }
    }
}

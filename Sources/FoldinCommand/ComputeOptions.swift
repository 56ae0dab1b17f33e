import ArgumentParser
import Foldin

/// The options that say how a training step computes.
struct ComputeOptions: PlanFlags {
    @Option(help: .plan("precision")) var precision: String?
    @Option(help: .plan("softmax")) var softmax: String?
    @Option(help: .plan("negatives", "n")) var negatives: String?

    /// Sets the flags that were given.
    ///
    /// - Throws: `FoldinError` of kind `usage` also for a number of negatives where the softmax is exact after all.
    func applyAll(to plan: inout TrainingPlan) throws {
        try apply(to: &plan)
        if let negatives, plan.options["softmax"] == "exact" {
            throw FoldinError(
                .usage, found: "--negatives \(negatives) with an exact softmax", expected: "--softmax sampled with it")
        }
    }
}

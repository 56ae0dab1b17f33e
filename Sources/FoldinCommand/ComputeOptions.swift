import ArgumentParser
import Foldin

/// The options that say how a training step computes.
struct ComputeOptions: PlanFlags {
    @Option(help: .plan("precision")) var precision: String?
    @Option(help: .plan("softmax")) var softmax: String?
    @Option(help: .plan("negatives", "n")) var negatives: String?
}

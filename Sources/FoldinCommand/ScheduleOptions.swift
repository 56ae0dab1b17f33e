import ArgumentParser
import Foldin

/// The options that say how long and how fast to train.
struct ScheduleOptions: PlanFlags {
    @Option(help: .plan("epochs")) var epochs: String?
    @Option(help: .plan("batch-size")) var batchSize: String?
    @Option(help: .plan("learning-rate")) var learningRate: String?
    @Option(help: .plan("learning-rate-schedule", "name")) var learningRateSchedule: String?
    @Option(help: .plan("final-learning-rate")) var finalLearningRate: String?
    @Option(help: .plan("plateau-factor")) var plateauFactor: String?
    @Option(help: .plan("plateau-patience")) var plateauPatience: String?
    @Option(help: .plan("plateau-threshold")) var plateauThreshold: String?
    @Option(help: .plan("warm-up-updates", "n")) var warmUpUpdates: String?
    @Option(help: .plan("warm-up-epochs", "n")) var warmUpEpochs: String?
    @Option(help: .plan("weight-decay")) var weightDecay: String?
    @Option(help: .plan("decay", "kind")) var decay: String?
    @Option(help: .plan("adam-beta1", "p")) var adamBeta1: String?
    @Option(help: .plan("adam-beta2", "p")) var adamBeta2: String?
    @Option(help: .plan("adam-epsilon", "x")) var adamEpsilon: String?
    @Option(help: .plan("anneal")) var anneal: String?
    @Option(help: .plan("anneal-cap", "beta")) var annealCap: String?
    @Option(help: .plan("anneal-epochs", "n")) var annealEpochs: String?
    @Option(help: .plan("anneal-updates", "n")) var annealUpdates: String?
    @Option(help: .plan("evaluate-every", "epochs")) var evaluateEvery: String?
    @Option(help: .plan("metric")) var metric: String?
    @Option(help: .plan("stop-on")) var stopOn: String?
    @Option(help: .plan("patience")) var patience: String?
    @Option(help: .plan("seed")) var seed: String?

    func validate() throws {
        if annealEpochs != nil, annealUpdates != nil {
            throw ValidationError("found --anneal-epochs and --anneal-updates; expected one of them at most")
        }
    }
}

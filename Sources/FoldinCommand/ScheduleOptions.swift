import ArgumentParser
import Foldin

/// The options that say how long and how fast to train.
struct ScheduleOptions: ParsableArguments {
    @Option(help: "The most passes over the training users.") var epochs = 200
    @Option(help: "Users a batch.") var batchSize = 500
    @Option(help: "Adam's learning rate.") var learningRate: Float = 1e-3
    @Option(help: "AdamW's decoupled weight decay.") var weightDecay: Float = 0
    @Option(help: "The largest beta, the weight of the divergence.") var annealCap: Float = 0.2
    @Option(
        help: ArgumentHelp(
            "Updates after which an uncapped beta would be 1. (default: beta reaches its cap after 85% of the epochs)",
            valueName: "n"))
    var annealUpdates: Int?
    @Option(help: ArgumentHelp("Stop after so many epochs without a better validation metric; 0 never.", valueName: "epochs"))
    var patience = 20
    @Option(help: "The validation metric that decides.") var metric = "ndcg@100"

    var schedule: Schedule {
        get throws {
            Schedule(
                epochs: epochs, batchSize: batchSize, learningRate: learningRate,
                annealing: annealUpdates.map { .linear(to: annealCap, overUpdates: $0) }
                    ?? .linear(to: annealCap, byFractionOfEpochs: 0.85),
                decoupledDecay: weightDecay, patience: patience == 0 ? nil : patience, metric: try Metric(named: metric))
        }
    }
}

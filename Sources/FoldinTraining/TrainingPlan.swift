import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels

/// All options of a training by name: what flags, files, presets, sweeps, the model's card and the check before going on from a
/// checkpoint call them, and what they are when nobody says.
///
/// A new option is a property here, a row in `TrainingPlan.table`, and its use in `schedule` or `trainer(workers:)` with the
/// way back in `init(of:)`.
public struct TrainingPlan: Sendable, Equatable {
    var model = Architecture.Family.multVAE
    var latent = 200
    var hidden = [600]
    /// Nil mirrors `hidden`.
    var decoderHidden: [Int]?
    var dropout: Float = 0.5
    /// Nil is `dropout`, then zeros.
    var encoderDropout: [Float]?
    /// Nil is zeros.
    var decoderDropout: [Float]?
    var activations = Architecture.Activations.paper

    var epochs = 200
    var batchSize = 500
    var learningRate: Float = 1e-3
    var weightDecay: Float = 0
    var annealCap: Float = 0.2
    /// Nil reaches the cap after 85% of the epochs.
    var annealUpdates: Int?
    /// 0 never stops early.
    var patience = 20
    var metric = Metric.ndcg(at: 100)
    var seed: UInt64 = 98_765

    /// The defaults of `foldin train`.
    public init() {}

    /// The trainer that these options describe; `workers` decides its speed and nothing else.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that cannot be, or not together.
    public func trainer(workers: Workers = Workers()) throws -> Trainer {
        let trainer = Trainer(configuration, schedule: schedule, seed: seed, workers: workers)
        if let problem = trainer.schedule.problem ?? configuration.architecture(items: 1).problem {
            throw FoldinError(.usage, found: problem, expected: "options that can be trained with")
        }
        return trainer
    }

    /// The options of a trainer, however it was made: `plan.trainer().plan` has the options of `plan`.
    init(of trainer: Trainer) {
        let network = trainer.configuration.architecture(items: 1)
        model = network.family
        latent = network.latent
        hidden = network.encoder
        decoderHidden = network.decoder
        encoderDropout = network.encoderDropout
        decoderDropout = network.decoderDropout
        activations = network.activations
        let schedule = trainer.schedule
        epochs = schedule.epochs
        batchSize = schedule.batchSize
        learningRate = schedule.optimizer.learningRate
        weightDecay = schedule.optimizer.decoupledDecay
        switch schedule.annealing {
        case .growing(let cap, .updatesToOne(let updates)): (annealCap, annealUpdates) = (cap, updates)
        case .growing(let cap, .fractionOfEpochs): annealCap = cap
        case .constant(let beta): annealCap = beta
        }
        patience = schedule.patience ?? 0
        metric = schedule.metric
        seed = trainer.seed
    }

    /// The network.
    public var configuration: any ModelConfiguration {
        switch model {
        case .multVAE:
            MultVAE(
                latent: latent, hidden: hidden, decoder: decoderHidden, dropout: dropout, encoderDropout: encoderDropout,
                decoderDropout: decoderDropout, activations: activations)
        case .multDAE:
            MultDAE(
                latent: latent, hidden: hidden, decoder: decoderHidden, dropout: dropout, encoderDropout: encoderDropout,
                decoderDropout: decoderDropout, activations: activations)
        }
    }

    private var schedule: Schedule {
        Schedule(
            epochs: epochs, batchSize: batchSize, learningRate: learningRate,
            annealing: annealUpdates.map { .linear(to: annealCap, overUpdates: $0) }
                ?? .linear(to: annealCap, byFractionOfEpochs: 0.85),
            decoupledDecay: weightDecay, patience: patience == 0 ? nil : patience, metric: metric)
    }

    /// The same training with nothing said that goes without saying, so that equal trainings have equal options.
    var normalized: TrainingPlan {
        var plan = self
        if decoderHidden == hidden.reversed() { plan.decoderHidden = nil }
        if let encoderDropout, let first = encoderDropout.first {
            plan.dropout = first
            if encoderDropout.dropFirst().allSatisfy({ $0 == 0 }) { plan.encoderDropout = nil }
        }
        if let decoderDropout, decoderDropout.allSatisfy({ $0 == 0 }) { plan.decoderDropout = nil }
        return plan
    }
}

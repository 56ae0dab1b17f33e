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
    var model = "mult-vae"
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
    /// RecVAE's alone.
    var gamma: Float = 0.005

    var epochs = 200
    var batchSize = 500
    var learningRate: Float = 1e-3
    var pace = PaceName.constant
    var finalLearningRate: Float = 0
    var plateauFactor = 0.4
    var plateauPatience = 5
    /// Nil is the reference's, which depends on the score.
    var plateauThreshold: Double?
    var warmUpUpdates = 0
    var warmUpEpochs = 0.0
    var weightDecay: Float = 0
    var decay = DecayName.adamw
    var adamBeta1: Float = 0.9
    var adamBeta2: Float = 0.999
    var adamEpsilon: Float = 1e-8
    var anneal = AnnealName.linear
    var annealCap = AnnealCap.beta(0.2)
    var annealSpan = Schedule.Span.fractionOfEpochs(0.85)
    var evaluateEvery = 1
    /// 0 never stops early.
    var patience = 20
    var stopOn = Schedule.Score.metric
    var metric = Metric.ndcg(at: 100)
    var seed: UInt64 = 98_765

    var precision = Precision.float32
    var softmax = SoftmaxName.exact
    var negatives = Softmax.defaultNegatives

    /// The defaults of `foldin train`.
    public init() {}

    /// The trainer that these options describe; `workers` decides its speed and nothing else.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that cannot be, or not together.
    public func trainer(workers: Workers = Workers()) throws -> Trainer {
        try checkAgainstModel()
        let trainer = Trainer(
            configuration, schedule: try schedule, seed: seed, workers: workers, precision: precision,
            softmax: softmax == .exact ? .exact : .sampled(negatives: negatives))
        if let problem = trainer.validationError {
            throw FoldinError(.usage, found: problem, expected: "options that can be trained with")
        }
        return trainer
    }

    /// The options of a trainer, however it was made: `plan.trainer().plan` has the options of `plan`.
    init(of trainer: Trainer) {
        model = trainer.configuration.family
        if let configuration = trainer.configuration as? RecVAE {
            let network = configuration.architecture(items: 1)
            (latent, hidden, gamma) = (network.latent, Array(network.encoder.prefix(1)), configuration.gamma)
            decoderHidden = []
            encoderDropout = network.network.layers.dropLast().map(\.dropout)
            decoderDropout = [0]
        } else if let configuration = trainer.configuration as? any AutoencoderConfiguration {
            let network = configuration.architecture(items: 1)
            (latent, hidden, decoderHidden) = (network.latent, network.encoder, network.decoder)
            (encoderDropout, decoderDropout) = (network.encoderDropout, network.decoderDropout)
            activations = network.activations
        }
        take(trainer.schedule)
        seed = trainer.seed
        precision = trainer.precision
        if case .sampled(let count) = trainer.softmax { (softmax, negatives) = (.sampled, count) }
    }

    /// The same training with nothing said that goes without saying, so that equal trainings have equal options.
    var normalized: TrainingPlan {
        var plan = self
        if decoderHidden == hidden.reversed() || model == "rec-vae" { plan.decoderHidden = nil }
        if let encoderDropout, let first = encoderDropout.first {
            plan.dropout = first
            if encoderDropout.dropFirst().allSatisfy({ $0 == 0 }) { plan.encoderDropout = nil }
        }
        if let decoderDropout, decoderDropout.allSatisfy({ $0 == 0 }) { plan.decoderDropout = nil }
        plan.forgetWhatDoesNotMatter()
        return plan
    }
}

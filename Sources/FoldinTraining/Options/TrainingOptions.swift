import FoldinEvaluation
import FoldinInteractions
import FoldinModels

/// The declarations of all training options but those of one family alone.
///
/// A new option is one constant in its group and its use where the value counts. Constants are in the order of a command line; tables, flags
/// and files follow it. The value of an option is `plan[\.network.latent]`.
struct TrainingOptions: Sendable {
    /// The only instance.
    static let shared = TrainingOptions()

    let network: Network = Network()
    let optimizer: Optimizer = Optimizer()
    let annealing: Annealing = Annealing()
    let evaluation: Evaluation = Evaluation()
    let computing: Computing = Computing()

    /// The network's shape and dropout.
    struct Network: OptionGroup {
        let model = TrainingOption(
            "model", default: NetworkFamily.all[0],
            "The model: \(NetworkFamily.all.map(\.name).alternatives).")
        let latent = TrainingOption("latent", default: 200, in: 1..., "Width of the latent vector.")
        let hidden = TrainingOption(
            "hidden", default: [600], placeholder: "n,n,…",
            "Widths of the encoder's hidden layers, from the items inwards; 'none' for no hidden layer. Where all hidden layers have one width, that width."
        )
        let decoderHidden = TrainingOption<[Int]?>(
            "decoder-hidden", default: nil, placeholder: "n,n,…",
            "Widths of the decoder's hidden layers, from the latent vector outwards; 'auto' mirrors the encoder's.")
        let dropout = TrainingOption<Float>("dropout", default: 0.5, "Dropout probability of the input.")
        let encoderDropout = TrainingOption<[Float]?>(
            "encoder-dropout", default: nil, placeholder: "p,p,…",
            "Dropout probability before each encoder layer, instead of --dropout; 'auto' is --dropout, then zeros.")
        let decoderDropout = TrainingOption<[Float]?>(
            "decoder-dropout", default: nil, placeholder: "p,p,…",
            "Dropout probability before each decoder layer; 'auto' is zeros.")
        let activations = TrainingOption(
            "activations", default: Architecture.Activations.paper,
            "Where tanh is applied: as in the paper, or as in the article's code.")
    }

    /// Epochs, batches, the learning rate and Adam.
    struct Optimizer: OptionGroup {
        let epochs = TrainingOption("epochs", default: 200, in: 1..., "Maximum passes over the training users.")
        let batchSize = TrainingOption("batch-size", default: 500, in: 1..., "Users per batch.")
        let learningRate = TrainingOption<Float>("learning-rate", default: 1e-3, "Adam's learning rate.")
        let pace = TrainingOption(
            "learning-rate-schedule", default: PaceName.constant, placeholder: "name",
            "How the learning rate changes: 'plateau' cuts it when the validation score stops improving, 'linear' and 'cosine' bring it to --final-learning-rate at the last epoch."
        )
        let finalLearningRate = TrainingOption<Float>(
            "final-learning-rate", default: 0, "The learning rate at the end of 'linear' and 'cosine'.",
            where: { [.linear, .cosine].contains($0[\.optimizer.pace]) })
        let plateauFactor = TrainingOption(
            "plateau-factor", default: 0.4, "The factor by which 'plateau' multiplies the learning rate.",
            where: { $0[\.optimizer.pace] == .plateau })
        let plateauPatience = TrainingOption(
            "plateau-patience", default: 5, in: 0...,
            "Evaluations without improvement that 'plateau' tolerates; the next one cuts.",
            where: { $0[\.optimizer.pace] == .plateau })
        let plateauThreshold = TrainingOption<Double?>(
            "plateau-threshold", default: nil,
            "The smallest change that counts as an improvement: relative for the metric, absolute for the loss; 'auto' is 0.001 and 2.",
            where: { $0[\.optimizer.pace] == .plateau })
        let warmUpUpdates = TrainingOption(
            "warm-up-updates", default: 0, in: 0..., placeholder: "n",
            "Updates over which the learning rate grows from 0.")
        let warmUpEpochs = TrainingOption(
            "warm-up-epochs", default: 0.0, in: 0..., placeholder: "n", "The same in epochs.")
        let weightDecay = TrainingOption<Float>("weight-decay", default: 0, "Weight decay.")
        let decay = TrainingOption(
            "decay", default: DecayName.adamw, placeholder: "kind",
            "The kind of weight decay: 'adamw' shrinks weights separately from Adam, as PyTorch's AdamW; 'l2' adds to the gradient, as MXNet's Adam.",
            where: { $0[\.optimizer.weightDecay] != 0 })
        let beta1 = TrainingOption<Float>(
            "adam-beta1", default: 0.9, placeholder: "p", "Adam's decay rate of the mean of gradients.")
        let beta2 = TrainingOption<Float>(
            "adam-beta2", default: 0.999, placeholder: "p", "Adam's decay rate of the mean of squared gradients.")
        let epsilon = TrainingOption<Float>(
            "adam-epsilon", default: 1e-8, placeholder: "x", "The number that keeps Adam from dividing by 0.")
    }

    /// Beta, the weight of the KL divergence, over time.
    struct Annealing: OptionGroup {
        let kind = TrainingOption(
            "anneal", default: AnnealName.linear,
            "How beta, the weight of the KL divergence, changes: 'linear' growth from 0 to its cap, or 'constant' at the cap.")
        let cap = TrainingOption(
            "anneal-cap", default: AnnealCap.beta(0.2), placeholder: "beta",
            "The largest beta; 'search' finds it as the paper does: it trains with beta growing to 1, then again up to the beta with the best validation score."
        )
        let epochs = TrainingOption<EpochSpan?>(
            "anneal-epochs", default: .fraction(0.85), placeholder: "n", alternative: "anneal-updates",
            "Epochs after which beta reaches its cap, or their percentage; 'auto' where --anneal-updates is set.",
            where: { $0[\.annealing.kind] == .linear })
        let updates = TrainingOption<Int?>(
            "anneal-updates", default: nil, placeholder: "n", alternative: "anneal-epochs",
            "Updates after which an uncapped beta would be 1, instead of --anneal-epochs.",
            where: { $0[\.annealing.kind] == .linear })
    }

    /// Validation, early stopping and the seed.
    struct Evaluation: OptionGroup {
        let interval = TrainingOption(
            "evaluate-every", default: 1, in: 1..., placeholder: "epochs",
            "Epochs between evaluations on the validation users.")
        let metric = TrainingOption("metric", default: Metric.ndcg(at: 100), "The validation metric.")
        let score = TrainingOption(
            "stop-on", default: Schedule.Score.metric,
            "The score that decides which epoch is kept, when to stop and when to cut: the validation metric or loss.")
        let patience = TrainingOption(
            "patience", default: 20, in: 0...,
            "Evaluations without a better score after which training stops; 0 never stops early.")
        let seed = TrainingOption<UInt64>(
            "seed", default: 98_765, "Seed of initial weights, shuffles, dropout and noise.")
    }

    /// How a training step computes.
    struct Computing: OptionGroup {
        let precision = TrainingOption(
            "precision", default: Precision.float32,
            "The numbers that the last layer multiplies: fp32, or bf16 where the processor supports it; weights, moments and sums are fp32 in both cases."
        )
        let softmax = TrainingOption(
            "softmax", default: SoftmaxName.exact,
            "The softmax over the items: exact, or estimated from a sample, for catalogues of 100,000 items and more.")
        let negatives = TrainingOption(
            "negatives", default: Softmax.defaultNegatives, in: 1..., placeholder: "n",
            "Items sampled per batch among those that no user in it clicked, for a sampled softmax.",
            where: { $0[\.computing.softmax] != .exact })
    }
}

/// Options declared as the stored properties of one value.
protocol OptionGroup: Sendable {}

extension OptionGroup {
    /// The declarations in their order.
    var declarations: [any OptionDeclaration] {
        Mirror(reflecting: self).children.compactMap { $0.value as? any OptionDeclaration }
    }
}

extension OptionValues {
    /// The value of an option that `TrainingOptions` declares: `values[\.network.latent]`.
    subscript<Value>(path: KeyPath<TrainingOptions, TrainingOption<Value>>) -> Value {
        get { self[TrainingOptions.shared[keyPath: path]] }
        set { self[TrainingOptions.shared[keyPath: path]] = newValue }
    }
}

extension [String] {
    /// The texts as a choice: `a, b or c`.
    var alternatives: String {
        count < 2 ? joined() : dropLast().joined(separator: ", ") + " or " + self[count - 1]
    }
}

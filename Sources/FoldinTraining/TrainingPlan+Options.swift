import FoldinEvaluation
import FoldinInteractions
import FoldinModels

extension TrainingPlan {
    /// All options in the order in which a person would give them.
    static let table: [PlanOption] = network + optimizer + annealing + judging + computing

    private static let network: [PlanOption] = [
        PlanOption("model", \.model, "The model: mult-vae, mult-dae or rec-vae."),
        PlanOption("latent", \.latent, from: 1, "Width of the latent vector."),
        PlanOption(
            "hidden", \.hidden,
            "Widths of the encoder's hidden layers, items inwards; 'none' for no hidden layer. For rec-vae the one width of its five."
        ),
        PlanOption(
            "decoder-hidden", \.decoderHidden,
            "Widths of the decoder's hidden layers, latent outwards; 'auto' mirrors the encoder's."),
        PlanOption("dropout", \.dropout, "Dropout probability of the input."),
        PlanOption(
            "encoder-dropout", \.encoderDropout,
            "Dropout probability before each encoder layer, instead of --dropout; 'auto' is --dropout, then zeros."),
        PlanOption(
            "decoder-dropout", \.decoderDropout, "Dropout probability before each decoder layer; 'auto' is zeros."),
        PlanOption("activations", \.activations, "Where tanh goes: as in the paper, or as in the article's code."),
        PlanOption("gamma", \.gamma, "Weight of rec-vae's divergence for each click of a user."),
    ]

    private static let optimizer: [PlanOption] = [
        PlanOption("epochs", \.epochs, from: 1, "The most passes over the training users."),
        PlanOption("batch-size", \.batchSize, from: 1, "Users a batch."),
        PlanOption("learning-rate", \.learningRate, "Adam's learning rate."),
        PlanOption(
            "learning-rate-schedule", \.pace,
            "How the learning rate goes on: 'plateau' cuts it when the validation score stands still, 'linear' and 'cosine' bring it to --final-learning-rate at the last epoch."
        ),
        PlanOption("final-learning-rate", \.finalLearningRate, "Where 'linear' and 'cosine' end."),
        PlanOption("plateau-factor", \.plateauFactor, "What 'plateau' multiplies the learning rate by."),
        PlanOption(
            "plateau-patience", \.plateauPatience, from: 0,
            "Evaluations without improvement that 'plateau' lets pass; the next one cuts."),
        PlanOption(
            "plateau-threshold", \.plateauThreshold,
            "How much better counts as improvement: relative for the metric, absolute for the loss; 'auto' is 0.001 and 2."),
        PlanOption("warm-up-updates", \.warmUpUpdates, from: 0, "Updates over which the learning rate grows from 0."),
        PlanOption("warm-up-epochs", \.warmUpEpochs, from: 0, "The same, in epochs."),
        PlanOption("weight-decay", \.weightDecay, "Weight decay."),
        PlanOption(
            "decay", \.decay,
            "Its kind: 'adamw' shrinks weights beside Adam, as PyTorch's AdamW; 'l2' adds to the gradient, as MXNet's Adam."),
        PlanOption("adam-beta1", \.adamBeta1, "How long Adam remembers gradients."),
        PlanOption("adam-beta2", \.adamBeta2, "How long Adam remembers their squares."),
        PlanOption("adam-epsilon", \.adamEpsilon, "Keeps Adam from dividing by 0."),
    ]

    private static let annealing: [PlanOption] = [
        PlanOption(
            "anneal", \.anneal,
            "How beta, the weight of the divergence, comes to its cap: growing from 0, or there from the start."),
        PlanOption(
            "anneal-cap", \.annealCap,
            "The largest beta; 'search' finds it as the paper does: trains with beta growing to 1, then again up to the beta that validated best."
        ),
        PlanOption(
            "anneal-epochs", \.annealEpochs,
            "Epochs after which beta reaches its cap, or the part of them; 'auto' where --anneal-updates tells it."),
        PlanOption(
            "anneal-updates", \.annealUpdates,
            "Updates after which an uncapped beta would be 1, instead of --anneal-epochs."),
    ]

    private static let judging: [PlanOption] = [
        PlanOption("evaluate-every", \.evaluateEvery, from: 1, "Epochs from one look at the validation users to the next."),
        PlanOption("metric", \.metric, "The validation metric."),
        PlanOption(
            "stop-on", \.stopOn, "What decides which epoch is kept, when to stop and when to cut: the validation metric or loss."),
        PlanOption(
            "patience", \.patience, from: 0, "Stop after so many evaluations without a better one; 0 never."),
        PlanOption("seed", \.seed, "Seed of initial weights, shuffles, dropout and noise."),
    ]

    private static let computing: [PlanOption] = [
        PlanOption(
            "precision", \.precision,
            "What the last layer multiplies: fp32, or bf16 where the processor has it; weights, moments and sums are fp32 either way."
        ),
        PlanOption(
            "softmax", \.softmax,
            "The softmax over the items: exact, or estimated from a sample, for catalogues of 100,000 items and more."),
        PlanOption("negatives", \.negatives, from: 1, "Draws a batch of items that nobody in it clicked, for a sampled softmax."),
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })

    /// The names of all options: the long flags of `foldin train`, without dashes.
    public static let optionNames = table.map(\.name)

    /// What an option is for, in a sentence or two.
    public static func help(for name: String) -> String { byName[name]?.help ?? "" }

    /// Sets one option from text, as a flag or a file gives it.
    ///
    /// `anneal-epochs` and `anneal-updates` tell the same thing: the one that is set last counts.
    ///
    /// - Throws: `FoldinError` of kind `usage` that names the option, for a name that is none (with those that are near) or a
    ///   value that cannot be read.
    public mutating func set(_ name: String, to value: String) throws {
        guard let option = Self.byName[name] else {
            throw FoldinError(
                .usage, found: "the option \(name.quoted)",
                expected: name.suggestions(among: Self.optionNames) ?? "one of \(Self.optionNames.joined(separator: ", "))")
        }
        guard option.read(value, &self) else {
            throw FoldinError(.usage, found: "\(name) \(value.quoted)", expected: option.expected)
        }
    }

    /// All options with their values as text; `set` reads each back, in any order. Equal trainings have equal options.
    public var options: [String: String] {
        let plan = normalized
        return Dictionary(uniqueKeysWithValues: Self.table.map { ($0.name, $0.write(plan)) })
    }

    /// Options as a TOML file, one a line in the order of `optionNames`; `foldin train --config` reads it.
    static func toml(_ options: [String: String]) -> String {
        optionNames.compactMap { name in
            options[name].map { value in
                // A seed may be larger than any whole number of TOML's.
                let isNumber = Int(value) != nil || (Double(value) != nil && value.contains { $0 == "." || $0 == "e" })
                return "\(name) = \(isNumber ? value : value.quoted)\n"
            }
        }.joined()
    }
}

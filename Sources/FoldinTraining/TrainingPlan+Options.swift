import FoldinEvaluation
import FoldinInteractions
import FoldinModels

extension TrainingPlan {
    /// All options in the order in which a person would give them.
    static let table: [PlanOption] = [
        PlanOption("model", \.model, "The model."),
        PlanOption("latent", \.latent, "Width of the latent vector.", from: 1),
        PlanOption("hidden", \.hidden, "Widths of the encoder's hidden layers, items inwards; 'none' for no hidden layer."),
        PlanOption(
            "decoder-hidden", \.decoderHidden,
            "Widths of the decoder's hidden layers, latent outwards; 'auto' mirrors the encoder's."),
        PlanOption("dropout", \.dropout, "Dropout probability of the input."),
        PlanOption(
            "encoder-dropout", \.encoderDropout,
            "Dropout probability before each encoder layer, instead of --dropout; 'auto' is --dropout, then zeros."),
        PlanOption("decoder-dropout", \.decoderDropout, "Dropout probability before each decoder layer; 'auto' is zeros."),
        PlanOption("activations", \.activations, "Where tanh goes: as in the paper, or as in the article's code."),
        PlanOption("epochs", \.epochs, "The most passes over the training users.", from: 1),
        PlanOption("batch-size", \.batchSize, "Users a batch.", from: 1),
        PlanOption("learning-rate", \.learningRate, "Adam's learning rate."),
        PlanOption("weight-decay", \.weightDecay, "AdamW's decoupled weight decay."),
        PlanOption("anneal-cap", \.annealCap, "The largest beta, the weight of the divergence."),
        PlanOption(
            "anneal-updates", \.annealUpdates,
            "Updates after which an uncapped beta would be 1; 'auto' reaches the cap after 85% of the epochs."),
        PlanOption("patience", \.patience, "Stop after so many epochs without a better validation metric; 0 never.", from: 0),
        PlanOption("metric", \.metric, "The validation metric that decides."),
        PlanOption("seed", \.seed, "Seed of initial weights, shuffles, dropout and noise."),
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })

    /// The names of all options: the long flags of `foldin train`, without dashes.
    public static let optionNames = table.map(\.name)

    /// What an option is for, in a sentence or two.
    public static func help(for name: String) -> String { byName[name]?.help ?? "" }

    /// Sets one option from text, as a flag or a file gives it.
    ///
    /// - Throws: `FoldinError` of kind `usage` that names the option, for a name that is none (with those that are near) or a
    ///   value that cannot be read.
    public mutating func set(_ name: String, to value: String) throws {
        guard let option = Self.byName[name] else {
            throw FoldinError(
                .usage, found: "the option \(name.quoted)",
                expected: suggestions(for: name, among: Self.optionNames) ?? "one of \(Self.optionNames.joined(separator: ", "))")
        }
        guard option.read(value, &self) else {
            throw FoldinError(.usage, found: "\(name) \(value.quoted)", expected: option.expected)
        }
    }

    /// Sets the options that a preset is about, and leaves the others.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a name that is no preset's.
    public mutating func apply(preset name: String) throws {
        throw FoldinError(.usage, found: "the preset \(name.quoted)", expected: "a preset's name")
    }

    /// All options with their values as text; `set` reads each back. Equal trainings have equal options.
    public var options: [String: String] {
        let plan = normalized
        return Dictionary(uniqueKeysWithValues: Self.table.map { ($0.name, $0.write(plan)) })
    }
}

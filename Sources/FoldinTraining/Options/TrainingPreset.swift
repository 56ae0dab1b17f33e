import FoldinInteractions
import FoldinSupport

/// A published or well-tried training: its options and its results.
public struct TrainingPreset: Sendable {
    /// What `--preset` calls it.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
    /// The options that it sets; the others stay as they are.
    public let options: [String: String]
    /// The published figures, to compare a result with.
    public let expectation: String

    /// All presets: those of each family, then those for any family.
    public static let all: [TrainingPreset] = NetworkFamily.all.flatMap(\.presets) + [fast]

    /// Few epochs of small batches, with a learning rate that begins high and falls to 0.
    ///
    /// Adam moves a weight by about the learning rate per update, whatever the size of the gradient. At first, progress is proportional to
    /// updates times learning rate: four times the updates at four times the rate make one epoch worth sixteen. Such steps end in
    /// noise; as the rate falls, training converges. The preset does not set the model.
    private static let fast = TrainingPreset(
        "fast", "20 epochs of small batches at a learning rate that falls from 0.004",
        expectation: "on ML-1M NDCG@100 .418, Recall@20 .348, Recall@50 .473",
        [
            "epochs": "20", "batch-size": "125", "learning-rate": "0.004", "learning-rate-schedule": "cosine",
            "final-learning-rate": "0", "warm-up-updates": "0", "warm-up-epochs": "0", "patience": "0",
        ])

    /// What the two models of Liang et al. 2018 share: the authors' notebook.
    static let liang = [
        "latent": "200", "decoder-hidden": "auto", "dropout": "0.5", "encoder-dropout": "auto", "decoder-dropout": "auto",
        "activations": "paper", "epochs": "200", "batch-size": "500", "learning-rate": "0.001",
        "learning-rate-schedule": "constant", "warm-up-updates": "0", "warm-up-epochs": "0", "weight-decay": "0",
        "decay": "adamw",
        "anneal": "linear", "anneal-cap": "0.2", "anneal-updates": "200000", "evaluate-every": "1", "patience": "0",
        "metric": "ndcg@100", "stop-on": "metric",
    ]

    /// The preset of this name.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a name that is not a preset's.
    public init(named name: String) throws {
        guard let preset = TrainingPreset.all.first(where: { $0.name == name }) else {
            throw FoldinError(
                .usage, found: "the preset \(name.quoted)",
                expected: "one of \(TrainingPreset.all.map(\.name).joined(separator: ", "))")
        }
        self = preset
    }

    /// Declares a preset of `options` and `changes`, which win over them.
    init(
        _ name: String, _ summary: String, expectation: String, _ options: [String: String], _ changes: [String: String] = [:]
    ) {
        (self.name, self.summary, self.expectation) = (name, summary, expectation)
        self.options = options.merging(changes) { $1 }
    }
}

import FoldinInteractions

/// A training that is known well: its options, and what came of it.
public struct TrainingPreset: Sendable {
    /// What `--preset` calls it.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
    /// The options that it is about; the others stay as they are.
    public let options: [String: String]
    /// What was published, to hold a result against.
    public let expectation: String

    /// All presets.
    public static let all: [TrainingPreset] = [
        TrainingPreset(
            name: "liang-vae", summary: "Mult-VAE of Liang et al. 2018",
            options: paper.merging(["model": "mult-vae", "hidden": "600"]) { $1 },
            expectation: "in the paper NDCG@100 .426, Recall@20 .395, Recall@50 .537 on ML-20M"),
        // The authors' code adds lambda |W|^2 with lambda = 0.01 / 500 to the loss, so 2 lambda W to the gradient. They leave
        // biases out; here they decay as well.
        TrainingPreset(
            name: "liang-dae", summary: "Mult-DAE of Liang et al. 2018, without hidden layers",
            options: paper.merging(["model": "mult-dae", "hidden": "none", "weight-decay": "4e-05", "decay": "l2"]) { $1 },
            expectation: "in the paper NDCG@100 .419, Recall@20 .387, Recall@50 .524 on ML-20M"),
        TrainingPreset(
            name: "recotour-pytorch", summary: "Mult-VAE of the RecoTour article, its PyTorch code",
            options: article.merging(["decay": "adamw", "anneal-cap": "0.2"]) { $1 },
            expectation: "in the article NDCG@100 .424, Recall@20 .396, Recall@50 .539 on ML-20M"),
        TrainingPreset(
            name: "recotour-mxnet", summary: "Mult-VAE of the RecoTour article, its MXNet code with the beta found there",
            options: article.merging(["decay": "l2", "anneal-cap": "0.08"]) { $1 },
            expectation: "in the article NDCG@100 .403, Recall@20 .375, Recall@50 .520 on ML-20M"),
        TrainingPreset(
            name: "shenbin-recvae", summary: "RecVAE of Shenbin et al. 2020", options: recVAE,
            expectation: "in the paper NDCG@100 .442, Recall@20 .414, Recall@50 .553 on ML-20M"),
        TrainingPreset(
            name: "fast", summary: "20 epochs of small batches at a learning rate that falls from 0.004", options: fast,
            expectation: "on ML-1M NDCG@100 .418, Recall@20 .348, Recall@50 .473"),
    ]

    /// Few epochs of small batches, with a learning rate that begins high and falls to nothing.
    ///
    /// Adam moves a weight by about the learning rate an update, whatever the size of the gradient: at first, progress goes with
    /// updates times learning rate, and four times the updates at four times the rate make an epoch worth sixteen. Such steps
    /// end in noise; the fall of the rate lets it settle. The model is not part of it.
    private static let fast = [
        "epochs": "20", "batch-size": "125", "learning-rate": "0.004", "learning-rate-schedule": "cosine",
        "final-learning-rate": "0", "warm-up-updates": "0", "warm-up-epochs": "0", "patience": "0",
    ]

    /// What the paper's two models share: the authors' notebook.
    private static let paper = [
        "latent": "200", "decoder-hidden": "auto", "dropout": "0.5", "encoder-dropout": "auto", "decoder-dropout": "auto",
        "activations": "paper", "epochs": "200", "batch-size": "500", "learning-rate": "0.001",
        "learning-rate-schedule": "constant", "warm-up-updates": "0", "warm-up-epochs": "0", "weight-decay": "0",
        "decay": "adamw",
        "anneal": "linear", "anneal-cap": "0.2", "anneal-updates": "200000", "evaluate-every": "1", "patience": "0",
        "metric": "ndcg@100", "stop-on": "metric",
    ]

    /// What the article's two programs share; with `--learning-rate-schedule plateau` also their way to cut the learning rate.
    private static let article = [
        "model": "mult-vae", "latent": "200", "hidden": "600", "decoder-hidden": "auto", "dropout": "0.5",
        "encoder-dropout": "auto", "decoder-dropout": "auto", "activations": "article", "epochs": "200", "batch-size": "512",
        "learning-rate": "0.001", "learning-rate-schedule": "constant", "plateau-factor": "0.4", "plateau-patience": "5",
        "plateau-threshold": "auto", "warm-up-updates": "0", "warm-up-epochs": "0", "weight-decay": "0", "anneal": "linear",
        "anneal-epochs": "85%", "evaluate-every": "1", "patience": "20", "metric": "ndcg@100", "stop-on": "metric",
    ]

    /// The authors' code for ML-20M, which goes through 50 epochs; here it stops when the validation users see nothing better.
    /// What other models have is as it goes without saying.
    private static let recVAE = paper.merging([
        "model": "rec-vae", "hidden": "600", "gamma": "0.005", "learning-rate": "0.0005", "epochs": "100", "patience": "20",
        "anneal-updates": "auto", "anneal-epochs": "85%",
    ]) { $1 }

    /// The preset of this name.
    ///
    /// - Throws: `FoldinError` of kind `usage` when there is none.
    public init(named name: String) throws {
        guard let preset = TrainingPreset.all.first(where: { $0.name == name }) else {
            throw FoldinError(
                .usage, found: "the preset \(name.quoted)",
                expected: "one of \(TrainingPreset.all.map(\.name).joined(separator: ", "))")
        }
        self = preset
    }

    private init(name: String, summary: String, options: [String: String], expectation: String) {
        (self.name, self.summary, self.options, self.expectation) = (name, summary, options, expectation)
    }
}

extension TrainingPlan {
    /// Sets the options that a preset is about, and leaves the others; see `TrainingPreset.all`.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a name that is no preset's.
    public mutating func apply(preset name: String) throws {
        for (option, value) in try TrainingPreset(named: name).options { try set(option, to: value) }
    }
}

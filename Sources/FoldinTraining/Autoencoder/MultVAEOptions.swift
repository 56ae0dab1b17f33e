import FoldinInteractions
import FoldinModels

extension NetworkFamily {
    /// Mult-VAE (Liang et al. 2018): `MultVAE`.
    static let multVAE = NetworkFamily(
        name: "mult-vae", title: "Mult-VAE", help: "variational autoencoder with multinomial likelihood (Liang et al. 2018)",
        options: [logits, temperature, userPower],
        presets: [
            TrainingPreset(
                "liang-vae", "Mult-VAE of Liang et al. 2018",
                expectation: "in the paper NDCG@100 .426, Recall@20 .395, Recall@50 .537 on ML-20M",
                TrainingPreset.liang, ["model": "mult-vae", "hidden": "600"]),
            TrainingPreset(
                "recotour-pytorch", "Mult-VAE of the RecoTour article, its PyTorch code",
                expectation: "in the article NDCG@100 .424, Recall@20 .396, Recall@50 .539 on ML-20M",
                article, ["decay": "adamw", "anneal-cap": "0.2"]),
            TrainingPreset(
                "recotour-mxnet", "Mult-VAE of the RecoTour article, its MXNet code with the beta found there",
                expectation: "in the article NDCG@100 .403, Recall@20 .375, Recall@50 .520 on ML-20M",
                article, ["decay": "l2", "anneal-cap": "0.08"]),
            sparse,
        ],
        starts: [
            SearchStart(
                .dense,
                [
                    "epochs": "20", "batch-size": "125", "learning-rate": "0.004", "learning-rate-schedule": "cosine",
                    "final-learning-rate": "0", "patience": "0",
                ]),
            SearchStart(.sparse, sparse.options),
        ],
        search: {
            [
                OptionAxis(TrainingOptions.shared.network.dropout, [0.3, 0.5, 0.7]),
                OptionAxis(TrainingOptions.shared.network.latent, [100, 200, 512, 1024]),
                OptionAxis(TrainingOptions.shared.optimizer.learningRate, [0.001, 0.002, 0.003, 0.004, 0.006]),
            ]
        },
        listsForeignOptions: true, listsOwnDefaults: false, hasAnnealing: true,
        note: { trainer, users in
            trainer.schedule.annealingSummary(updatesPerEpoch: trainer.schedule.updatesPerEpoch(users: users))
        },
        configuration: { values in
            MultVAE(
                latent: values[\.network.latent], hidden: values[\.network.hidden], decoder: values[\.network.decoderHidden],
                dropout: values[\.network.dropout], encoderDropout: values[\.network.encoderDropout],
                decoderDropout: values[\.network.decoderDropout], activations: values[\.network.activations],
                normalization: Normalization(
                    temperature: values[logits] == .cosine ? values[temperature] : nil, userPower: values[userPower]))
        },
        read: { configuration, values in
            values.readLayers(of: configuration)
            guard let normalization = (configuration as? MultVAE)?.normalization else { return }
            values[logits] = normalization.temperature == nil ? .dot : .cosine
            if let temperature = normalization.temperature { values[Self.temperature] = temperature }
            values[userPower] = normalization.userPower
        },
        canonicalize: { $0.canonicalizeLayers() })

    /// For few clicks per user among tens of thousands of items.
    ///
    /// Without hidden layers few weights are shared by all users. A high rate brings the many weights of rarely clicked items to their places in
    /// few epochs, and the falling rate lets them converge; see decision 24.
    private static let sparse = TrainingPreset(
        "sparse", "Mult-VAE for few clicks per user and many items: no hidden layers, cosine logits, a falling rate",
        expectation: "on Gowalla NDCG@100 .206, Recall@20 .186, Recall@50 .285",
        TrainingPreset.liang,
        [
            "model": "mult-vae", "latent": "256", "hidden": "none", "dropout": "0.4", "logits": "cosine",
            "logits-temperature": "0.07", "user-power": "0.5", "epochs": "8", "batch-size": "125", "learning-rate": "0.02",
            "learning-rate-schedule": "cosine", "final-learning-rate": "0", "anneal": "constant", "anneal-updates": "auto",
            "anneal-epochs": "85%",
        ])

    private static let logits = TrainingOption(
        "logits", default: LogitsName.dot, placeholder: "kind",
        "The scores of mult-vae before the softmax: 'dot' products, or 'cosine' similarities divided by --logits-temperature.")
    private static let temperature = TrainingOption<Float>(
        "logits-temperature", default: 0.1, placeholder: "x", "The number that divides cosines.", where: { $0[logits] == .cosine }
    )
    private static let userPower = TrainingOption<Float>(
        "user-power", default: 0, placeholder: "x",
        "The loss of a user with n clicks is multiplied by n^-power; for sparse data 0.5.")

    /// What the article's two programs share; with `--learning-rate-schedule plateau` also their way to cut the learning rate.
    private static let article = [
        "model": "mult-vae", "latent": "200", "hidden": "600", "decoder-hidden": "auto", "dropout": "0.5",
        "encoder-dropout": "auto", "decoder-dropout": "auto", "activations": "article", "epochs": "200", "batch-size": "512",
        "learning-rate": "0.001", "learning-rate-schedule": "constant", "plateau-factor": "0.4", "plateau-patience": "5",
        "plateau-threshold": "auto", "warm-up-updates": "0", "warm-up-epochs": "0", "weight-decay": "0", "anneal": "linear",
        "anneal-epochs": "85%", "evaluate-every": "1", "patience": "20", "metric": "ndcg@100", "stop-on": "metric",
    ]
}

/// The kinds of logits by name.
enum LogitsName: String, CaseIterable, OptionValue { case dot, cosine }

extension OptionValues {
    /// Sets the options of the layers to those of a network whose layers can each have their own width and dropout.
    mutating func readLayers(of configuration: any ModelConfiguration) {
        guard let network = (configuration as? any AutoencoderConfiguration)?.template else { return }
        self[\.network.latent] = network.latent
        self[\.network.hidden] = network.encoder
        self[\.network.decoderHidden] = network.decoder
        self[\.network.encoderDropout] = network.encoderDropout
        self[\.network.decoderDropout] = network.decoderDropout
        self[\.network.activations] = network.activations
    }

    /// Gives networks with equal layers equal options: a mirrored decoder, and dropout of the input alone, in the short form.
    mutating func canonicalizeLayers() {
        if self[\.network.decoderHidden] == self[\.network.hidden].reversed() { self[\.network.decoderHidden] = nil }
        if let dropout = self[\.network.encoderDropout], let first = dropout.first {
            self[\.network.dropout] = first
            if dropout.dropFirst().allSatisfy({ $0 == 0 }) { self[\.network.encoderDropout] = nil }
        }
        if let dropout = self[\.network.decoderDropout], dropout.allSatisfy({ $0 == 0 }) {
            self[\.network.decoderDropout] = nil
        }
    }
}

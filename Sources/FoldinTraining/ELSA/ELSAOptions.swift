import FoldinInteractions
import FoldinModels

extension NetworkFamily {
    /// ELSA (Vančura et al. 2022): `ELSA`.
    static let elsa = NetworkFamily(
        name: "elsa", title: "ELSA", help: "scalable linear shallow autoencoder (Vančura et al. 2022)",
        options: [loss, temperature],
        presets: [
            TrainingPreset(
                "vancura-elsa", "ELSA of Vančura et al. 2022",
                expectation: "on ML-1M NDCG@100 .434, Recall@20 .368, Recall@50 .495",
                TrainingPreset.liang,
                [
                    "model": "elsa", "hidden": "600", "latent": "512", "learning-rate": "0.01", "epochs": "30", "patience": "5",
                    "anneal-updates": "auto", "anneal-epochs": "85%", "elsa-loss": "squared", "temperature": "0.1",
                ])
        ],
        comparisonPreset: "vancura-elsa",
        starts: [
            SearchStart(.dense, ["latent": "512", "learning-rate": "0.01", "epochs": "30", "patience": "5"]),
            SearchStart(
                .sparse,
                [
                    "latent": "512", "elsa-loss": "softmax", "temperature": "0.2", "learning-rate": "0.01",
                    "learning-rate-schedule": "cosine", "final-learning-rate": "0", "epochs": "10", "patience": "0",
                ]),
        ],
        search: {
            [
                OptionAxis(temperature, [0.1, 0.15, 0.2, 0.3, 0.4]),
                OptionAxis(TrainingOptions.shared.network.latent, [128, 256, 512, 1024]),
                OptionAxis(TrainingOptions.shared.optimizer.learningRate, [0.0025, 0.005, 0.01, 0.02]),
            ]
        },
        excluding: { options in
            [options.network.hidden, options.network.decoderHidden, options.network.dropout, options.network.encoderDropout]
                + [options.network.decoderDropout, options.network.activations] + options.annealing.declarations
                + [options.computing.precision]
        },
        configuration: { ELSA(latent: $0[\.network.latent], loss: $0[loss], temperature: $0[temperature]) },
        read: { configuration, values in
            guard let configuration = configuration as? ELSA else { return }
            values[\.network.latent] = configuration.latent
            values[loss] = configuration.loss
            values[temperature] = configuration.temperature
        })

    private static let loss = TrainingOption(
        "elsa-loss", default: ELSA.Loss.squared, placeholder: "loss",
        "The loss of elsa: the squared distance of normalised scores, or the likelihood under a softmax of scores.")
    private static let temperature = TrainingOption<Float>(
        "temperature", default: 0.1, placeholder: "x", "The number that divides elsa's scores in a softmax loss.",
        where: { $0[loss] == .softmax })
}

extension ELSA.Loss: OptionValue {}

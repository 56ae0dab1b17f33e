import FoldinInteractions
import FoldinModels
import FoldinSupport

extension NetworkFamily {
    /// RecVAE (Shenbin et al. 2020): `RecVAE`.
    static let recVAE = NetworkFamily(
        name: "rec-vae", title: "RecVAE",
        help: "variational autoencoder with a composite prior and alternating updates (Shenbin et al. 2020)",
        options: [gamma],
        presets: [
            // The authors' code for ML-20M, which trains for 50 epochs; here training stops when the validation score stops improving.
            // Options that RecVAE does not have are at their defaults.
            TrainingPreset(
                "shenbin-recvae", "RecVAE of Shenbin et al. 2020",
                expectation: "in the paper NDCG@100 .442, Recall@20 .414, Recall@50 .553 on ML-20M",
                TrainingPreset.liang,
                [
                    "model": "rec-vae", "hidden": "600", "gamma": "0.005", "learning-rate": "0.0005", "epochs": "100",
                    "patience": "20", "anneal-updates": "auto", "anneal-epochs": "85%",
                ])
        ],
        comparisonPreset: "shenbin-recvae",
        starts: [
            SearchStart(
                .dense,
                [
                    "hidden": "600", "gamma": "0.005", "learning-rate": "0.002", "learning-rate-schedule": "cosine",
                    "final-learning-rate": "0", "epochs": "30", "patience": "0",
                ])
        ],
        search: { [OptionAxis(gamma, [0.0025, 0.005, 0.01])] },
        listsForeignOptions: true,
        note: { trainer, _ in
            (trainer.configuration as? RecVAE).map {
                "gamma is \($0.gamma); an epoch is three passes for the encoder and one for the decoder"
            }
        },
        excluding: { options in
            [options.network.decoderHidden, options.network.encoderDropout, options.network.decoderDropout]
                + [options.network.activations] + options.annealing.declarations
                + [options.computing.softmax, options.computing.negatives]
        },
        configuration: { values in
            let hidden = values[\.network.hidden]
            guard let width = hidden.first, hidden.count == 1 else {
                throw FoldinError(
                    .usage, found: "hidden \(hidden.optionText.quoted) for rec-vae",
                    expected: "one width, that of its five hidden layers")
            }
            return RecVAE(
                latent: values[\.network.latent], hidden: width, dropout: values[\.network.dropout], gamma: values[gamma])
        },
        read: { configuration, values in
            guard let configuration = configuration as? RecVAE else { return }
            let network = configuration.architecture(items: 1)
            values[\.network.latent] = network.latent
            values[\.network.hidden] = Array(network.encoder.prefix(1))
            values[\.network.dropout] = network.network.layers.first?.dropout ?? 0
            values[gamma] = configuration.gamma
        })

    /// The weight of the KL divergence in RecVAE's loss.
    static let gamma = TrainingOption<Float>(
        "gamma", default: 0.005, placeholder: "x", "Weight of rec-vae's divergence for each click of a user.")
}

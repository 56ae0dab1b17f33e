import FoldinInteractions
import FoldinModels

extension NetworkFamily {
    /// Mult-DAE (Liang et al. 2018): `MultDAE`.
    ///
    /// Options of beta are allowed and have no effect, so that a sweep can give them to both models of the paper.
    static let multDAE = NetworkFamily(
        name: "mult-dae", title: "Mult-DAE", help: "denoising autoencoder with multinomial likelihood (Liang et al. 2018)",
        presets: [
            // The authors' code adds lambda |W|^2 with lambda = 0.01 / 500 to the loss, so 2 lambda W to the gradient. They leave
            // biases out; here they decay as well.
            TrainingPreset(
                "liang-dae", "Mult-DAE of Liang et al. 2018, without hidden layers",
                expectation: "in the paper NDCG@100 .419, Recall@20 .387, Recall@50 .524 on ML-20M",
                TrainingPreset.liang, ["model": "mult-dae", "hidden": "none", "weight-decay": "4e-05", "decay": "l2"])
        ],
        listsForeignOptions: true,
        configuration: { values in
            MultDAE(
                latent: values[\.network.latent], hidden: values[\.network.hidden], decoder: values[\.network.decoderHidden],
                dropout: values[\.network.dropout], encoderDropout: values[\.network.encoderDropout],
                decoderDropout: values[\.network.decoderDropout], activations: values[\.network.activations])
        },
        read: { $1.readLayers(of: $0) },
        canonicalize: { $0.canonicalizeLayers() })
}

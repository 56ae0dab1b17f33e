import FoldinInteractions
import FoldinModels

// The network that the options describe, and the options that a network does not have.
extension TrainingPlan {
    /// The network.
    public var configuration: any ModelConfiguration {
        switch model {
        case "mult-vae":
            MultVAE(
                latent: latent, hidden: hidden, decoder: decoderHidden, dropout: dropout, encoderDropout: encoderDropout,
                decoderDropout: decoderDropout, activations: activations)
        case "mult-dae":
            MultDAE(
                latent: latent, hidden: hidden, decoder: decoderHidden, dropout: dropout, encoderDropout: encoderDropout,
                decoderDropout: decoderDropout, activations: activations)
        default: RecVAE(latent: latent, hidden: hidden.first ?? 0, dropout: dropout, gamma: gamma)
        }
    }

    /// The options that RecVAE does not have.
    private static let notOfRecVAE = [
        "decoder-hidden", "encoder-dropout", "decoder-dropout", "activations", "anneal", "anneal-cap", "anneal-epochs",
        "anneal-updates", "softmax", "negatives",
    ]

    /// Fails for an option that the model does not have and that is not as it goes without saying.
    func checkAgainstModel() throws {
        let foreign = model == "rec-vae" ? Self.notOfRecVAE : ["gamma"]
        let defaults = TrainingPlan()
        for option in Self.table where foreign.contains(option.name) && option.write(self) != option.write(defaults) {
            throw FoldinError(
                .usage, found: "\(option.name) \(option.write(self).quoted) for \(model)",
                expected: model == "rec-vae" ? "it with another model" : "it with rec-vae")
        }
        if model == "rec-vae", hidden.count != 1 {
            throw FoldinError(
                .usage, found: "hidden \(hidden.planText.quoted) for rec-vae",
                expected: "one width, that of its five hidden layers")
        }
    }
}

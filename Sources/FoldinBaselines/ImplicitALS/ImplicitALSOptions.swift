import FoldinInteractions
import FoldinModels

extension ClosedFormFamily {
    /// Implicit ALS (Hu et al. 2008, Rendle et al. 2022): `ImplicitALS`.
    public static let ials = ClosedFormFamily(
        ImplicitALS.self, help: "matrix factorisation by alternating least squares (Hu et al. 2008, Rendle et al. 2022)",
        options: [latent, lambda, unobservedWeight, frequencyPower, iterations, seed],
        grid: [OptionAxis(latent, [64, 256]), OptionAxis(lambda, [0.002, 0.004, 0.008])],
        starts: [
            SearchStart(.dense, ["lambda": "0.004"]),
            SearchStart(.sparse, ["latent": "512", "lambda": "0.002", "iterations": "8"]),
        ],
        search: [
            OptionAxis(lambda, [0.0005, 0.001, 0.002, 0.004, 0.008]), OptionAxis(latent, [64, 128, 256, 512, 1024]),
        ]
    ) { values in
        ImplicitALS(
            latent: values[latent], unobservedWeight: values[unobservedWeight] == 0 ? nil : values[unobservedWeight],
            lambda: values[lambda], frequencyPower: values[frequencyPower], iterations: values[iterations], seed: values[seed])
    }

    private static let latent = TrainingOption(
        "latent", default: 256, in: 1...ImplicitALSModel.maximumLatent, "Width of the user and item vectors.")
    private static let lambda = TrainingOption(
        "lambda", default: 0.003, in: ImplicitALSPenalty.ranges.lambda, "Penalty of the squared vectors.")
    private static let unobservedWeight = TrainingOption(
        "unobserved-weight", default: 0.0, in: 0...ImplicitALSPenalty.ranges.unobservedWeight.upperBound,
        "Weight of the squared score of every pair of a user and an item; 0 for 30 times the share of clicks in all pairs, at most 1."
    )
    private static let frequencyPower = TrainingOption(
        "frequency-power", default: 1.0, in: ImplicitALSPenalty.ranges.frequencyPower,
        "How far the penalty grows with a vector's clicks: 1 in proportion, 0 not at all.")
    private static let iterations = TrainingOption(
        "iterations", default: 16, in: 1...10_000, placeholder: "n", "Times that all user and item vectors are computed.")
    private static let seed = TrainingOption<UInt64>("seed", default: 98_765, "Seed of the first item vectors.")
}

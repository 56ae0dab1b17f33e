extension TrainingMemory {
    /// The Mult-VAE of one hidden layer and the given sizes; Mult-DAE needs a little less. Nil if the sizes overflow.
    public init?(dataset: Shape, hidden: Int, latent: Int, batch: Int, softmax: Softmax = .exact) {
        self.init(
            dataset: dataset, MultVAE(latent: latent, hidden: [hidden]), hidden: hidden, latent: latent, batch: batch,
            softmax: softmax)
    }
}

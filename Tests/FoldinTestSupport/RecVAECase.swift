import FoldinInteractions
import FoldinModels

/// What `Tests/Reference/recvae_reference.py` recorded of one small RecVAE.
public struct RecVAECase: Decodable, Sendable, CustomStringConvertible {
    public let items, latent, width, depth: Int
    public let gamma: Float
    public let clicks: [[Int]]
    public let noise: [Float]
    public let previous: [Float]
    public let weights: [String: [Float]]
    public let scores: [Float]
    public let likelihood, divergence: Double
    public let gradients: [String: [Float]]
    public let afterAdam: [String: [Float]]
    public let afterAdamW: [String: [Float]]

    public var description: String { "depth \(depth)" }

    /// All recorded networks; empty if the fixture cannot be read.
    public static let all: [RecVAECase] = Fixture<RecVAECase>.cases("recvae.json")

    public var matrix: InteractionMatrix { InteractionMatrix(rows: clicks, itemCount: items) }

    /// The model of the recorded weights.
    public func model() throws -> RecVAEModel {
        let architecture = RecVAEArchitecture(items: items, width: width, depth: depth, latent: latent)
        let parameters = Parameters(zerosFor: architecture.network)
        try parameters.set(weights)
        return RecVAEModel(architecture, parameters)
    }
}

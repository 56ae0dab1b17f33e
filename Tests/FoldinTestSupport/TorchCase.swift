import FoldinInteractions
import FoldinModels
import Foundation

/// What `Tests/Reference/torch_reference.py` recorded of one network.
public struct TorchCase: Decodable, Sendable, CustomStringConvertible {
    public let family: Architecture.Family
    public let placement: Architecture.Activations
    public let items: Int
    public let latent: Int
    public let encoder: [Int]
    public let decoder: [Int]
    public let beta: Float
    public let clicks: [[Int]]
    public let noise: [Float]
    public let weights: [String: [Float]]
    public let scores: [Float]
    public let likelihood: Double
    public let divergence: Double
    public let gradients: [String: [Float]]
    public let afterAdam: [String: [Float]]
    public let afterAdamW: [String: [Float]]

    public var description: String { "\(family.rawValue) depth \(encoder.count + 1) \(placement.rawValue)" }

    public var matrix: InteractionMatrix { InteractionMatrix(rows: clicks, itemCount: items) }

    /// The model of the recorded weights.
    public func model() throws -> Autoencoder {
        let architecture = Architecture(
            family: family, items: items, encoder: encoder, latent: latent, decoder: decoder,
            encoderDropout: encoder.map { _ in 0 } + [0], decoderDropout: decoder.map { _ in 0 } + [0], activations: placement)
        let parameters = Parameters(zerosFor: architecture.network)
        try parameters.set(weights)
        return Autoencoder(architecture, parameters)
    }

    /// All recorded networks; empty if the fixture cannot be read.
    public static let all: [TorchCase] = Fixture<TorchCase>.cases("torch.json")
}

/// A file that a script in `Tests/Reference` made.
struct Fixture<Case: Decodable>: Decodable {
    let cases: [Case]

    static func cases(_ name: String) -> [Case] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/" + name)
        guard let data = try? Data(contentsOf: url), let fixture = try? JSONDecoder().decode(Fixture.self, from: data) else {
            return []
        }
        return fixture.cases
    }
}

import FoldinInteractions
import FoldinKernels
import Foundation
import Testing

@testable import FoldinModels

/// What `Tests/Reference/recvae_reference.py` recorded of one small RecVAE.
struct RecVAECase: Decodable, Sendable, CustomTestStringConvertible {
    let items, latent, width, depth: Int
    let gamma: Float
    let clicks: [[Int]]
    let noise: [Float]
    let previous: [Float]
    let weights: [String: [Float]]
    let scores: [Float]
    let likelihood, divergence: Double
    let gradients: [String: [Float]]
    let afterAdam: [String: [Float]]
    let afterAdamW: [String: [Float]]

    var testDescription: String { "depth \(depth)" }

    static let all: [RecVAECase] = {
        struct File: Decodable { let cases: [RecVAECase] }
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/recvae.json")
        guard let data = try? Data(contentsOf: url), let file = try? JSONDecoder().decode(File.self, from: data) else {
            return []
        }
        return file.cases
    }()

    var architecture: Architecture { .recVAE(items: items, width: width, depth: depth, latent: latent) }
    var matrix: InteractionMatrix { InteractionMatrix(rows: clicks, itemCount: items) }

    func parameters() throws -> Parameters {
        let parameters = Parameters(zerosFor: architecture)
        try parameters.set(weights)
        return parameters
    }

    func step() throws -> TrainingStep {
        let step = TrainingStep(parameters: try parameters(), batchSize: clicks.count, seed: 1, workers: Workers(count: 2))
        step.fixedNoise = noise
        return step
    }
}

extension Architecture {
    /// A RecVAE of any depth.
    static func recVAE(items: Int, width: Int, depth: Int, latent: Int, dropout: Float = 0) -> Architecture {
        Architecture(
            family: .recVAE, items: items, encoder: [Int](repeating: width, count: depth), latent: latent, decoder: [],
            encoderDropout: [dropout] + [Float](repeating: 0, count: depth), decoderDropout: [0])
    }
}

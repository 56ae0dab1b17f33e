import FoldinInteractions
import FoldinKernels
import Foundation
import Testing

@testable import FoldinModels

/// What `Tests/Reference/torch_reference.py` recorded of one network.
struct TorchCase: Decodable, Sendable, CustomTestStringConvertible {
    let family: Architecture.Family
    let placement: Architecture.Activations
    let items: Int
    let latent: Int
    let encoder: [Int]
    let decoder: [Int]
    let beta: Float
    let clicks: [[Int]]
    let noise: [Float]
    let weights: [String: [Float]]
    let scores: [Float]
    let likelihood: Double
    let divergence: Double
    let gradients: [String: [Float]]
    let afterAdam: [String: [Float]]
    let afterAdamW: [String: [Float]]

    var testDescription: String { "\(family.rawValue) depth \(encoder.count + 1) \(placement.rawValue)" }

    var architecture: Architecture {
        Architecture(
            family: family, items: items, encoder: encoder, latent: latent, decoder: decoder,
            encoderDropout: encoder.map { _ in 0 } + [0], decoderDropout: decoder.map { _ in 0 } + [0], activations: placement)
    }

    var matrix: InteractionMatrix { InteractionMatrix(rows: clicks, itemCount: items) }

    func parameters() throws -> Parameters {
        let parameters = Parameters(zerosFor: architecture)
        try parameters.set(weights)
        return parameters
    }

    static let all: [TorchCase] = {
        struct File: Decodable { let cases: [TorchCase] }
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/torch.json")
        guard let data = try? Data(contentsOf: url), let file = try? JSONDecoder().decode(File.self, from: data) else {
            return []
        }
        return file.cases
    }()
}

extension Parameters {
    /// By the article's names, weights as [outputs, inputs].
    func set(_ values: [String: [Float]]) throws {
        for (index, layer) in architecture.layers.enumerated() {
            let weight = try #require(values[layer.name + ".weight"])
            let bias = try #require(values[layer.name + ".bias"])
            for output in 0..<layer.outputs {
                for input in 0..<layer.inputs {
                    let at = index == 0 ? input * layer.outputs + output : output * layer.inputs + input
                    linears[index].weight.pointer[at] = weight[output * layer.inputs + input]
                }
                linears[index].bias.pointer[output] = bias[output]
            }
        }
        for (index, norm) in norms.enumerated() {
            for (buffer, name) in [(norm.gain, "weight"), (norm.shift, "bias")] {
                let numbers = try #require(values["\(Parameters.normName(index)).\(name)"])
                for (place, number) in numbers.enumerated() { buffer.pointer[place] = number }
            }
        }
    }

    /// The largest difference from `values`, relative to the largest of them in each tensor.
    func difference(from values: [String: [Float]]) throws -> Float {
        let expected = Parameters(zerosFor: architecture)
        try expected.set(values)
        return zip(buffers, expected.buffers).reduce(0) { max($0, relativeDifference($1.0.values, $1.1.values)) }
    }
}

/// The largest |a - b| over the largest |b|.
func relativeDifference(_ a: [Float], _ b: [Float]) -> Float {
    let scale = b.map(abs).max() ?? 0
    return zip(a, b).map { abs($0 - $1) }.max().map { $0 / max(scale, 1e-6) } ?? 0
}

@Suite("Agreement with PyTorch")
struct TorchParityTests {
    @Test func thereAreFixturesForEachDepthFamilyAndPlacement() {
        #expect(TorchCase.all.count == 12)
    }

    @Test(arguments: TorchCase.all)
    func scores(_ fixture: TorchCase) throws {
        let parameters = try fixture.parameters()
        var scores = [Float](repeating: .nan, count: fixture.clicks.count * fixture.items)
        parameters.score(fixture.matrix, rows: 0..<fixture.clicks.count, into: &scores, workers: Workers(count: 2))
        #expect(relativeDifference(scores, fixture.scores) < 1e-5)
    }

    /// With beta1 = 0 and no learning rate, Adam's first moment is the gradient itself: this checks the fused path.
    @Test(arguments: TorchCase.all)
    func lossAndGradients(_ fixture: TorchCase) throws {
        let step = TrainingStep(parameters: try fixture.parameters(), batchSize: 8, seed: 1, workers: Workers(count: 2))
        step.fixedNoise = fixture.noise
        let loss = step.run(
            fixture.matrix, users: ArraySlice(0..<Int32(fixture.clicks.count)), step: 0, beta: fixture.beta,
            adam: Adam(learningRate: 0, beta1: 0))
        #expect(abs(loss.negativeLogLikelihood - fixture.likelihood) < 1e-5 * fixture.likelihood)
        #expect(abs(loss.divergence - fixture.divergence) < 1e-5 * max(1, fixture.divergence))
        #expect(try step.firstMoments.difference(from: fixture.gradients) < 2e-5)
        #expect(try step.parameters.difference(from: fixture.weights) == 0)
    }

    @Test(arguments: TorchCase.all, [false, true])
    func threeUpdates(_ fixture: TorchCase, decoupled: Bool) throws {
        let step = TrainingStep(parameters: try fixture.parameters(), batchSize: 8, seed: 1, workers: Workers(count: 2))
        step.fixedNoise = fixture.noise
        let adam = Adam(learningRate: 0.05, decoupledDecay: decoupled ? 0.1 : 0, decay: decoupled ? 0 : 0.1)
        for number in 0..<3 {
            step.run(
                fixture.matrix, users: ArraySlice(0..<Int32(fixture.clicks.count)), step: UInt64(number), beta: fixture.beta,
                adam: adam)
        }
        step.settle(updates: 3, adam: adam)
        let expected = decoupled ? fixture.afterAdamW : fixture.afterAdam
        #expect(try step.parameters.difference(from: expected) < 1e-4)
    }
}

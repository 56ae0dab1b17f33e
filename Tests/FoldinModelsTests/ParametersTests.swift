import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

@Suite("Initial weights") struct ParametersTests {
    static let architecture = Architecture(
        family: .multVAE, items: 900, encoder: [60], latent: 40, decoder: [50], encoderDropout: [0, 0], decoderDropout: [0, 0])

    /// Uniform on ±sqrt(6 / (inputs + outputs)): inside, reaching the ends, mean 0, variance bound² / 3.
    @Test func weightsAreXavierUniform() {
        let parameters = Parameters(initializing: Self.architecture.network, seed: 5)
        for (layer, linear) in zip(Self.architecture.network.layers, parameters.linears) {
            let bound = sqrt(6 / Double(layer.inputs + layer.outputs))
            let values = linear.weight.values.map(Double.init)
            let count = Double(values.count)
            #expect(values.allSatisfy { abs($0) <= bound * 1.000001 })
            #expect(values.max().map { $0 > 0.98 * bound } == true && values.min().map { $0 < -0.98 * bound } == true)
            let mean = values.reduce(0, +) / count
            let variance = values.reduce(0) { $0 + $1 * $1 } / count
            #expect(abs(mean) < 5 * bound / sqrt(3 * count))
            #expect(abs(variance / (bound * bound / 3) - 1) < 5 * sqrt(0.8 / count))
        }
    }

    @Test func biasesAreSmallAndNormal() {
        let biases = Parameters(initializing: Self.architecture.network, seed: 5).linears.flatMap {
            $0.bias.values.map(Double.init)
        }
        let count = Double(biases.count)
        let deviation = sqrt(biases.reduce(0) { $0 + $1 * $1 } / count)
        #expect(abs(deviation / 0.001 - 1) < 5 / sqrt(2 * count))
        #expect(biases.contains { abs($0) > 0.002 } && biases.allSatisfy { abs($0) < 0.006 })
    }

    @Test func weightsDependOnTheSeedAndNotOnThreads() {
        // More than one piece of weights, of 65,536 each.
        var wide = Self.architecture
        wide.items = 2_500
        let bits = Parameters(initializing: wide.network, seed: 5, workers: Workers(count: 1)).bits
        #expect(Parameters(initializing: wide.network, seed: 5, workers: Workers(count: 3)).bits == bits)
        let other = Parameters(initializing: wide.network, seed: 6).bits
        for (mine, theirs) in zip(bits, other) { #expect(mine != theirs) }
        // No two tensors share their draws.
        #expect(Set(bits.map { $0.prefix(160) }).count == bits.count)
    }

    @Test func invalidSettingsAreNamed() {
        var bad = Self.architecture
        #expect(bad.validationError == nil)
        bad.latent = 0
        #expect(bad.validationError?.contains("a layer of 0") == true)
        bad = Self.architecture
        bad.encoder = [-1]
        #expect(bad.validationError?.contains("-1") == true)
        bad = Self.architecture
        bad.encoderDropout = [0.5]
        #expect(bad.validationError?.contains("expected 2") == true)
        for rate in [1, -0.1, Float.nan] {
            bad = Self.architecture
            bad.decoderDropout = [0, rate]
            #expect(bad.validationError?.contains("decoder dropout probability") == true)
        }
    }

    @Test func parametersAreCounted() {
        // Weights and biases: 900 x 60, 60 x 80 (means and log-variances), 40 x 50, 50 x 900.
        #expect(Self.architecture.parameterCount == 54_060 + 4_880 + 2_050 + 45_900)
        let held = Parameters(zerosFor: Self.architecture.network).buffers.reduce(0) { $0 + $1.count }
        #expect(held == Self.architecture.parameterCount)
    }
}

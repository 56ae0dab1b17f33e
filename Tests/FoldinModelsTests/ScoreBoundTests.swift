import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinModels

/// What scores can become at most, and what is refused because of it.
@Suite("Bounds of scores") struct ScoreBoundTests {
    static let items = 7

    static func model(of family: String, seed: UInt64, scale: Float) -> any Model {
        func scaled(_ parameters: Parameters) -> Parameters {
            for buffer in parameters.buffers { for place in 0..<buffer.count { buffer.pointer[place] *= scale } }
            return parameters
        }
        guard let family = Architecture.Family(rawValue: family) else {
            let architecture = RecVAEArchitecture(items: items, width: 4, depth: 5, latent: 3)
            return RecVAEModel(architecture, scaled(Parameters(initializing: architecture.network, seed: seed)))
        }
        let architecture = Architecture(
            family: family, items: items, encoder: [5], latent: 3, decoder: [4], encoderDropout: [0, 0], decoderDropout: [0, 0])
        return Autoencoder(architecture, scaled(Parameters(initializing: architecture.network, seed: seed)))
    }

    /// The largest absolute value of a score for any history.
    static func largest(_ model: TrainedModel) -> Double {
        let count = model.itemCount
        let histories = (0..<1 << count).map { subset in (0..<count).filter { subset >> $0 & 1 == 1 } }
        var scores = [Float](repeating: 0, count: histories.count * count)
        model.score(
            InteractionMatrix(rows: histories, itemCount: count), rows: 0..<histories.count, into: &scores,
            workers: Workers(count: 1))
        return scores.reduce(0.0) { $1.isNaN ? .infinity : max($0, Double(abs($1))) }
    }

    static func check(_ kind: any Model) {
        let model = TrainedModel(kind)
        let bound = kind.scoreBound(workers: Workers(count: 2))
        if bound > ScoreBound.limit {
            #expect(failure { try model.checkScores(file: "m", workers: Workers(count: 1)) }?.kind == .badData)
        } else {
            // The slack is that of rounding.
            #expect(largest(model) <= bound * 1.001, "\(model.summary)")
            #expect(throws: Never.self) { try model.checkScores(file: "m", workers: Workers(count: 1)) }
        }
    }

    @Test(arguments: ["mult-vae", "mult-dae", "rec-vae"], [0, 1e-30, 1, 30, 1e9, 1e15, 1e20, 1e36])
    func theBoundHoldsForNetworks(family: String, scale: Float) {
        for seed in 1...3 as ClosedRange<UInt64> { Self.check(Self.model(of: family, seed: seed, scale: scale)) }
    }

    @Test(arguments: ItemModelTests.Kind.allCases) func theBoundHoldsForOtherModels(kind: ItemModelTests.Kind) {
        Self.check(kind.model)
        // Of a blend in a blend the weights are multiplied, and their product must be finite.
        for weight: Float in kind == .blend ? [-3, 1e30] : [-3, 1e30, 1e37, 3e38] {
            Self.check(Blend([.init(kind.model, weight: weight)]))
        }
    }

    /// Two weights that are finite, and a sum of them that is not.
    @Test func theBoundIsThatOfTheSum() {
        let weights = FloatBuffer([0, 3e38, 3e38, 0] + [Float](repeating: 0, count: 12))
        let model = TrainedModel(ItemWeights(.ease, itemCount: 4, weights: weights))
        let error = failure { try model.checkScores(file: "m", workers: Workers(count: 1)) }
        #expect(error?.found.contains("weights so large") == true)
    }

    @Test func theLargestMagnitudeIsThatOfAllNumbers() {
        let workers = Workers(count: 2)
        let numbers = FloatBuffer(count: 600_000)
        #expect(numbers.largestMagnitude(workers: workers) == 0)
        numbers.pointer[599_999] = -3
        numbers.pointer[5] = 2
        #expect(numbers.largestMagnitude(workers: workers) == 3)
        numbers.pointer[300_000] = -.infinity
        #expect(numbers.largestMagnitude(workers: workers) == .infinity)
        numbers.pointer[300_000] = .nan
        #expect(numbers.largestMagnitude(workers: workers).isNaN)
        #expect(FloatBuffer(count: 0).largestMagnitude(workers: workers) == 0)
    }
}

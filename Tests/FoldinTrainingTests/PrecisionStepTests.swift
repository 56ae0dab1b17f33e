import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Precision") struct PrecisionAvailabilityTests {
    /// The error on a processor without the instructions.
    @Test func bfloat16IsRefusedByAProcessorWithoutItsInstructions() throws {
        let error = #expect(throws: FoldinError.self) { try Precision.bfloat16.check(isAvailable: false) }
        #expect(error?.kind == .usage)
        #expect(error?.found == "precision bf16 on a processor without the instructions for it")
        #expect(error?.expected.contains("AVX512_BF16") == true && error?.expected.contains("fp32") == true)
        try Precision.bfloat16.check(isAvailable: true)
        try Precision.float32.check()
        #expect(Precision.float32.isAvailable)
        #expect(Precision.bfloat16.isAvailable == Processor.Feature.avx512BFloat16.isPresent)
    }
}

/// Training steps with rounded operands, beside those in single precision.
@Suite("Steps in bfloat16", .enabled(if: Precision.bfloat16.isAvailable)) struct RoundedStepTests {
    /// Panels of items of full and of odd width, an odd number of users, widths that are no multiple of a register's.
    static let matrix = InteractionMatrix.synthetic(users: 150, items: 1_281, meanInteractions: 12, seed: 5)

    static func trained(
        _ network: SmallNetwork, _ precision: Precision, threads: Int = 2, steps: Int = 3
    ) -> (losses: [StepLoss], parameters: AdamParameters) {
        let session = AutoencoderSession(
            network.architecture(items: 1_281, dropout: 0.2),
            SessionSetup(clicks: matrix, batchSize: 140, seed: 1, workers: Workers(count: threads), precision: precision))
        let order = Shuffle.order(matrix.userCount, pass: 1, seed: 1)
        let losses = [order[..<139], order[140...], order[5..<144]].prefix(steps).enumerated().map { number, users in
            session.run(users, SessionUpdate(number: number, beta: 0.2, adam: Adam(learningRate: 0.01)))
        }
        session.flush(updates: steps, adam: Adam())
        return (losses, session.step.parameters)
    }

    /// A bfloat16 has 8 bits: a relative error of at most 2^-9 per operand, of either sign. Gradients of three such roundings are
    /// at most 0.6% off, as a whole; sums of many terms by less.
    @Test(arguments: SmallNetwork.all)
    func lossesAndGradientsAreCloseToSinglePrecision(_ network: SmallNetwork) {
        let (exact, rounded) = (Self.trained(network, .float32), Self.trained(network, .bfloat16))
        #expect(rounded.losses != exact.losses, "nothing was rounded")
        for (a, b) in zip(rounded.losses, exact.losses) {
            #expect(abs(a.negativeLogLikelihood / b.negativeLogLikelihood - 1) < 1e-3)
            #expect(abs(a.divergence - b.divergence) <= 0.02 * b.divergence + 1e-6)
        }
        // The first moments after one step are the gradients, times 1 - beta1.
        let (one, other) = (Self.trained(network, .bfloat16, steps: 1), Self.trained(network, .float32, steps: 1))
        for (a, b) in zip(one.parameters.firstMoments.buffers, other.parameters.firstMoments.buffers) {
            let distance = zip(a.values, b.values).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
            let size = b.values.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(
                distance.squareRoot() <= 0.01 * size.squareRoot(),
                "\(distance.squareRoot() / size.squareRoot()) \(a.count) gradients")
        }
    }

    @Test(arguments: Architecture.Family.allCases)
    func stepsGiveTheSameBitsForAnyNumberOfThreads(_ family: Architecture.Family) {
        func bits(_ threads: Int) -> [Data] {
            Self.trained(SmallNetwork(family, depth: 2), .bfloat16, threads: threads).parameters.bits
        }
        let alone = bits(1)
        for threads in [1, 2, 3, 5] { #expect(bits(threads) == alone, "\(threads) threads") }
    }
}

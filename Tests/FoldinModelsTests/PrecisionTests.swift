import FoldinInteractions
import FoldinKernels
import Foundation
import Testing

@testable import FoldinModels

@Suite("Precision") struct PrecisionTests {
    /// What a processor without the instructions is told.
    @Test func isRefusedWhereTheProcessorHasItNot() throws {
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
        _ shape: Shape, _ precision: Precision, threads: Int = 2, steps: Int = 3
    ) -> (losses: [StepLoss], step: TrainingStep) {
        let architecture = shape.architecture(items: 1_281, dropout: 0.2)
        let workers = Workers(count: threads)
        let step = TrainingStep(
            parameters: Parameters(initializing: architecture, seed: 1, workers: workers), batchSize: 140, seed: 1,
            workers: workers, precision: precision)
        let order = step.shuffled(matrix.userCount, epoch: 1)
        let losses = [order[..<139], order[140...], order[5..<144]].prefix(steps).enumerated().map { number, users in
            step.run(matrix, users: users, step: UInt64(number), beta: 0.2, adam: Adam(learningRate: 0.01))
        }
        step.settle(updates: steps, adam: Adam())
        return (losses, step)
    }

    /// A bfloat16 has 8 bits: a relative error of at most 2^-9 an operand, of either sign. Gradients of three such roundings come out
    /// at most 0.6% off, as a whole; sums of many terms by less.
    @Test(arguments: Shape.all)
    func isCloseToSinglePrecision(_ shape: Shape) {
        let (exact, rounded) = (Self.trained(shape, .float32), Self.trained(shape, .bfloat16))
        #expect(rounded.losses != exact.losses, "nothing was rounded")
        for (a, b) in zip(rounded.losses, exact.losses) {
            #expect(abs(a.negativeLogLikelihood / b.negativeLogLikelihood - 1) < 1e-3)
            #expect(abs(a.divergence - b.divergence) <= 0.02 * b.divergence + 1e-6)
        }
        // The first moments after one step are the gradients, times 1 - beta1.
        let (one, other) = (Self.trained(shape, .bfloat16, steps: 1), Self.trained(shape, .float32, steps: 1))
        for (a, b) in zip(one.step.firstMoments.tensors, other.step.firstMoments.tensors) {
            let distance = zip(a.values, b.values).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
            let size = b.values.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(
                distance.squareRoot() <= 0.01 * size.squareRoot(),
                "\(distance.squareRoot() / size.squareRoot()) \(a.count) gradients")
        }
    }

    @Test(arguments: Architecture.Family.plain)
    func sameBitsForAnyNumberOfThreads(_ family: Architecture.Family) {
        func bits(_ threads: Int) -> [Data] {
            let step = Self.trained(Shape(family: family, depth: 2, placement: .paper), .bfloat16, threads: threads).step
            return step.parameters.bits + step.firstMoments.bits + step.secondMoments.bits
        }
        let alone = bits(1)
        for threads in [1, 2, 3, 5] { #expect(bits(threads) == alone, "\(threads) threads") }
    }
}

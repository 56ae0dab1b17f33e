import FoldinInteractions
import FoldinKernels
import Foundation
import Testing

@testable import FoldinModels

/// What a training depends on: the data, the options and the seed, never the number of threads.
@Suite("Repeatable training") struct RepeatabilityTests {
    /// 79 panels of items in 16 lanes, three pieces of users.
    static let matrix = InteractionMatrix.synthetic(users: 150, items: 20_000, meanInteractions: 12, seed: 5)

    /// The weights and moments after three steps over shuffled users.
    static func trained(_ family: Architecture.Family, seed: UInt64, threads: Int, softmax: Softmax = .exact) -> [Data] {
        let architecture = Shape(family: family, depth: 2, placement: .paper).architecture(items: 20_000, dropout: 0.4)
        let workers = Workers(count: threads)
        let step = TrainingStep(
            parameters: Parameters(initializing: architecture, seed: seed, workers: workers), batchSize: 140, seed: seed,
            workers: workers, softmax: softmax)
        let order = step.shuffled(matrix.userCount, epoch: 1)
        for (number, users) in [order[..<140], order[140...], order[5..<144]].enumerated() {
            step.run(matrix, users: users, step: UInt64(number), beta: 0.2, adam: Adam(decoupledDecay: 0.01))
        }
        step.settle(updates: 3, adam: Adam(decoupledDecay: 0.01))
        return step.parameters.bits + step.firstMoments.bits + step.secondMoments.bits
    }

    @Test(arguments: Architecture.Family.plain)
    func sameBitsForAnyNumberOfThreads(_ family: Architecture.Family) {
        let alone = Self.trained(family, seed: 1, threads: 1)
        for threads in [1, 2, 3, 5] { #expect(Self.trained(family, seed: 1, threads: threads) == alone, "\(threads) threads") }
        #expect(Self.trained(family, seed: 2, threads: 1) != alone)
    }

    /// The candidates make 16 panels or more.
    @Test(arguments: Architecture.Family.plain)
    func sameBitsOfTheSampledSoftmax(_ family: Architecture.Family) {
        let softmax = Softmax.sampled(negatives: 5_000)
        let alone = Self.trained(family, seed: 1, threads: 1, softmax: softmax)
        for threads in [1, 2, 3, 5] {
            #expect(Self.trained(family, seed: 1, threads: threads, softmax: softmax) == alone, "\(threads) threads")
        }
        #expect(Self.trained(family, seed: 2, threads: 1, softmax: softmax) != alone)
    }

    @Test func scoresDoNotDependOnThreadsOrCompany() {
        for family in Architecture.Family.plain {
            let parameters = Parameters(
                initializing: Shape(family: family, depth: 3, placement: .article).architecture(items: 3_000), seed: 1)
            let matrix = InteractionMatrix.synthetic(users: 70, items: 3_000, meanInteractions: 9, seed: 2)
            func scores(_ rows: Range<Int>, threads: Int) -> [Float] {
                var scores = [Float](repeating: .nan, count: rows.count * 3_000)
                parameters.score(matrix, rows: rows, into: &scores, workers: Workers(count: threads))
                return scores
            }
            let all = scores(0..<70, threads: 1)
            #expect(all == scores(0..<70, threads: 3))
            let alone = scores(66..<67, threads: 2)
            #expect(relativeDifference(alone, Array(all[66 * 3_000..<67 * 3_000])) < 1e-5)
        }
    }

    @Test func shufflesArePermutationsOfTheirOwn() {
        let architecture = Shape(family: .multDAE, depth: 1, placement: .paper).architecture(items: 3)
        func step(_ seed: UInt64) -> TrainingStep {
            TrainingStep(parameters: Parameters(zerosFor: architecture), batchSize: 1, seed: seed)
        }
        let first = step(1).shuffled(1_000, epoch: 1)
        #expect(first.sorted() == (0..<1_000).map { Int32($0) })
        #expect(step(1).shuffled(1_000, epoch: 1) == first)
        for other in [first.sorted(), step(1).shuffled(1_000, epoch: 2), step(2).shuffled(1_000, epoch: 1)] {
            // Two random orders agree in one place on average.
            let agreements = zip(first, other).count { $0 == $1 }
            #expect(agreements < 10)
        }
        #expect(step(1).shuffled(0, epoch: 1) == [] && step(1).shuffled(1, epoch: 1) == [0])
    }

    /// Each of the 24 orders of four comes up about as often: within 6 standard deviations.
    @Test func shufflesAreFair() {
        let step = TrainingStep(
            parameters: Parameters(zerosFor: Shape(family: .multDAE, depth: 1, placement: .paper).architecture(items: 3)),
            batchSize: 1, seed: 9)
        var counts: [[Int32]: Int] = [:]
        for epoch in 0..<4_800 { counts[step.shuffled(4, epoch: epoch), default: 0] += 1 }
        #expect(counts.count == 24)
        #expect(counts.values.allSatisfy { abs($0 - 200) < 84 })
    }
}

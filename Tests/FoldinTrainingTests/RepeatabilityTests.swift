import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// What a training depends on: the data, the options and the seed, never the number of threads.
@Suite("Repeatable training") struct RepeatabilityTests {
    /// 79 panels of items in 16 lanes, three pieces of users.
    static let matrix = InteractionMatrix.synthetic(users: 150, items: 20_000, meanInteractions: 12, seed: 5)

    /// The weights and moments after three steps over shuffled users.
    static func trained(_ family: Architecture.Family, seed: UInt64, threads: Int, softmax: Softmax = .exact) -> [Data] {
        let session = AutoencoderSession(
            SmallNetwork(family, depth: 2).architecture(items: 20_000, dropout: 0.4),
            SessionSetup(clicks: matrix, batchSize: 140, seed: seed, workers: Workers(count: threads), softmax: softmax))
        let order = Shuffle.order(matrix.userCount, pass: 1, seed: seed)
        for (number, users) in [order[..<140], order[140...], order[5..<144]].enumerated() {
            session.run(users, SessionUpdate(number: number, beta: 0.2, adam: Adam(decoupledDecay: 0.01)))
        }
        session.flush(updates: 3, adam: Adam(decoupledDecay: 0.01))
        return session.step.parameters.bits
    }

    @Test(arguments: Architecture.Family.allCases)
    func stepsGiveTheSameBitsForAnyNumberOfThreads(_ family: Architecture.Family) {
        let alone = Self.trained(family, seed: 1, threads: 1)
        for threads in [1, 2, 3, 5] { #expect(Self.trained(family, seed: 1, threads: threads) == alone, "\(threads) threads") }
        #expect(Self.trained(family, seed: 2, threads: 1) != alone)
    }

    /// The candidates make 16 panels or more.
    @Test(arguments: Architecture.Family.allCases)
    func stepsOfTheSampledSoftmaxGiveTheSameBitsForAnyNumberOfThreads(_ family: Architecture.Family) {
        let softmax = Softmax.sampled(negatives: 5_000)
        let alone = Self.trained(family, seed: 1, threads: 1, softmax: softmax)
        for threads in [1, 2, 3, 5] {
            #expect(Self.trained(family, seed: 1, threads: threads, softmax: softmax) == alone, "\(threads) threads")
        }
        #expect(Self.trained(family, seed: 2, threads: 1, softmax: softmax) != alone)
    }

    @Test func shufflesArePermutationsThatDependOnSeedAndPass() {
        let first = Shuffle.order(1_000, pass: 1, seed: 1)
        #expect(first.sorted() == (0..<1_000).map { Int32($0) })
        #expect(Shuffle.order(1_000, pass: 1, seed: 1) == first)
        for other in [first.sorted(), Shuffle.order(1_000, pass: 2, seed: 1), Shuffle.order(1_000, pass: 1, seed: 2)] {
            // Two random orders agree in one place on average.
            let agreements = zip(first, other).count { $0 == $1 }
            #expect(agreements < 10)
        }
        #expect(Shuffle.order(0, pass: 1, seed: 1) == [] && Shuffle.order(1, pass: 1, seed: 1) == [0])
    }

    /// Each of the 24 orders of four comes up about as often: within 6 standard deviations.
    @Test func shufflesAreFair() {
        var counts: [[Int32]: Int] = [:]
        for pass in 0..<4_800 { counts[Shuffle.order(4, pass: pass, seed: 9), default: 0] += 1 }
        #expect(counts.count == 24)
        #expect(counts.values.allSatisfy { abs($0 - 200) < 84 })
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Batches") struct BatchTests {
    static let randomness = StepRandomness(seed: 1, step: 0)
    static let matrix = InteractionMatrix(rows: [[0, 3, 5], [], [3], [1, 2, 3, 4], [5]], itemCount: 6)

    static func layer(items: Int = 6, dropout: Float = 0, placement: Architecture.Activations = .paper) -> InputLayer {
        let architecture = SmallNetwork(.multDAE, depth: 1, placement).architecture(items: items, dropout: dropout)
        return InputLayer(Parameters(zerosFor: architecture.network), engine: KernelEngine())
    }

    @Test func clicksAreNormalizedByUser() {
        var batch = Batch()
        batch.takeClicks(Self.matrix, users: [3, 1, 0], layer: Self.layer(), randomness: Self.randomness)
        #expect(batch.userCount == 3)
        #expect(batch.rowStarts == [0, 4, 4, 7])
        #expect(batch.columns == [1, 2, 3, 4, 0, 3, 5])
        let third = 1 / Float(3).squareRoot()
        #expect(batch.values == [0.5, 0.5, 0.5, 0.5, third, third, third])
    }

    @Test func theArticlesPlacementPassesTheInputThroughTanh() {
        var batch = Batch()
        batch.takeClicks(Self.matrix, users: [3], layer: Self.layer(placement: .article), randomness: Self.randomness)
        #expect(batch.values.allSatisfy { abs($0 - 0.462117) < 1e-6 })
    }

    /// Also after a larger batch, of which nothing may remain.
    @Test(arguments: [0, 0.5] as [Float])
    func theSameClicksAreGroupedByItem(dropout: Float) {
        let matrix = InteractionMatrix.synthetic(users: 60, items: 400, meanInteractions: 20, seed: 3)
        let layer = Self.layer(items: 400, dropout: dropout)
        var batch = Batch()
        for users in [0..<60, 20..<27, 5..<6] {
            batch.takeClicks(matrix, users: ArraySlice(users.map { Int32($0) }), layer: layer, randomness: Self.randomness)
            batch.group(by: batch.columns, count: 400)
            var byUser: Set<Click> = []
            for row in 0..<batch.userCount {
                for index in batch.rowStarts[row]..<batch.rowStarts[row + 1] where batch.values[index] != 0 {
                    byUser.insert(Click(row: row, item: Int(batch.columns[index]), value: batch.values[index]))
                }
            }
            var byItem: [Click] = []
            for item in 0..<400 {
                let range = batch.itemStarts[item]..<batch.itemStarts[item + 1]
                #expect(batch.itemRows[range].elementsEqual(batch.itemRows[range].sorted()))
                byItem += range.map { Click(row: Int(batch.itemRows[$0]), item: item, value: batch.itemValues[$0]) }
            }
            #expect(byItem.count == byUser.count && Set(byItem) == byUser)
            #expect((byUser.count == batch.columns.count) == (dropout == 0))
        }
    }

    struct Click: Hashable {
        let row: Int
        let item: Int
        let value: Float
    }

    /// A training over the users of `matrix`, begun with initial weights.
    static func session(_ network: SmallNetwork, batchSize: Int) -> AutoencoderSession {
        AutoencoderSession(
            network.architecture(items: 6, dropout: 0.5), SessionSetup(clicks: matrix, batchSize: batchSize, seed: 1))
    }

    @Test(arguments: SmallNetwork.all)
    func usersWithoutClicksAndBatchesOfOneUserGiveFiniteNumbers(_ network: SmallNetwork) {
        let session = Self.session(network, batchSize: 4)
        for (number, users) in ([[1], [0], [1, 1], [0, 1, 2, 3], [4]] as [ArraySlice<Int32>]).enumerated() {
            let loss = session.run(users, SessionUpdate(number: number, beta: 0.2, adam: Adam(learningRate: 0.01)))
            #expect(loss.negativeLogLikelihood.isFinite && loss.divergence.isFinite)
            #expect((loss.negativeLogLikelihood == 0) == users.allSatisfy { $0 == 1 })
        }
        #expect(session.areWeightsFinite)
    }

    /// The objective is a mean over the users of the batch, not over the batch size.
    @Test(arguments: SmallNetwork.all)
    func aSmallerBatchIsAMeanOverItsOwnUsers(_ network: SmallNetwork) {
        func gradients(batchSize: Int) -> (StepLoss, [Data]) {
            let session = Self.session(network, batchSize: batchSize)
            let loss = session.run(
                [0, 2, 3], SessionUpdate(number: 0, beta: 0.2, adam: Adam(learningRate: 0, beta1: 0)))
            return (loss, session.step.parameters.firstMoments.bits)
        }
        let (exact, larger) = (gradients(batchSize: 3), gradients(batchSize: 7))
        #expect(exact == larger)
    }
}

import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import Foundation
import Testing

@testable import FoldinModels

@Suite("Batches") struct BatchTests {
    static let source = foldin_random_source(seed: 1, stream: RandomStream.dropout(0), step: 0)
    static let matrix = InteractionMatrix(rows: [[0, 3, 5], [], [3], [1, 2, 3, 4], [5]], itemCount: 6)

    static func layer(dropout: Float = 0, placement: Architecture.Activations = .paper) -> Layer {
        Shape(family: .multDAE, depth: 1, placement: placement).architecture(items: 6, dropout: dropout).layers[0]
    }

    @Test func normalizesEachUser() {
        var batch = Batch()
        batch.assemble(Self.matrix, users: [3, 1, 0], layer: Self.layer(), randomness: Self.source)
        #expect(batch.userCount == 3)
        #expect(batch.rowStarts == [0, 4, 4, 7])
        #expect(batch.columns == [1, 2, 3, 4, 0, 3, 5])
        let third = 1 / Float(3).squareRoot()
        #expect(batch.values == [0.5, 0.5, 0.5, 0.5, third, third, third])
    }

    @Test func articlePlacementPassesTheInputThroughTanh() {
        var batch = Batch()
        batch.assemble(Self.matrix, users: [3], layer: Self.layer(placement: .article), randomness: Self.source)
        #expect(batch.values.allSatisfy { abs($0 - 0.462117) < 1e-6 })
    }

    /// Also reused for a smaller batch: nothing of the one before may remain.
    @Test(arguments: [0, 0.5] as [Float])
    func groupsTheSameClicksByItem(dropout: Float) {
        let matrix = InteractionMatrix.synthetic(users: 60, items: 400, meanInteractions: 20, seed: 3)
        let layer = Shape(family: .multDAE, depth: 1, placement: .paper).architecture(items: 400, dropout: dropout).layers[0]
        var batch = Batch()
        for users in [0..<60, 20..<27, 5..<6] {
            batch.assemble(matrix, users: ArraySlice(users.map { Int32($0) }), layer: layer, randomness: Self.source)
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

    @Test(arguments: Shape.all)
    func usersWithoutClicksAndBatchesOfOneDoNoHarm(_ shape: Shape) {
        let parameters = Parameters(initializing: shape.architecture(items: 6, dropout: 0.5), seed: 1)
        let step = TrainingStep(parameters: parameters, batchSize: 4, seed: 1)
        for (number, users) in ([[1], [0], [1, 1], [0, 1, 2, 3], [4]] as [ArraySlice<Int32>]).enumerated() {
            let loss = step.run(Self.matrix, users: users, step: UInt64(number), beta: 0.2, adam: Adam(learningRate: 0.01))
            #expect(loss.negativeLogLikelihood.isFinite && loss.divergence.isFinite)
            #expect((loss.negativeLogLikelihood == 0) == users.allSatisfy { $0 == 1 })
        }
        #expect(parameters.areFinite)
    }

    /// The objective is a mean over the users present: a smaller last batch is not weighed by the room that is left.
    @Test(arguments: Shape.all)
    func aSmallerBatchIsAMeanOverItsOwnUsers(_ shape: Shape) {
        func gradients(batchSize: Int) -> (StepLoss, [Data]) {
            let parameters = Parameters(initializing: shape.architecture(items: 6, dropout: 0.5), seed: 1)
            let step = TrainingStep(parameters: parameters, batchSize: batchSize, seed: 1)
            let loss = step.run(Self.matrix, users: [0, 2, 3], step: 0, beta: 0.2, adam: Adam(learningRate: 0, beta1: 0))
            return (loss, step.firstMoments.bits)
        }
        let (exact, roomy) = (gradients(batchSize: 3), gradients(batchSize: 7))
        #expect(exact == roomy)
    }
}

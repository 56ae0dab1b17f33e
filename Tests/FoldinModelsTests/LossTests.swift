import FoldinInteractions
import FoldinKernels
import Testing

@testable import FoldinModels

@Suite("Loss of a trained model") struct LossTests {
    /// A training step without dropout and noise has the same loss; its parts are tested against PyTorch's.
    @Test(arguments: Shape.all)
    func isThatOfAStepWithoutChance(_ shape: Shape) throws {
        let matrix = InteractionMatrix.synthetic(users: 90, items: 300, meanInteractions: 9, seed: 5)
        let model = TrainedModel.fresh(shape.architecture(items: 300))
        let rows = 10..<80
        var scores = [Float](repeating: .nan, count: rows.count * 300)
        let workers = Workers(count: 2)
        model.score(matrix, rows: rows, into: &scores, workers: workers)
        let losses = model.losses(matrix, rows: rows, scores: scores, workers: workers)
        #expect(losses == model.losses(matrix, rows: rows, scores: scores, workers: Workers(count: 1)))

        let step = TrainingStep(parameters: try #require(model.parameters), batchSize: 1, seed: 1, workers: workers)
        step.fixedNoise = [Float](repeating: 0, count: shape.architecture(items: 300).latent)
        for (row, loss) in zip(rows, losses) {
            let expected = step.run(matrix, users: [Int32(row)], step: 0, beta: 1, adam: Adam(learningRate: 0))
            #expect(abs(loss.negativeLogLikelihood - expected.negativeLogLikelihood) < 1e-5 * expected.negativeLogLikelihood)
            #expect(abs(loss.divergence - expected.divergence) < 1e-5 * max(1, expected.divergence))
            #expect((loss.divergence > 0) == (shape.family == .multVAE))
        }
    }
}

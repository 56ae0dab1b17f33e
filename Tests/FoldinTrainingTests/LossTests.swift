import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Testing

@testable import FoldinTraining

@Suite("Losses of a trained model") struct LossTests {
    /// A training step without dropout and noise has the same loss; its parts are tested against PyTorch's.
    @Test(arguments: SmallNetwork.all)
    func lossesAreThoseOfStepsWithoutDropoutAndNoise(_ network: SmallNetwork) {
        let matrix = InteractionMatrix.synthetic(users: 90, items: 300, meanInteractions: 9, seed: 5)
        let model = network.autoencoder(items: 300, seed: 3)
        let rows = 10..<80
        func session(threads: Int) -> AutoencoderSession {
            AutoencoderSession(model, SessionSetup(clicks: matrix, batchSize: 1, seed: 1, workers: Workers(count: threads)))
        }
        var scores = [Float](repeating: .nan, count: rows.count * 300)
        model.score(matrix, rows: rows, into: &scores, workers: Workers(count: 2))
        let training = session(threads: 2)
        let losses = training.losses(matrix, rows: rows, scores: scores) ?? []
        #expect(losses.count == rows.count)
        #expect(losses == session(threads: 1).losses(matrix, rows: rows, scores: scores))

        training.step.fixedNoise = [Float](repeating: 0, count: model.architecture.latent)
        for (row, loss) in zip(rows, losses) {
            let expected = training.run([Int32(row)], SessionUpdate(number: 0, beta: 1, adam: Adam(learningRate: 0)))
            #expect(abs(loss.negativeLogLikelihood - expected.negativeLogLikelihood) < 1e-5 * expected.negativeLogLikelihood)
            #expect(abs(loss.divergence - expected.divergence) < 1e-5 * max(1, expected.divergence))
            #expect((loss.divergence > 0) == (network.family == .multVAE))
        }
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// Steps of both engines against those that PyTorch made.
@Suite("Agreement with PyTorch")
struct TorchParityTests {
    @Test func thereAreFixturesForEachDepthFamilyAndPlacement() { #expect(TorchCase.all.count == 12) }

    static func session(_ fixture: TorchCase, _ engine: any ComputeEngine) throws -> AutoencoderSession {
        let session = AutoencoderSession(
            try fixture.model(),
            SessionSetup(clicks: fixture.matrix, batchSize: 8, seed: 1, workers: Workers(count: 2), engine: engine))
        session.step.fixedNoise = fixture.noise
        return session
    }

    static func run(_ session: AutoencoderSession, _ fixture: TorchCase, number: Int, adam: Adam) -> StepLoss {
        session.run(
            ArraySlice(0..<Int32(fixture.clicks.count)), SessionUpdate(number: number, beta: fixture.beta, adam: adam))
    }

    /// With beta1 = 0 and no learning rate, Adam's first moment is the gradient itself: this checks the fused path.
    @Test(arguments: TorchCase.all, TestedEngine.all)
    func lossAndGradientsAreThoseOfPyTorch(_ fixture: TorchCase, engine: TestedEngine) throws {
        let session = try Self.session(fixture, engine.engine)
        let loss = Self.run(session, fixture, number: 0, adam: Adam(learningRate: 0, beta1: 0))
        #expect(abs(loss.negativeLogLikelihood - fixture.likelihood) < 1e-5 * fixture.likelihood)
        #expect(abs(loss.divergence - fixture.divergence) < 1e-5 * max(1, fixture.divergence))
        #expect(try session.step.parameters.firstMoments.difference(from: fixture.gradients) < 2e-5)
        #expect(try session.step.parameters.weights.difference(from: fixture.weights) == 0)
    }

    @Test(arguments: TorchCase.all, [false, true])
    func threeUpdatesGiveTheWeightsOfPyTorch(_ fixture: TorchCase, decoupled: Bool) throws {
        for engine in TestedEngine.all {
            let session = try Self.session(fixture, engine.engine)
            let adam = Adam(learningRate: 0.05, decoupledDecay: decoupled ? 0.1 : 0, decay: decoupled ? 0 : 0.1)
            for number in 0..<3 { _ = Self.run(session, fixture, number: number, adam: adam) }
            session.flush(updates: 3, adam: adam)
            let expected = decoupled ? fixture.afterAdamW : fixture.afterAdam
            #expect(try session.step.parameters.weights.difference(from: expected) < 1e-4, "\(engine.testDescription)")
        }
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels
@testable import FoldinTraining

/// What `Tests/Reference/normalization_reference.py` recorded of a small Mult-VAE.
private struct NormalizedCase: Decodable, Sendable, CustomTestStringConvertible {
    let network: TorchCase
    let temperature: Float?
    let userPower: Float
    /// Each user's weighted loss without noise.
    let evaluated: [Double]

    var normalization: Normalization { Normalization(temperature: temperature, userPower: userPower) }
    var testDescription: String { "\(network) \(normalization)" }

    func session(_ engine: any ComputeEngine = KernelEngine(), softmax: Softmax = .exact) throws -> AutoencoderSession {
        let session = AutoencoderSession(
            try network.model(),
            SessionSetup(
                clicks: network.matrix, batchSize: 8, seed: 1, workers: Workers(count: 2), softmax: softmax, engine: engine),
            normalization)
        session.step.fixedNoise = network.noise
        return session
    }

    static let all: [NormalizedCase] = {
        struct File: Decodable { let cases: [NormalizedCase] }
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/normalization.json")
        return (try? Data(contentsOf: url)).flatMap { try? JSONDecoder().decode(File.self, from: $0) }?.cases ?? []
    }()
}

/// Cosine logits and weights of users.
@Suite("Normalization") struct NormalizationTests {
    @Test func thereAreFixtures() { #expect(NormalizedCase.all.count == 4) }

    @Test(arguments: NormalizedCase.all, TestedEngine.all)
    fileprivate func lossAndGradientsAreThoseOfPyTorch(_ fixture: NormalizedCase, engine: TestedEngine) throws {
        let (session, network) = (try fixture.session(engine.engine), fixture.network)
        let loss = TorchParityTests.run(session, network, number: 0, adam: Adam(learningRate: 0, beta1: 0))
        #expect(abs(loss.negativeLogLikelihood - network.likelihood) < 1e-5 * network.likelihood)
        #expect(abs(loss.divergence - network.divergence) < 1e-5 * max(1, network.divergence))
        #expect(try session.step.parameters.firstMoments.difference(from: network.gradients) < 2e-5)
    }

    @Test(arguments: NormalizedCase.all, [false, true])
    fileprivate func threeUpdatesGiveTheWeightsOfPyTorch(_ fixture: NormalizedCase, decoupled: Bool) throws {
        let (session, network) = (try fixture.session(), fixture.network)
        let adam = Adam(learningRate: 0.05, decoupledDecay: decoupled ? 0.1 : 0, decay: decoupled ? 0 : 0.1)
        for number in 0..<3 { _ = TorchParityTests.run(session, network, number: number, adam: adam) }
        session.flush(updates: 3, adam: adam)
        let expected = decoupled ? network.afterAdamW : network.afterAdam
        #expect(try session.step.parameters.weights.difference(from: expected) < 1e-4)
    }

    /// The model is a plain one, with rows of length 1 in its last layer.
    @Test(arguments: NormalizedCase.all)
    fileprivate func thePlainModelHasTheScoresAndTheLosses(_ fixture: NormalizedCase) throws {
        let (session, network) = (try fixture.session(), fixture.network)
        let (matrix, users) = (network.matrix, 0..<network.clicks.count)
        let model = try #require(session.model as? Autoencoder)
        #expect(model.architecture == (try network.model()).architecture)
        let scores = FloatBuffer(count: users.count * network.items)
        model.score(matrix, rows: users, into: scores.pointer, workers: Workers(count: 2))
        #expect(relativeDifference(scores.values, network.scores) < 1e-5)
        let losses = try #require(session.losses(matrix, rows: users, scores: scores.pointer))
        for (loss, expected) in zip(losses, fixture.evaluated) {
            #expect(abs(loss.negativeLogLikelihood - expected) < 1e-4 * max(1, expected))
        }
    }

    /// A model that was taken from a session, and losses by it, do not keep weights of earlier updates.
    @Test func theModelIsThatOfThePresentWeights() throws {
        let fixture = try #require(NormalizedCase.all.first { $0.temperature != nil })
        let session = try fixture.session()
        let before = try #require(session.model as? Autoencoder).parameters.linears.map(\.weight.values)
        _ = TorchParityTests.run(session, fixture.network, number: 0, adam: Adam(learningRate: 0.05))
        let after = try #require(session.model as? Autoencoder).parameters.linears.map(\.weight.values)
        #expect(before.first != after.first && before.last != after.last)
        for buffer in session.weights { buffer.pointer[0] += 1 }
        let changed = try #require(session.model as? Autoencoder).parameters.linears.map(\.weight.values)
        #expect(changed.first != after.first && changed.last != after.last)
    }

    @Test func withoutANormalizationTheModelSharesTheMemoryOfTheTraining() throws {
        let fixture = try #require(NormalizedCase.all.first { $0.temperature == nil })
        let session = try fixture.session()
        #expect(try #require(session.model as? Autoencoder).parameters === session.step.parameters.weights)
    }

    @Test func settingsAreChecked() {
        #expect(Normalization(temperature: 0.1, userPower: 2).validationError == nil)
        for wrong in [
            Normalization(temperature: 0), Normalization(temperature: .infinity), Normalization(temperature: .nan),
            Normalization(userPower: -0.1), Normalization(userPower: .nan), Normalization(userPower: 2.1),
        ] {
            #expect(wrong.validationError?.contains("expected") == true, "\(wrong)")
            #expect(Trainer(MultVAE(normalization: wrong)).validationError == wrong.validationError)
        }
    }

    @Test(arguments: [Softmax.exact, .sampled(negatives: 100)])
    func bytesAreTheSameForAnyNumberOfThreads(softmax: Softmax) throws {
        let dataset = Checkerboard.dataset()
        func bytes(_ threads: Int) throws -> Data {
            try Trainer(
                MultVAE(
                    latent: 8, hidden: [], normalization: Normalization(temperature: 0.2, userPower: 0.5)),
                schedule: Schedule(epochs: 3, batchSize: 20, metric: .ndcg(at: 9)), seed: 1, workers: Workers(count: threads),
                softmax: softmax
            ).train(on: dataset).fileBytes()
        }
        let alone = try bytes(1)
        for threads in [2, 3, 5] {
            let again = try bytes(threads)
            #expect(again == alone, "\(threads) threads")
        }
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("RecVAE's training") struct RecVAESessionTests {
    @Test func thereAreFixturesOfThreeDepths() { #expect(RecVAECase.all.map(\.depth) == [1, 2, 5]) }

    static func session(_ fixture: RecVAECase, _ engine: any ComputeEngine) throws -> RecVAESession {
        let session = RecVAESession(
            try fixture.model(), gamma: fixture.gamma,
            SessionSetup(
                clicks: fixture.matrix, batchSize: fixture.clicks.count, seed: 1, workers: Workers(count: 2), engine: engine))
        session.step.fixedNoise = fixture.noise
        return session
    }

    /// With beta1 = 0 and no learning rate, Adam's first moment is the gradient itself; the first turn is the encoder's, the
    /// fourth the decoder's, on the same weights.
    @Test(arguments: RecVAECase.all, TestedEngine.all)
    func lossAndGradientsAreThoseOfPyTorch(_ fixture: RecVAECase, engine: TestedEngine) throws {
        let session = try Self.session(fixture, engine.engine)
        for turn in 0..<4 {
            session.previous = FloatBuffer(fixture.previous)
            let loss = session.run(
                ArraySlice(0..<Int32(fixture.clicks.count)),
                SessionUpdate(number: turn, beta: 0, adam: Adam(learningRate: 0, beta1: 0)))
            #expect(abs(loss.negativeLogLikelihood - fixture.likelihood) < 1e-5 * fixture.likelihood)
            // The decoder's turn compares the posterior with itself.
            if turn < 3 { #expect(abs(loss.divergence - fixture.divergence) < 1e-5 * fixture.divergence) }
        }
        #expect(try session.step.parameters.firstMoments.difference(from: fixture.gradients) < 2e-5)
        #expect(try session.step.parameters.weights.difference(from: fixture.weights) == 0)
    }

    /// Two epochs of three updates of the encoder, a new prior, and one of the decoder.
    @Test(arguments: RecVAECase.all, [false, true])
    func alternatingUpdatesGiveTheWeightsOfPyTorch(_ fixture: RecVAECase, decoupled: Bool) throws {
        for engine in TestedEngine.all {
            let session = try Self.session(fixture, engine.engine)
            for number in 0..<8 {
                session.run(
                    ArraySlice(0..<Int32(fixture.clicks.count)),
                    SessionUpdate(
                        number: number, beta: 0, adam: Adam(learningRate: 0.05, decoupledDecay: decoupled ? 0.1 : 0)))
            }
            let expected = decoupled ? fixture.afterAdamW : fixture.afterAdam
            #expect(try session.step.parameters.weights.difference(from: expected) < 1e-4, "\(engine.testDescription)")
        }
    }

    @Test func encoderAndDecoderTakeTurns() {
        let turns = (0..<16).map { RecVAESession.Turn(after: $0, updatesPerPass: 2) }
        #expect(turns.map(\.isDecoders) == [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1].map { $0 == 1 })
        #expect(turns.map(\.number) == [1, 2, 3, 4, 5, 6, 1, 2, 7, 8, 9, 10, 11, 12, 3, 4])
    }

    /// Along the gradient and a random direction, one tensor at a time, with dropout, over several pieces of users and panels of items.
    @Test func slopesAreThoseOfTheGradient() {
        let matrix = InteractionMatrix.synthetic(users: 140, items: 600, meanInteractions: 8, seed: 1)
        let architecture = RecVAEArchitecture(items: 600, width: 70, depth: 3, latent: 33, dropout: 0.3)
        let parameters = Parameters(zerosFor: architecture.network)
        var draws = Draws(seed: 11)
        for tensor in parameters.buffers { for i in 0..<tensor.count { tensor.pointer[i] = 0.15 * draws.signed() } }
        for norm in parameters.norms { for i in 0..<norm.gain.count { norm.gain.pointer[i] += 1 } }
        let session = RecVAESession(
            RecVAEModel(architecture, parameters), gamma: 0.05,
            SessionSetup(clicks: matrix, batchSize: 140, seed: 17, workers: Workers(count: 2)))
        session.previous = FloatBuffer((0..<140 * 66).map { _ in 0.5 * draws.signed() })
        let previous = session.previous?.values ?? []
        let gradients = session.step.parameters.firstMoments
        func objective(_ turn: Int) -> Double {
            // The decoder's turn replaces the earlier posteriors by its own: its divergence is left out.
            let loss = session.run(
                ArraySlice(0..<140), SessionUpdate(number: turn, beta: 0, adam: Adam(learningRate: 0, beta1: 0)))
            return turn == 3 ? loss.negativeLogLikelihood : loss.total(beta: 0.05)
        }
        _ = objective(1)
        #expect(session.previous?.values == previous)
        FiniteDifferenceTests().check(
            Array(parameters.buffers.dropLast(8)) + Array(parameters.buffers.suffix(6)),
            Array(gradients.buffers.dropLast(8)) + Array(gradients.buffers.suffix(6))
        ) { objective(1) }
        let layers = architecture.network.layers.count
        let decoder = 2 * layers - 2..<2 * layers
        #expect(gradients.buffers[decoder].allSatisfy { $0.values.allSatisfy { $0 == 0 } })
        gradients.clear()
        _ = objective(3)
        #expect(gradients.buffers.enumerated().allSatisfy { decoder.contains($0) || $1.values.allSatisfy { $0 == 0 } })
        FiniteDifferenceTests().check(Array(parameters.buffers[decoder]), Array(gradients.buffers[decoder])) { objective(3) }
    }

    /// Dropout is the encoder's alone, and a function of the step.
    @Test func dropoutChangesTheEncodersTurnsOnly() {
        let matrix = InteractionMatrix.synthetic(users: 20, items: 100, meanInteractions: 8, seed: 1)
        func likelihood(_ turn: Int, dropout: Float) -> Double {
            let architecture = RecVAEArchitecture(items: 100, width: 9, depth: 2, latent: 4, dropout: dropout)
            let session = RecVAESession(
                RecVAEModel(initializing: architecture, seed: 1), gamma: 0,
                SessionSetup(clicks: matrix, batchSize: 20, seed: 3, workers: Workers(count: 1)))
            session.step.fixedNoise = [Float](repeating: 0.5, count: 80)
            return session.run(ArraySlice(0..<20), SessionUpdate(number: turn, beta: 0, adam: Adam())).negativeLogLikelihood
        }
        #expect(likelihood(0, dropout: 0.5) == likelihood(0, dropout: 0.5))
        #expect(likelihood(0, dropout: 0.5) != likelihood(1, dropout: 0.5))
        #expect(likelihood(0, dropout: 0.5) != likelihood(0, dropout: 0))
        #expect(likelihood(3, dropout: 0.5) == likelihood(3, dropout: 0))
    }

    @Test func stepsGiveTheSameBitsForAnyNumberOfThreads() {
        let matrix = InteractionMatrix.synthetic(users: 150, items: 5_000, meanInteractions: 12, seed: 5)
        func trained(seed: UInt64, threads: Int) -> [Data] {
            let architecture = RecVAEArchitecture(items: 5_000, width: 33, depth: 3, latent: 9, dropout: 0.5)
            let session = RecVAESession(
                architecture, gamma: 0.01,
                SessionSetup(clicks: matrix, batchSize: 80, seed: seed, workers: Workers(count: threads)))
            for number in 0..<12 {
                let order = Shuffle.order(150, pass: number / 2, seed: seed)
                session.run(
                    number % 2 == 0 ? order[..<80] : order[80...], SessionUpdate(number: number, beta: 0, adam: Adam()))
            }
            return session.step.parameters.bits + [session.previous].compactMap { $0?.bits }
        }
        let alone = trained(seed: 1, threads: 1)
        for threads in [2, 3, 5] { #expect(trained(seed: 1, threads: threads) == alone, "\(threads) threads") }
        #expect(trained(seed: 2, threads: 1) != alone)
    }

    /// The earlier posteriors go with a checkpoint: a table of as many users as train, of finite numbers.
    @Test func aCheckpointHasTheEarlierPosteriors() throws {
        func session(users: Int = 20) -> RecVAESession {
            RecVAESession(
                RecVAEModel(initializing: RecVAEArchitecture(items: 30, width: 9, depth: 2, latent: 4), seed: 1), gamma: 0.01,
                SessionSetup(
                    clicks: .synthetic(users: users, items: 30, meanInteractions: 5, seed: 1), batchSize: 20, seed: 3,
                    workers: Workers(count: 1)))
        }
        func run(_ session: RecVAESession, _ number: Int) {
            session.run(ArraySlice(0..<20), SessionUpdate(number: number, beta: 0, adam: Adam()))
        }
        func restore(_ path: String, users: Int = 20) throws -> RecVAESession {
            let session = session(users: users)
            try TrainingCheckpoint(contentsOf: path).restore(session, best: KeptWeights(of: session.weights))
            return session
        }
        let first = session()
        for number in 0..<5 { run(first, number) }
        try withTemporaryFolder { folder in
            var state = TrainingState()
            state.updates = 5
            try TrainingCheckpoint(of: first, best: nil, state: state).save(to: folder + "/c")
            let second = try restore(folder + "/c")
            #expect(second.previous?.values == first.previous?.values)
            let (weights, others) = (first.step.parameters.weights, second.step.parameters.weights)
            #expect(second.previous?.count == 20 * 8 && others.bits == weights.bits)
            for session in [first, second] { run(session, 5) }
            #expect(others.bits == weights.bits)

            func refusal(_ path: String, users: Int) -> FoldinError? { failure { try restore(path, users: users) } }
            let tooMany = refusal(folder + "/c", users: 21)
            #expect(tooMany?.kind == .badData && tooMany?.description.contains("\"previous\" of shape [20, 8]") == true)
            var file = try SafeTensorsFile(contentsOf: folder + "/c")
            file.header["previous"] = nil
            file.numbers.removeLast(20 * 8 * 4)
            try file.write(to: folder + "/without")
            let missing = refusal(folder + "/without", users: 20)
            #expect(missing?.kind == .badData && missing?.description.contains("no tensor \"previous\"") == true)
        }
    }
}

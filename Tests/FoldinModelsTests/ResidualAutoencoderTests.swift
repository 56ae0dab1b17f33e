import FoldinInteractions
import FoldinKernels
import Foundation
import Testing

@testable import FoldinModels

@Suite("RecVAE") struct ResidualAutoencoderTests {
    @Test func thereAreFixtures() { #expect(RecVAECase.all.map(\.depth) == [1, 2, 5]) }

    @Test(arguments: RecVAECase.all)
    func scoresAsPyTorchDoes(_ fixture: RecVAECase) throws {
        let model = TrainedModel(parameters: try fixture.parameters(), items: nil)
        var scores = [Float](repeating: .nan, count: fixture.clicks.count * fixture.items)
        model.score(fixture.matrix, rows: 0..<fixture.clicks.count, into: &scores, workers: Workers(count: 2))
        #expect(relativeDifference(scores, fixture.scores) < 1e-5)
        let scorer = OneUserScorer(model)
        let alone = Array(UnsafeBufferPointer(start: scorer.score(fixture.clicks[2].map { Int32($0) }), count: fixture.items))
        #expect(relativeDifference(alone, Array(scores[2 * fixture.items..<3 * fixture.items])) < 1e-6)
    }

    /// With beta1 = 0 and no learning rate, Adam's first moment is the gradient itself; the first turn is the encoder's, the
    /// fourth the decoder's, on the same weights.
    @Test(arguments: RecVAECase.all)
    func lossAndGradientsAsPyTorch(_ fixture: RecVAECase) throws {
        let step = try fixture.step()
        for turn in 0..<4 {
            step.residual?.previous = FloatBuffer(fixture.previous)
            let loss = step.run(
                fixture.matrix, users: ArraySlice(0..<Int32(fixture.clicks.count)), step: UInt64(turn), beta: fixture.gamma,
                adam: Adam(learningRate: 0, beta1: 0))
            #expect(abs(loss.negativeLogLikelihood - fixture.likelihood) < 1e-5 * fixture.likelihood)
            // The decoder's turn holds the posterior to itself.
            if turn < 3 { #expect(abs(loss.divergence - fixture.divergence) < 1e-5 * fixture.divergence) }
        }
        #expect(try step.firstMoments.difference(from: fixture.gradients) < 2e-5)
        #expect(try step.parameters.difference(from: fixture.weights) == 0)
    }

    /// Two epochs of three updates of the encoder, a new prior, and one of the decoder.
    @Test(arguments: RecVAECase.all, [false, true])
    func alternatesAsPyTorch(_ fixture: RecVAECase, decoupled: Bool) throws {
        let step = try fixture.step()
        for number in 0..<8 {
            step.run(
                fixture.matrix, users: ArraySlice(0..<Int32(fixture.clicks.count)), step: UInt64(number), beta: fixture.gamma,
                adam: Adam(learningRate: 0.05, decoupledDecay: decoupled ? 0.1 : 0))
        }
        #expect(try step.parameters.difference(from: decoupled ? fixture.afterAdamW : fixture.afterAdam) < 1e-4)
    }

    @Test func turnsAreCounted() {
        let turns = (0..<16).map { Turn(after: UInt64($0), updatesAPass: 2) }
        #expect(turns.map(\.isDecoders) == [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1].map { $0 == 1 })
        #expect(turns.map(\.number) == [1, 2, 3, 4, 5, 6, 1, 2, 7, 8, 9, 10, 11, 12, 3, 4])
    }

    /// Along the gradient and a random direction, a tensor at a time, with dropout, over several pieces of users and panels of items.
    @Test func slopes() {
        let matrix = InteractionMatrix.synthetic(users: 140, items: 600, meanInteractions: 8, seed: 1)
        let architecture = Architecture.recVAE(items: 600, width: 70, depth: 3, latent: 33, dropout: 0.3)
        let parameters = Parameters(zerosFor: architecture)
        var draws = Draws(seed: 11)
        for tensor in parameters.buffers { for i in 0..<tensor.count { tensor.pointer[i] = 0.15 * draws.signed() } }
        for norm in parameters.norms { for i in 0..<norm.gain.count { norm.gain.pointer[i] += 1 } }
        let step = TrainingStep(parameters: parameters, batchSize: 140, seed: 17, workers: Workers(count: 2))
        step.residual?.previous = FloatBuffer((0..<140 * 66).map { _ in 0.5 * draws.signed() })
        let previous = step.residual?.previous?.values ?? []
        func objective(_ turn: UInt64) -> Double {
            // The decoder's turn would write down its own posteriors: its divergence is left out.
            let loss = step.run(
                matrix, users: ArraySlice(0..<140), step: turn, beta: 0.05, adam: Adam(learningRate: 0, beta1: 0))
            return turn == 3 ? loss.negativeLogLikelihood : loss.total(beta: 0.05)
        }
        _ = objective(1)
        #expect(step.residual?.previous?.values == previous)
        FiniteDifferenceTests().check(
            Array(parameters.buffers.dropLast(8)) + Array(parameters.buffers.suffix(6)),
            Array(step.firstMoments.buffers.dropLast(8)) + Array(step.firstMoments.buffers.suffix(6))
        ) { objective(1) }
        let decoder = 2 * architecture.layers.count - 2..<2 * architecture.layers.count
        #expect(step.firstMoments.buffers[decoder].allSatisfy { $0.values.allSatisfy { $0 == 0 } })
        step.firstMoments.clear()
        _ = objective(3)
        #expect(step.firstMoments.buffers.enumerated().allSatisfy { decoder.contains($0) || $1.values.allSatisfy { $0 == 0 } })
        FiniteDifferenceTests().check(
            Array(parameters.buffers[decoder]), Array(step.firstMoments.buffers[decoder])
        ) { objective(3) }
    }

    /// Dropout is the encoder's alone, and a function of the step.
    @Test func dropoutIsAtWorkInTheEncodersTurns() {
        let matrix = InteractionMatrix.synthetic(users: 20, items: 100, meanInteractions: 8, seed: 1)
        func likelihood(_ turn: UInt64, dropout: Float) -> Double {
            let architecture = Architecture.recVAE(items: 100, width: 9, depth: 2, latent: 4, dropout: dropout)
            let step = TrainingStep(
                parameters: Parameters(initializing: architecture, seed: 1), batchSize: 20, seed: 3, workers: Workers(count: 1))
            step.fixedNoise = [Float](repeating: 0.5, count: 80)
            return step.run(matrix, users: ArraySlice(0..<20), step: turn, beta: 0, adam: Adam()).negativeLogLikelihood
        }
        #expect(likelihood(0, dropout: 0.5) == likelihood(0, dropout: 0.5))
        #expect(likelihood(0, dropout: 0.5) != likelihood(1, dropout: 0.5))
        #expect(likelihood(0, dropout: 0.5) != likelihood(0, dropout: 0))
        #expect(likelihood(3, dropout: 0.5) == likelihood(3, dropout: 0))
    }

    @Test func sameBitsForAnyNumberOfThreads() {
        let matrix = InteractionMatrix.synthetic(users: 150, items: 5_000, meanInteractions: 12, seed: 5)
        func trained(seed: UInt64, threads: Int) -> [Data] {
            let workers = Workers(count: threads)
            let architecture = Architecture.recVAE(items: 5_000, width: 33, depth: 3, latent: 9, dropout: 0.5)
            let step = TrainingStep(
                parameters: Parameters(initializing: architecture, seed: seed, workers: workers), batchSize: 80, seed: seed,
                workers: workers)
            for number in 0..<12 {
                let order = step.shuffled(150, epoch: number / 2)
                step.run(
                    matrix, users: number % 2 == 0 ? order[..<80] : order[80...], step: UInt64(number), beta: 0.01, adam: Adam())
            }
            let tensors = [step.parameters, step.firstMoments, step.secondMoments].flatMap(\.buffers)
            return (tensors + [step.residual?.previous].compactMap(\.self)).map { Data(bytes: $0.pointer, count: 4 * $0.count) }
        }
        let alone = trained(seed: 1, threads: 1)
        for threads in [2, 3, 5] { #expect(trained(seed: 1, threads: threads) == alone, "\(threads) threads") }
        #expect(trained(seed: 2, threads: 1) != alone)
    }

    @Test func comesBackAsItWas() throws {
        let model = TrainedModel.fresh(.recVAE(items: 70, width: 9, depth: 3, latent: 4, dropout: 0.5))
        func network(_ model: TrainedModel) throws -> Parameters {
            guard case .residualAutoencoder(let core) = model.core else {
                throw FoldinError(.badData, found: "another core", expected: "RecVAE")
            }
            return core.parameters
        }
        let parameters = try network(model)
        for tensor in parameters.norms.flatMap({ [$0.gain, $0.shift] }) { tensor.pointer[2] = 0.25 }
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/a")
            let read = try TrainedModel(contentsOf: folder + "/a")
            let other = try network(read)
            #expect(other.bits == parameters.bits && other.architecture == parameters.architecture)
            #expect(read.items == model.items && read.titles == model.titles && read.card == model.card)
            #expect(read.summary == "rec-vae I-9-9-9-4-I" && read.parameters == nil)
            #expect(read.similarities(to: 3)?.values == model.similarities(to: 3)?.values)
            try read.save(to: folder + "/b")
            let bytes = try ["a", "b"].map { try Data(contentsOf: URL(filePath: folder + "/\($0)")) }
            #expect(bytes[0] == bytes[1])
            // A bare `state_dict` is known by its layer norms.
            var file = try SafeTensorsFile(contentsOf: folder + "/a")
            file.header["__metadata__"] = nil
            try file.write(to: folder + "/bare")
            #expect(try network(TrainedModel(contentsOf: folder + "/bare")).bits == parameters.bits)
        }
    }

    /// The earlier posteriors go with a checkpoint: a table of as many users as train, of finite numbers.
    @Test func aCheckpointHasTheEarlierPosteriors() throws {
        let matrix = InteractionMatrix.synthetic(users: 20, items: 30, meanInteractions: 5, seed: 1)
        let architecture = Architecture.recVAE(items: 30, width: 9, depth: 2, latent: 4)
        func step() -> TrainingStep {
            TrainingStep(
                parameters: Parameters(initializing: architecture, seed: 1), batchSize: 20, seed: 3, workers: Workers(count: 1))
        }
        let first = step()
        for number in 0..<5 {
            first.run(matrix, users: ArraySlice(0..<20), step: UInt64(number), beta: 0.01, adam: Adam())
        }
        try withTemporaryFolder { folder in
            try Checkpoint(of: first, best: nil, state: 5).save(to: folder + "/c")
            let second = step()
            let best = try KeptWeights(of: architecture)
            try Checkpoint<Int>(contentsOf: folder + "/c").restore(second, best: best, updates: 5, users: 20)
            #expect(second.residual?.previous?.values == first.residual?.previous?.values)
            #expect(second.residual?.previous?.count == 20 * 8 && second.parameters.bits == first.parameters.bits)
            for step in [first, second] {
                step.run(matrix, users: ArraySlice(0..<20), step: 5, beta: 0.01, adam: Adam())
            }
            #expect(second.parameters.bits == first.parameters.bits)

            #expect(try problem(folder + "/c", users: 21)?.contains("\"previous\" of shape [20, 8]") == true)
            var file = try SafeTensorsFile(contentsOf: folder + "/c")
            file.header["previous"] = nil
            file.numbers.removeLast(20 * 8 * 4)
            try file.write(to: folder + "/without")
            #expect(try problem(folder + "/without", users: 20)?.contains("no tensor \"previous\"") == true)
        }
        func problem(_ path: String, users: Int) throws -> String? {
            let error = #expect(throws: FoldinError.self) {
                try Checkpoint<Int>(contentsOf: path).restore(
                    step(), best: KeptWeights(of: architecture), updates: 5, users: users)
            }
            return error?.kind == .badData ? error?.description : nil
        }
    }

    @Test func saysWhatItCannotBe() {
        func problem(_ change: (inout Architecture) -> Void) -> String? {
            var architecture = Architecture.recVAE(items: 5, width: 4, depth: 2, latent: 3, dropout: 0.5)
            change(&architecture)
            return architecture.problem
        }
        #expect(problem { _ in } == nil)
        #expect(problem { ($0.encoder, $0.encoderDropout) = ([], [0]) }?.contains("without hidden layers") == true)
        #expect(problem { $0.encoder[1] = 5 }?.contains("4 and 5") == true)
        #expect(problem { ($0.decoder, $0.decoderDropout) = ([4], [0, 0]) }?.contains("decoder is linear") == true)
        #expect(problem { $0.encoderDropout[1] = 0.1 }?.contains("input alone") == true)
        #expect(problem { $0.activations = .article }?.contains("no tanh") == true)
    }
}

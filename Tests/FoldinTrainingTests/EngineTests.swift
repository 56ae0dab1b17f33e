import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Testing

@testable import FoldinTraining

/// A training computes with the engine that its setup has: the plain loops of `ReferenceEngine` give the weights of the kernels.
@Suite("Trainings by engine") struct EngineTests {
    static let matrix = InteractionMatrix.synthetic(users: 70, items: 600, meanInteractions: 9, seed: 5)
    /// Four passes over the users: for RecVAE a whole epoch.
    static let updates = 8

    struct Outcome {
        let losses: [StepLoss]
        let weights: [[Float]]
        let evaluated: [StepLoss]?
    }

    static func setup(_ engine: any ComputeEngine, _ softmax: Softmax = .exact) -> SessionSetup {
        SessionSetup(clicks: matrix, batchSize: 40, seed: 3, workers: Workers(count: 2), softmax: softmax, engine: engine)
    }

    /// What a few updates give, in batches of 40 and of 30 users.
    static func outcome(_ session: some TrainingSession) -> Outcome {
        let adam = Adam(learningRate: 0.01, decoupledDecay: 0.01)
        let losses = (0..<updates).map { number in
            let order = Shuffle.order(70, pass: number / 2, seed: 3)
            return session.run(
                number % 2 == 0 ? order[..<40] : order[40...], SessionUpdate(number: number, beta: 0.2, adam: adam))
        }
        session.flush(updates: updates, adam: adam)
        var scores = [Float](repeating: .nan, count: 70 * 600)
        session.model.score(matrix, rows: 0..<70, into: &scores, workers: Workers(count: 2))
        return Outcome(
            losses: losses, weights: session.weights.map(\.values),
            evaluated: session.losses(matrix, rows: 0..<70, scores: scores))
    }

    static func expectAgreement(_ make: (any ComputeEngine) -> any TrainingSession) {
        let start = make(KernelEngine()).weights.map(\.values)
        let (kernels, loops) = (outcome(make(KernelEngine())), outcome(make(ReferenceEngine())))
        func agree(_ a: StepLoss, _ b: StepLoss) -> Bool {
            abs(a.negativeLogLikelihood - b.negativeLogLikelihood) < 1e-6 * b.negativeLogLikelihood
                && abs(a.divergence - b.divergence) < 1e-5 * max(1, abs(b.divergence))
        }
        #expect(zip(loops.losses, kernels.losses).allSatisfy(agree), "\(loops.losses) \(kernels.losses)")
        #expect((loops.evaluated == nil) == (kernels.evaluated == nil))
        #expect(zip(loops.evaluated ?? [], kernels.evaluated ?? []).allSatisfy(agree))
        #expect(loops.weights != kernels.weights, "sums in double precision have other bits: the engine is used")
        for (index, weights) in kernels.weights.enumerated() {
            #expect(relativeDifference(weights, start[index]) > 1e-3, "tensor \(index) was trained")
            let difference = relativeDifference(loops.weights[index], weights)
            #expect(difference < 2e-4, "tensor \(index): \(difference)")
        }
    }

    @Test(arguments: Architecture.Family.allCases, [Softmax.exact, .sampled(negatives: 90)])
    func autoencodersAreTrainedTheSame(_ family: Architecture.Family, softmax: Softmax) {
        Self.expectAgreement { engine in
            AutoencoderSession(
                SmallNetwork(family, depth: 2).architecture(items: 600, dropout: 0.3), Self.setup(engine, softmax))
        }
    }

    @Test func recVAEIsTrainedTheSame() {
        Self.expectAgreement { engine in
            RecVAESession(
                RecVAEArchitecture(items: 600, width: 20, depth: 3, latent: 7, dropout: 0.3), gamma: 0.01, Self.setup(engine))
        }
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinModels

/// The scores of networks: PyTorch's, and the same for any number of threads, in any batch and by any engine.
@Suite("Scores of networks") struct ScoringTests {
    static func scores(_ model: some Model, _ matrix: InteractionMatrix, _ rows: Range<Int>? = nil, threads: Int = 2) -> [Float] {
        let rows = rows ?? 0..<matrix.userCount
        var scores = [Float](repeating: .nan, count: rows.count * model.itemCount)
        model.score(matrix, rows: rows, into: &scores, workers: Workers(count: threads))
        return scores
    }

    @Test(arguments: TorchCase.all)
    func autoencodersScoreAsInPyTorch(_ fixture: TorchCase) throws {
        #expect(relativeDifference(Self.scores(try fixture.model(), fixture.matrix), fixture.scores) < 1e-5)
    }

    @Test(arguments: RecVAECase.all)
    func recVAEScoresAsInPyTorch(_ fixture: RecVAECase) throws {
        let model = try fixture.model()
        let scores = Self.scores(model, fixture.matrix)
        #expect(relativeDifference(scores, fixture.scores) < 1e-5)
        let scorer = TrainedModel(model).oneUserScorer(workers: Workers(count: 2))
        let alone = Array(scorer.score(fixture.clicks[2].map { Int32($0) }, approximately: false))
        #expect(relativeDifference(alone, Array(scores[2 * fixture.items..<3 * fixture.items])) < 1e-6)
    }

    @Test(arguments: Architecture.Family.allCases)
    func scoresDoNotDependOnThreadsOrTheOtherUsers(_ family: Architecture.Family) {
        let model = SmallNetwork(family, depth: 3, .article).autoencoder(items: 3_000)
        let matrix = InteractionMatrix.synthetic(users: 70, items: 3_000, meanInteractions: 9, seed: 2)
        let all = Self.scores(model, matrix, threads: 1)
        #expect(all == Self.scores(model, matrix, threads: 3))
        let alone = Self.scores(model, matrix, 66..<67)
        #expect(relativeDifference(alone, Array(all[66 * 3_000..<67 * 3_000])) < 1e-5)
    }

    /// The forward pass by single elements, with sums in double precision.
    @Test(arguments: SmallNetwork.all)
    func theReferenceEngineGivesTheSameScores(_ network: SmallNetwork) {
        let parameters = network.autoencoder(items: 600, seed: 4).parameters
        let matrix = InteractionMatrix.synthetic(users: 70, items: 600, meanInteractions: 9, seed: 2)
        func scores(_ engine: any ComputeEngine) -> [Float] {
            let workers = Workers(count: 2)
            let values = parameters.forward(matrix, rows: 0..<70, workers: workers, engine: engine)
            let scores = FloatBuffer(count: 70 * 600)
            parameters.scoreItems(values.inputOfLast.readOnly, into: scores.pointer, workers: workers, engine: engine)
            return withExtendedLifetime(values) { scores.values }
        }
        let expected = scores(KernelEngine())
        #expect(expected.contains { $0 != 0 })
        let loops = scores(ReferenceEngine())
        #expect(relativeDifference(loops, expected) < 1e-5)
        #expect(loops != expected, "sums in double precision have other bits: the engine is used")
    }
}

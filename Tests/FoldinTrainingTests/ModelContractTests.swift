import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// What every model must do, whatever its family.
@Suite("Every model's contract") struct ModelContractTests {
    @Test(arguments: ModelCase.all)
    func aModelLearnsACheckerboard(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        let evaluator = Evaluator([.ndcg(at: 9)])
        func quality(epochs: Int, learningRate: Float) throws -> Double {
            let trained = try Checkerboard.trainer(model, epochs: epochs, learningRate: learningRate).train(on: dataset)
            return try evaluator.evaluate(trained, on: dataset.test).results[0].mean ?? 0
        }
        #expect(try quality(epochs: 25, learningRate: 0.01) > 0.97)
        // Untrained weights do not know it: the test can fail.
        #expect(try quality(epochs: 1, learningRate: 1e-12) < 0.8)
    }

    @Test(arguments: ModelCase.all)
    func aModelScoresTheSameAfterReading(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        let trained = try Checkerboard.trainer(model, epochs: 3).train(on: dataset)
        let read = try withTemporaryFolder { folder in
            try trained.save(to: folder + "/m.safetensors")
            return try TrainedModel(contentsOf: folder + "/m.safetensors")
        }
        func scores(_ model: TrainedModel) -> [Float] {
            var scores = [Float](repeating: .nan, count: dataset.test.count * model.itemCount)
            model.score(dataset.test.foldIn, rows: 0..<dataset.test.count, into: &scores, workers: Workers(count: 2))
            return scores
        }
        #expect(scores(read) == scores(trained) && scores(read).allSatisfy { $0.isFinite })
        #expect(
            read.items == dataset.items && read.titles == dataset.titles && read.clicks == dataset.train.itemCounts()
                && read.card == trained.card)
        #expect(read.card.options["seed"] == "1" && read.card.options["epochs"] == "3")
        #expect(read.card.metrics["validation ndcg@9"] != nil && !read.card.dataChecksum.isEmpty)
    }

    @Test(arguments: ModelCase.all)
    func aTrainingGivesTheSameBitsForAnyNumberOfThreads(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        func bytes(seed: UInt64 = 1, threads: Int) throws -> Data {
            try Checkerboard.trainer(model, epochs: 3, seed: seed, threads: threads).train(on: dataset).fileBytes()
        }
        let alone = try bytes(threads: 1)
        for threads in [1, 2, 3, 5] {
            let again = try bytes(threads: threads)
            #expect(again == alone, "\(threads) threads")
        }
        let other = try bytes(seed: 2, threads: 1)
        #expect(other != alone)
    }

    /// Cancelled after so many steps: the best of the epochs that ended, the same as a training of that length keeps.
    @Test(arguments: ModelCase.all)
    func aCancelledTrainingKeepsTheBestEpoch(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        var steps = 0
        let last = 9 * model.passes + 1
        let outcome = try Checkerboard.trainer(model, epochs: 50).run(
            on: dataset, isCancelled: { steps == last }, onStep: { _, _, _ in steps += 1 })
        #expect(outcome.wasCancelled && outcome.history.count == 3 && steps == last)
        let short = try Checkerboard.trainer(model, epochs: 50).run(
            on: dataset, isCancelled: { steps == 0 }, onStep: { _, _, _ in steps -= 1 },
            progress: { if $0.epoch == 3 { steps = 0 } })
        #expect(short.history.map(\.negativeLogLikelihood) == outcome.history.map(\.negativeLogLikelihood))
        #expect(outcome.bestEpoch == short.bestEpoch && outcome.bestEpoch > 0)
        #expect(try outcome.model.fileBytes() == short.model.fileBytes())
        let quality = try Evaluator([.ndcg(at: 9)]).evaluate(outcome.model, on: dataset.validation).results[0].mean
        #expect(quality == outcome.history[outcome.bestEpoch - 1].validation?.mean)
    }

    /// A model without the approximate scores it may have.
    private struct ExactOnly: Scorer {
        let model: TrainedModel
        var itemCount: Int { model.itemCount }

        func score(
            _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
        ) {
            model.score(histories, rows: rows, into: scores, workers: workers)
        }
    }

    /// Users and items enough for approximate scores, where the machine has them: every user's values are those of exact scores.
    @Test(arguments: Architecture.Family.allCases)
    func aModelIsEvaluatedByExactScores(_ family: Architecture.Family) throws {
        let (users, items) = (600, 1_300)
        let architecture = Architecture(
            family: family, items: items, encoder: [40], latent: 20, decoder: [60], encoderDropout: [0, 0],
            decoderDropout: [0, 0])
        let model = TrainedModel(Autoencoder(initializing: architecture, seed: 3))
        let clicks = (0..<users).map { user in (0...user % 30).map { ($0 * $0 * 7 + user * 13) % items } }
        let people = HeldOutUsers(
            userIndices: (0..<Int32(users)).map { $0 }, foldIn: InteractionMatrix(rows: clicks, itemCount: items),
            heldOut: InteractionMatrix(rows: clicks.map { $0.map { ($0 + 1) % items } }, itemCount: items))
        let evaluator = Evaluator([.ndcg(at: 20), .recall(at: 5)], batchSize: 250, workers: Workers(count: 2))
        let exact = try evaluator.userMetrics(ExactOnly(model: model), on: people)
        #expect(try evaluator.userMetrics(model, on: people) == exact)
        #expect((exact.report.results[0].mean ?? 0) > 0)
    }
}

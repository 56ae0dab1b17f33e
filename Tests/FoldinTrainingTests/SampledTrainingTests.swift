import FoldinEvaluation
import FoldinInteractions
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// Trainings whose softmax is sampled: batches of two users see half of the items at most.
@Suite("Training with a sampled softmax") struct SampledTrainingTests {
    static func trainer(
        _ model: ModelCase = .all[0], epochs: Int = 5, learningRate: Float = 0.01, negatives: Int = 4, threads: Int = 2
    ) -> Trainer {
        Checkerboard.trainer(
            model, epochs: epochs, learningRate: learningRate, batchSize: 2, threads: threads,
            softmax: .sampled(negatives: negatives))
    }

    @Test(arguments: ModelCase.autoencoders)
    func aModelLearnsACheckerboard(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        func quality(_ trainer: Trainer) throws -> Double {
            try Evaluator([.ndcg(at: 9)]).evaluate(trainer.train(on: dataset), on: dataset.test).results[0].mean ?? 0
        }
        let learnt = try quality(Self.trainer(model, epochs: 25, learningRate: 0.005))
        #expect(learnt > 0.97)
        let untrained = try quality(Self.trainer(model, epochs: 1, learningRate: 1e-12))
        #expect(untrained < 0.8)
    }

    @Test(arguments: ModelCase.autoencoders)
    func aResumedTrainingGivesTheBitsOfAnUninterruptedOne(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        let whole = try Self.trainer(model).run(on: dataset)
        let bytes = try whole.model.fileBytes()
        for steps in [0, 7, 25, 60] {
            let checkpoint = try CheckpointTests.interrupted(Self.trainer(model, threads: 1), after: steps)
            let rest = try Self.trainer(model, threads: 3).run(on: dataset, from: checkpoint)
            #expect(try rest.model.fileBytes() == bytes, "after \(steps) steps")
            #expect(rest.history.map(\.loss) == whole.history.map(\.loss) && rest.bestEpoch == whole.bestEpoch)
        }
        #expect(whole.model.card.options["softmax"] == "sampled" && whole.model.card.options["negatives"] == "4")
    }

    @Test func aTrainingIsResumedWithItsOwnSoftmaxOnly() throws {
        let checkpoint = try CheckpointTests.interrupted(Self.trainer(), after: 7)
        for (trainer, name) in [
            (Self.trainer(negatives: 5), "negatives"), (Checkerboard.trainer(epochs: 5, batchSize: 2), "negatives"),
        ] {
            let error = #expect(throws: FoldinError.self) { try trainer.run(on: Checkerboard.dataset(), from: checkpoint) }
            #expect(error?.kind == .usage && error?.found.hasPrefix(name) == true)
        }
    }

    @Test func impossibleNumbersOfNegativesAreRefused() {
        for negatives in [0, -1, 1 << 25] {
            let error = #expect(throws: FoldinError.self) {
                try Self.trainer(negatives: negatives).train(on: Checkerboard.dataset())
            }
            #expect(error?.kind == .usage)
        }
    }

    /// A file says when its rows were updated; it may say anything.
    @Test(arguments: [Float(8), -1, 0.5])
    func impossibleUpdatesOfRowsAreRefused(count: Float) throws {
        try withTemporaryFolder { folder in
            var steps = 0
            _ = try Self.trainer().run(
                on: Checkerboard.dataset(), isCancelled: { steps == 7 }, onCheckpoint: { try $0.save(to: folder + "/c") },
                onStep: { _, _, _ in steps += 1 })
            var bytes = try Data(contentsOf: URL(filePath: folder + "/c"))
            let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try JSONSerialization.jsonObject(with: bytes[8..<8 + length]) as? [String: [String: Any]]
            let tensor = header?["second.encode.q_layers.linear_0.weight"]
            #expect(tensor?["shape"] as? [Int] == [2, Checkerboard.itemCount])
            let end = try #require((tensor?["data_offsets"] as? [Int])?.last)
            withUnsafeBytes(of: count) { bytes.replaceSubrange(8 + length + end - 4..<8 + length + end, with: $0) }
            try bytes.write(to: URL(filePath: folder + "/spoilt"))
            let spoilt = try TrainingCheckpoint(contentsOf: folder + "/spoilt")
            let error = #expect(throws: FoldinError.self) { try Self.trainer().run(on: Checkerboard.dataset(), from: spoilt) }
            #expect(error?.kind == .badData)
        }
    }

    /// The best epoch's weights wait in a file that has no name.
    @Test(arguments: [Softmax.exact, .sampled(negatives: 4)])
    func theBestWeightsAreKeptInAFileWithoutAName(_ softmax: Softmax) throws {
        let dataset = Checkerboard.dataset()
        let trainer = Checkerboard.trainer(epochs: 30, learningRate: 0.03, softmax: softmax)
        let outcome = try trainer.run(on: dataset)
        #expect(outcome.bestEpoch < 30, "the last epoch is not the best, so that something has to be kept")
        try withTemporaryFolder { folder in
            let same = try trainer.run(
                on: dataset, scratch: folder,
                progress: { _ in
                    let contents = try FileManager.default.contentsOfDirectory(atPath: folder)
                    #expect(contents.isEmpty)
                })
            #expect(try same.model.fileBytes() == outcome.model.fileBytes())
        }
        let error = #expect(throws: FoldinError.self) { try trainer.run(on: dataset, scratch: "/dev/null/none") }
        #expect(error?.kind == .cannotCreate)
    }
}

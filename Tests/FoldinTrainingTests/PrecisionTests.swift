import FoldinEvaluation
import FoldinInteractions
import FoldinModels
import FoldinSupport
import Testing

@testable import FoldinTraining

/// The contract of every model, trained in bfloat16.
@Suite("Training in bfloat16", .enabled(if: Precision.bfloat16.isAvailable)) struct PrecisionTests {
    @Test(arguments: ModelCase.all)
    func aModelLearnsACheckerboard(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        let trained = try Checkerboard.trainer(model, precision: .bfloat16).train(on: dataset)
        #expect(try Evaluator([.ndcg(at: 9)]).evaluate(trained, on: dataset.test).results[0].mean ?? 0 > 0.97)
        #expect(trained.card.options["precision"] == "bf16")
        #expect(try Checkerboard.trainer(model, epochs: 1).train(on: dataset).card.options["precision"] == "fp32")
    }

    @Test(arguments: ModelCase.all)
    func aTrainingGivesTheSameBitsForAnyNumberOfThreads(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        func bytes(_ precision: Precision, threads: Int) throws -> [Float] {
            let trained = try Checkerboard.trainer(model, epochs: 3, threads: threads, precision: precision).train(on: dataset)
            let parameters = (trained.model as? Autoencoder)?.parameters ?? (trained.model as? RecVAEModel)?.parameters
            return try #require(parameters).itemVectors.vectors.values
        }
        let alone = try bytes(.bfloat16, threads: 1)
        for threads in [2, 3] { #expect(try bytes(.bfloat16, threads: threads) == alone) }
        #expect(try bytes(.float32, threads: 1) != alone)
    }

    /// Goes on to the same bits in the precision it began with, and in no other.
    @Test func aTrainingIsResumedInItsOwnPrecisionOnly() throws {
        let dataset = Checkerboard.dataset()
        func trainer(_ precision: Precision) -> Trainer { Checkerboard.trainer(epochs: 5, precision: precision) }
        let checkpoint = try CheckpointTests.interrupted(trainer(.bfloat16), after: 4)
        let whole = try trainer(.bfloat16).run(on: dataset).model.fileBytes()
        #expect(try trainer(.bfloat16).run(on: dataset, from: checkpoint).model.fileBytes() == whole)
        let error = #expect(throws: FoldinError.self) { try trainer(.float32).run(on: dataset, from: checkpoint) }
        #expect(error?.kind == .usage && error?.found == "precision fp32" && error?.expected.hasPrefix("bf16") == true)
    }
}

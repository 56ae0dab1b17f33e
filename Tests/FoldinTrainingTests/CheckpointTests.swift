import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Going on from a checkpoint") struct CheckpointTests {
    /// Trains until `steps` steps are made; the checkpoint it leaves has been to a file and back.
    static func interrupted(_ trainer: Trainer, after steps: Int, from: TrainingCheckpoint? = nil) throws -> TrainingCheckpoint {
        try withTemporaryFolder { folder in
            var made = 0
            let outcome = try trainer.run(
                on: Checkerboard.dataset(), from: from, isCancelled: { made == steps },
                onCheckpoint: { try $0.save(to: folder + "/c") }, onStep: { _, _, _ in made += 1 })
            #expect(outcome.wasCancelled)
            return try TrainingCheckpoint(contentsOf: folder + "/c")
        }
    }

    /// Interrupted in the first epoch, between epochs, within a later one; twice; and gone on with other threads.
    @Test(arguments: ModelCase.all)
    func aResumedTrainingGivesTheBitsOfAnUninterruptedOne(_ model: ModelCase) throws {
        let dataset = Checkerboard.dataset()
        let whole = try Checkerboard.trainer(model, epochs: 5).run(on: dataset)
        let bytes = try whole.model.fileBytes()
        // Of RecVAE's 12 an epoch also in the decoder's pass and at its ends.
        for steps in [0, 1, 3, 7, 14] + (model.passes > 1 ? [9, 10, 12, 23] : []) {
            let checkpoint = try Self.interrupted(Checkerboard.trainer(model, epochs: 5, threads: 1), after: steps)
            let rest = try Checkerboard.trainer(model, epochs: 5, threads: 3).run(on: dataset, from: checkpoint)
            #expect(try rest.model.fileBytes() == bytes, "after \(steps) steps")
            #expect(rest.history.map(\.loss) == whole.history.map(\.loss) && rest.bestEpoch == whole.bestEpoch)
        }
        let first = try Self.interrupted(Checkerboard.trainer(model, epochs: 5), after: 4)
        let second = try Self.interrupted(Checkerboard.trainer(model, epochs: 5), after: 4, from: first)
        #expect(second.state.updates == 8)
        let rest = try Checkerboard.trainer(model, epochs: 5).run(on: dataset, from: second)
        #expect(try rest.model.fileBytes() == bytes)
    }

    @Test func otherOptionsAndDataAreRefused() throws {
        let dataset = Checkerboard.dataset()
        let checkpoint = try Self.interrupted(Checkerboard.trainer(epochs: 5), after: 4)
        for (trainer, name) in [
            (Checkerboard.trainer(epochs: 6), "epochs"), (Checkerboard.trainer(epochs: 5, seed: 2), "seed"),
            (Checkerboard.trainer(epochs: 5, batchSize: 21), "batch-size"), (Checkerboard.trainer(.all[1], epochs: 5), "model"),
            (Checkerboard.trainer(epochs: 5, learningRate: 0.02), "learning-rate"),
        ] {
            let error = #expect(throws: FoldinError.self) { try trainer.run(on: dataset, from: checkpoint) }
            #expect(error?.kind == .usage && error?.found.hasPrefix(name) == true)
        }
        let other = Checkerboard.dataset(trainingUsers: 49)
        let error = #expect(throws: FoldinError.self) { try Checkerboard.trainer(epochs: 5).run(on: other, from: checkpoint) }
        #expect(error?.found.hasPrefix("another dataset") == true && error?.expected.contains("dataset") == true)
    }

    /// A checkpoint file may say anything.
    @Test(arguments: [
        ("\"position\":20", "\"position\":-20"), ("\"position\":20", "\"position\":9223372036854775800"),
        ("\"position\":20", "\"position\":51"), ("\"updates\":4", "\"updates\":-4"), ("\"bestEpoch\":1", "\"bestEpoch\":0"),
        ("\"bestEpoch\":1", "\"bestEpoch\":7"), ("\"bestEpoch\":1", "\"bestEpoch\":-1"),
    ])
    func impossibleStatesAreRefused(change: (String, String)) throws {
        let checkpoint = try Self.interrupted(Checkerboard.trainer(epochs: 5), after: 4)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(checkpoint.state), as: UTF8.self)
        let changed = text.replacing(change.0, with: change.1)
        #expect(changed != text)
        let state = try JSONDecoder().decode(TrainingState.self, from: Data(changed.utf8))
        let spoilt = TrainingCheckpoint(checkpoint, state: state)
        let error = #expect(throws: FoldinError.self) {
            try Checkerboard.trainer(epochs: 5).run(on: Checkerboard.dataset(), from: spoilt)
        }
        #expect(error?.kind == .badData)
    }

    @Test func otherFilesAreRefused() throws {
        try withTemporaryFolder { folder in
            let missing = #expect(throws: FoldinError.self) { try TrainingCheckpoint(contentsOf: folder + "/none") }
            #expect(missing?.exitStatus == 66)
            try Checkerboard.trainer(epochs: 1).train(on: Checkerboard.dataset()).save(to: folder + "/model")
            let model = #expect(throws: FoldinError.self) { try TrainingCheckpoint(contentsOf: folder + "/model") }
            #expect(model?.exitStatus == 65)
            var steps = 0
            _ = try Checkerboard.trainer(epochs: 5).run(
                on: Checkerboard.dataset(), isCancelled: { steps == 4 }, onCheckpoint: { try $0.save(to: folder + "/c") },
                onStep: { _, _, _ in steps += 1 })
            let whole = try Data(contentsOf: URL(filePath: folder + "/c"))
            for length in stride(from: 0, to: whole.count, by: 997) {
                try whole.prefix(length).write(to: URL(filePath: folder + "/cut"))
                let error = #expect(throws: FoldinError.self) { try TrainingCheckpoint(contentsOf: folder + "/cut") }
                #expect(error?.exitStatus == 65)
            }
        }
    }
}

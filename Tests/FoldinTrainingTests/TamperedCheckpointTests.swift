import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// Checkpoint files that say what cannot have been: each is refused with what was found and expected.
@Suite("Tampered checkpoints") struct TamperedCheckpointTests {
    /// A checkpoint after four of ten updates, the second of three an epoch... as a file, with `change` made to its header.
    private static func file(
        _ trainer: Trainer, after steps: Int = 4, _ change: (String) -> String, in folder: String
    ) throws -> String {
        let path = folder + "/checkpoint"
        var made = 0
        _ = try trainer.run(
            on: Checkerboard.dataset(), isCancelled: { made == steps }, onCheckpoint: { try $0.save(to: path) },
            onStep: { _, _, _ in made += 1 })
        let data = try Data(contentsOf: URL(filePath: path))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let text = String(decoding: data.dropFirst(8).prefix(length), as: UTF8.self)
        let header = Data(change(text).utf8)
        let size = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        try (size + header + data.dropFirst(8 + length)).write(to: URL(filePath: path))
        return path
    }

    /// What going on from a tampered file fails with.
    private static func failure(_ trainer: Trainer, after steps: Int = 4, _ change: (String) -> String) throws -> FoldinError? {
        try withTemporaryFolder { folder in
            let path = try file(trainer, after: steps, change, in: folder)
            do {
                _ = try trainer.run(on: Checkerboard.dataset(), from: TrainingCheckpoint(contentsOf: path))
                return nil
            } catch let error as FoldinError {
                #expect(error.file == path, "\(error)")
                return error
            }
        }
    }

    @Test(arguments: [
        (#"\"updates\":4"#, #"\"updates\":9223372036854775807"#), (#"\"updates\":4"#, #"\"updates\":5"#),
        (#"\"updates\":4"#, #"\"updates\":3"#), (#"\"position\":20"#, #"\"position\":9223372036854775807"#),
        (#"\"position\":20"#, #"\"position\":21"#), (#"\"position\":20"#, #"\"position\":-20"#),
        (#"\"bestEpoch\":1"#, #"\"bestEpoch\":2"#), (#"\"bestEpoch\":1"#, #"\"bestEpoch\":-9223372036854775808"#),
        (#"\"bestEpoch\":1"#, #"\"bestEpoch\":0"#), (#"\"epoch\":1"#, #"\"epoch\":0"#),
        (#"\"epoch\":1"#, #"\"epoch\":9223372036854775807"#),
        (#"\"evaluationsWithout\":0"#, #"\"evaluationsWithout\":9223372036854775807"#),
        (#"\"evaluationsWithout\":0"#, #"\"evaluationsWithout\":-1"#), (#"\"seconds\":"#, #"\"seconds\":-"#),
    ])
    func areRefused(change: (String, String)) throws {
        var trainer = Checkerboard.trainer(epochs: 5)
        trainer.schedule.pace = .plateau(Plateau())
        let error = try Self.failure(trainer) { header in
            let changed = header.replacing(change.0, with: change.1)
            #expect(changed != header, "\(change.0) is not in the header")
            return changed
        }
        #expect(error?.kind == .badData, "\(change.1): \(String(describing: error))")
    }

    /// Of an epoch in the history: as if it had ended after another number of updates.
    @Test func anEpochsUpdatesAreThoseOfItsBatches() throws {
        for updates in ["2", "4", "0", "-3", "9223372036854775807"] {
            let error = try Self.failure(Checkerboard.trainer(epochs: 5)) {
                $0.replacing(#"\"updates\":3"#, with: #"\"updates\":"# + updates)
            }
            #expect(error?.kind == .badData, "\(updates)")
        }
    }

    @Test func aSearchIsWhatItsEpochsSay() throws {
        var trainer = Checkerboard.trainer(epochs: 2)
        trainer.schedule.annealing = .searching(.fractionOfEpochs(0.85))
        for (found, other) in [
            (#"\"beta\":(\d[^,}]*),\\"bestEpoch"#, #"\"beta\":0.123,\"bestEpoch"#),
            (#"\"bestEpoch\":\d,\\"curve"#, #"\"bestEpoch\":7,\"curve"#),
        ] {
            // The key of the search's own numbers comes after its curve; whichever order, some number is another.
            let error = try Self.failure(trainer, after: 8) { header in
                header.replacing(#"\"search\":{\"best"#, with: #"\"search\":{\"Best"#).replacing(found, with: other)
            }
            #expect(error?.kind == .badData)
        }
    }

    @Test func secondMomentsAreNotNegative() throws {
        try withTemporaryFolder { folder in
            let trainer = Checkerboard.trainer(epochs: 5)
            let path = try Self.file(trainer, { $0 }, in: folder)
            var data = try Data(contentsOf: URL(filePath: path))
            let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try #require(
                JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(length)) as? [String: [String: Any]])
            let offsets = try #require(
                header["second.encode.q_layers.linear_0.bias"]?["data_offsets"] as? [Int])
            data.replaceSubrange(8 + length + offsets[0]..<12 + length + offsets[0], with: [0, 0, 0x80, 0xBF])
            try data.write(to: URL(filePath: path))
            let error = FoldinTestSupport.failure {
                try trainer.run(on: Checkerboard.dataset(), from: TrainingCheckpoint(contentsOf: path))
            }
            #expect(error?.kind == .badData && error?.found == "a second moment below 0" && error?.file == path)
        }
    }

    @Test func trainingsThatNeedMoreMemoryThanThereIsAreRefused() throws {
        let (trainer, dataset) = (Checkerboard.trainer(epochs: 5), Checkerboard.dataset())
        try TrainingMemory.check(trainer, on: dataset, available: 100_000)
        try TrainingMemory.check(trainer, on: dataset, available: nil)
        let error = FoldinTestSupport.failure {
            try TrainingMemory.check(trainer, on: dataset, available: 1_000)
        }
        #expect(error?.kind == .usage && error?.found.hasPrefix("a network whose training needs about") == true)
        let wide = Trainer(MultVAE(latent: 1 << 30, hidden: [1 << 30]), schedule: trainer.schedule)
        #expect(FoldinTestSupport.failure { try TrainingMemory.check(wide, on: dataset, available: .max) } != nil)
    }

    @Test func whatIsAppendedIsThereWhole() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("lines", "a\n")
        try AppendedFile.append(Array("b\n".utf8), to: path, expected: "a line")
        #expect(try folder.text("lines") == "a\nb\n")
        let error = FoldinTestSupport.failure { try AppendedFile.append([10], to: folder.path + "/none", expected: "a line") }
        #expect(error?.kind == .writeFailed && error?.found == "no such file or directory" && error?.expected == "a line")
        let full = FoldinTestSupport.failure { try AppendedFile.append([10], to: "/dev/full", expected: "a line") }
        #expect(full?.found == "no space left on device")
    }
}

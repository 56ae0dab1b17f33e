import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// A new run replaces an old one completely, also when it is interrupted.
@Suite("Replacing a run") struct RunReplacementTests {
    private struct Cut: Error {}

    /// Writes every file of a run, with `word` in it.
    private static func fill(_ folder: String, _ word: String, files: [String]) throws {
        for file in files {
            let path = folder + "/" + file
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try AtomicFile.write(file == "run.json" ? "{\"model\": \"\(word)\"}" : word, to: path)
        }
    }

    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// An old run with a checkpoint, a search for beta and the files of an automatic search, and a complete new one that has none of these.
    private static let old = RunFiles.all.filter { !$0.hasPrefix("candidates/") || $0 == "candidates/0.safetensors" }
    private static let new = old.filter { file in
        !["search", "checkpoint", "trials", "candidates"].contains { file.contains($0) }
    }

    private static func expectNewRun(_ path: String) throws {
        #expect(
            try RunDirectoryTests.names(path) == [
                "history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard",
            ])
        #expect(try RunDirectoryTests.names(path + "/tensorboard") == [EventFile.name])
        for file in new { #expect(try text(path + "/" + file).contains("new"), "\(file)") }
    }

    /// Interrupted before each change of the file system: the model is always complete, and the next training completes the rest.
    @Test func isCompletedAfterAnyInterruption() throws {
        var cuts = 0
        while true {
            let isDone = try withTemporaryFolder { folder in
                let path = folder + "/run"
                try Self.fill(path, "old", files: Self.old)
                // With its checkpoint, as a training that ends has it.
                try Self.fill(RunFiles.unfinished(in: path), "new", files: Self.new + ["checkpoint.safetensors"])
                var steps = 0
                do {
                    try RunFiles.replace(in: path) {
                        #expect(["old", "new"].contains(try Self.text(path + "/model.safetensors")))
                        if steps == cuts { throw Cut() }
                        steps += 1
                    }
                } catch is Cut {
                    #expect(["old", "new"].contains(try Self.text(path + "/model.safetensors")))
                    if cuts == 0 {
                        // Nothing was done: with its checkpoint the training can be gone on with.
                        #expect(RunFiles.outcome(in: RunFiles.unfinished(in: path)) == .open)
                        unlink(RunFiles.unfinished(in: path) + "/checkpoint.safetensors")
                    }
                    try RunFiles.completeReplacement(in: path)
                    try Self.expectNewRun(path)
                    return false
                }
                try Self.expectNewRun(path)
                return true
            }
            if isDone { break }
            cuts += 1
        }
        // The commit, the checkpoint, five old files, five new ones, the folders.
        #expect(cuts == 13)
    }

    /// An interrupted completion is itself completed.
    @Test func isCompletedAfterTwoInterruptions() throws {
        for first in 1..<13 {
            for second in 0..<(13 - first) {
                try withTemporaryFolder { folder in
                    let path = folder + "/run"
                    try Self.fill(path, "old", files: Self.old)
                    try Self.fill(RunFiles.unfinished(in: path), "new", files: Self.new)
                    for cut in [first, second] {
                        var steps = 0
                        func step() throws {
                            if steps == cut { throw Cut() }
                            steps += 1
                        }
                        try? cut == first && steps == 0 && RunFiles.exists(RunFiles.unfinished(in: path))
                            ? RunFiles.replace(in: path, step: step) : RunFiles.completeReplacement(in: path, step: step)
                    }
                    try RunFiles.completeReplacement(in: path)
                    try Self.expectNewRun(path)
                }
            }
        }
    }

    @Test func theNextTrainingCompletesIt() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            for pending in [RunFiles.unfinished(in: path), RunFiles.finished(in: path)] {
                try? FileManager.default.removeItem(atPath: path)
                try Self.fill(path, "old", files: Self.old)
                try Self.fill(pending, "new", files: Self.new)
                // Refused, as the run is finished; but it is the new one.
                let error = #expect(throws: FoldinError.self) { try RunDirectory.resuming(path, options: [:]) }
                #expect(error?.found == "a finished run" && error?.kind == .missingInput)
                try Self.expectNewRun(path)
            }
        }
    }

    /// An earlier run stays until each of two later ones is finished.
    @Test func replacesAWholeTraining() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            func train(seed: UInt64, _ body: (RunDirectory) throws -> Void) throws -> Data {
                let trainer = Checkerboard.trainer(epochs: 2, seed: seed)
                let run = try RunDirectory(creating: path, overwriting: true, options: trainer.options)
                let outcome = try trainer.run(on: Checkerboard.dataset(), scratch: run.folder, progress: { try run.append($0) })
                try outcome.model.save(to: run.modelPath)
                try run.write(["seed": Int(seed)], environment: RunEnvironment(threads: 1))
                try body(run)
                try run.finish()
                return try outcome.model.fileBytes()
            }
            func bytes() throws -> Data { try Data(contentsOf: URL(filePath: path + "/model.safetensors")) }
            let first = try train(seed: 1) { #expect(!$0.replacesRun) }
            #expect(try bytes() == first)
            let second = try train(seed: 2) { run in
                #expect(run.replacesRun && run.finishedModelPath == path + "/model.safetensors")
                let held = try bytes()
                #expect(held == first)
            }
            #expect(try bytes() == second && second != first)
            #expect(try Self.text(path + "/run.json").contains("2") && Self.text(path + "/options.toml").contains("seed = 2"))
            #expect(try RunDirectoryTests.names(path).contains { $0.hasSuffix("-run") } == false)
        }
    }

    /// `--resume` continues the training that is to replace the run, not the run.
    @Test func resumesTheTrainingThatReplaces() throws {
        let (trainer, dataset) = (Checkerboard.trainer(epochs: 3), Checkerboard.dataset())
        let whole = try trainer.run(on: dataset).model.fileBytes()
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            try Self.fill(path, "old", files: Self.old)
            let replacing = try RunDirectory(creating: path, overwriting: true, options: trainer.options)
            var made = 0
            _ = try trainer.run(
                on: dataset, isCancelled: { made == 4 }, onCheckpoint: { try $0.save(to: replacing.checkpointPath) },
                onStep: { _, _, _ in made += 1 }, progress: { try replacing.append($0) })
            // It came to nothing, but for its checkpoint.
            replacing.discardUnlessCheckpointed()
            let refused = #expect(throws: FoldinError.self) { try RunDirectory(creating: path) }
            #expect(refused?.found.contains("an unfinished training") == true && refused?.reason == .unfinishedRun)

            let (run, checkpoint) = try RunDirectory.resuming(path, options: trainer.options)
            #expect(run.replacesRun && checkpoint?.state.updates == 4)
            let outcome = try trainer.run(on: dataset, from: checkpoint, progress: { try run.append($0) })
            try outcome.model.save(to: run.modelPath)
            try run.write(["epochs": 3], environment: RunEnvironment(threads: 1))
            #expect(try Self.text(path + "/model.safetensors") == "old")
            try run.finish()
            #expect(try Data(contentsOf: URL(filePath: path + "/model.safetensors")) == whole)
            #expect(
                try RunDirectoryTests.names(path) == [
                    "history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard",
                ])
            #expect(try Self.text(path + "/history.jsonl").split(separator: "\n").count == 3)
        }
    }

    /// Without a checkpoint it starts from the beginning, and so does a second `--overwrite`. The run stays in both cases.
    @Test func clearsAnAttemptAndKeepsTheRun() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            try Self.fill(path, "old", files: Self.old)
            try Self.fill(
                RunFiles.unfinished(in: path), "attempt",
                files: [
                    "history.jsonl", "model.safetensors.4711.tmp", "model.safetensors.best.4711.tmp",
                    ".foldin-0123456789abcdef.tmp",
                ])
            let (run, checkpoint) = try RunDirectory.resuming(path, options: ["seed": "5"])
            #expect(checkpoint == nil && run.replacesRun)
            #expect(try RunDirectoryTests.names(run.folder) == ["history.jsonl", "options.toml", "tensorboard"])
            #expect(try Self.text(run.historyPath).isEmpty)
            try Self.fill(run.folder, "attempt", files: ["checkpoint.safetensors"])
            let second = try RunDirectory(creating: path, overwriting: true)
            #expect(try RunDirectoryTests.names(second.folder) == ["history.jsonl", "tensorboard"])
            for file in Self.old { #expect(try Self.text(path + "/" + file).contains("old"), "\(file)") }
        }
    }

    /// Only files of a run are removed.
    @Test func leavesOtherFiles() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            try Self.fill(path, "old", files: Self.old + ["unfinished-run/notes.txt"])
            let error = #expect(throws: FoldinError.self) { try RunDirectory(creating: path, overwriting: true) }
            #expect(error?.kind == .cannotCreate)
            #expect(RunFiles.exists(path + "/unfinished-run/notes.txt"))
            // A folder that only has the name, and files that only look like leftovers.
            try FileManager.default.removeItem(atPath: path)
            try Self.fill(
                path, "mine",
                files: [
                    "finished-run/model.safetensors", "finished-run/thesis.txt", "notes.12.tmp", ".foldin-0123456789abcdef.tmp",
                ])
            #expect(throws: FoldinError.self) { try RunDirectory(creating: path, overwriting: true) }
            // One of another writer's, in a directory that is no run, stays as well.
            #expect(try RunDirectoryTests.names(path) == [".foldin-0123456789abcdef.tmp", "finished-run", "notes.12.tmp"])
            #expect(try RunDirectoryTests.names(path + "/finished-run") == ["model.safetensors", "thesis.txt"])
            // A run's name for something else.
            for (file, odd) in [("tensorboard", "tensorboard"), ("model.safetensors/mine", "model.safetensors")] {
                try FileManager.default.removeItem(atPath: path)
                try Self.fill(path, "mine", files: ["run.json", file])
                #expect(throws: FoldinError.self) { try RunDirectory(creating: path, overwriting: true) }
                #expect(try RunDirectoryTests.names(path) == [odd, "run.json"].sorted())
            }
            // TensorBoard's own files beside the events.
            try FileManager.default.removeItem(atPath: path)
            try Self.fill(path, "old", files: Self.old + ["tensorboard/mine"])
            try Self.fill(RunFiles.unfinished(in: path), "new", files: ["model.safetensors", "run.json"])
            try RunFiles.completeReplacement(in: path)
            #expect(try RunDirectoryTests.names(path) == ["model.safetensors", "run.json", "tensorboard"])
            #expect(try RunDirectoryTests.names(path + "/tensorboard") == ["mine"])
        }
    }

    /// An attempt that diverged is neither continued nor treated as complete.
    @Test func refusesToContinueAfterADivergence() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            try Self.fill(path, "old", files: Self.new)
            try Self.fill(RunFiles.unfinished(in: path), "new", files: ["model.safetensors"])
            try AtomicFile.write(
                "{\"interrupted\": false, \"divergence\": \"training diverged\"}", to: RunFiles.unfinished(in: path) + "/run.json"
            )
            let error = #expect(throws: FoldinError.self) { try RunDirectory.resuming(path, options: [:]) }
            #expect(error?.found == "a training that diverged")
            #expect(try Self.text(path + "/model.safetensors") == "old")
        }
    }

    /// A lock held by another process, here by another descriptor of the directory.
    @Test func allowsOneProcessAtATime() throws {
        try withTemporaryFolder { folder in
            let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { close(descriptor) }
            try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            let error = #expect(throws: FoldinError.self) { try RunDirectory(creating: folder) }
            #expect(error?.kind == .cannotCreate && error?.found == "another training that writes here")
            #expect(throws: FoldinError.self) { try RunDirectory.resuming(folder, options: [:]) }
            flock(descriptor, LOCK_UN)
            // Within a process all are one.
            let run = try RunDirectory(creating: folder)
            let again = try RunDirectory(creating: folder, overwriting: true)
            #expect(run.path == again.path)
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) != 0)
            withExtendedLifetime((run, again)) {}
        }
    }
}

import Foundation
import Testing

/// `--overwrite` of the built command: the run that is there stays whole until the new one is.
@Suite("Overwriting runs") struct OverwriteTests {
    private static let finished = ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"]

    /// All files of the run but those of a training that is to replace it.
    private func files(_ run: TrainedRun) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try run.names("run") where name != "unfinished-run" && name != "tensorboard" {
            files[name] = try run.bytes("run/" + name)
        }
        return files
    }

    /// Starts a long training over the run and ends it with `signal` after the second epoch.
    private func overwrite(_ run: TrainedRun, signal: String, _ more: String...) throws -> PrepareCommandTests.Outcome {
        let history = run.folder.path + "/run/unfinished-run/history.jsonl"
        let script = """
            "$0" "$@" & child=$!
            n=0; until [ "$(wc -l < '\(history)' 2>/dev/null || echo 0)" -ge 2 ] || [ $n -ge 400 ]; do sleep 0.02; n=$((n+1)); done
            kill -\(signal) $child; wait $child; exit $?;
            """
        return try PrepareCommandTests.foldin(
            ["train", run.data, "--out", run.folder.path + "/run", "--overwrite", "--patience", "0"] + TrainedRun.network
                + ["--epochs", "1000000"] + more, shell: script)
    }

    @Test func aKilledTrainingChangesNothing() throws {
        let run = try TrainedRun()
        let before = try files(run)
        let killed = try overwrite(run, signal: "KILL")
        #expect(killed.status == 137 && killed.errors.contains("has a run already"), "\(killed)")
        #expect(try files(run) == before)
        #expect(try run.names("run") == Self.finished + ["unfinished-run"])
        #expect(try run.foldin("evaluate", run.model, run.data).status == 0)
        // Neither flag: refused, and told what to do.
        let refused = try run.train("run")
        #expect(refused.status == 73 && refused.errors.contains("--resume"), "\(refused)")
        // Another is cleared away and replaces the run.
        let replaced = try run.train("run", "--overwrite", "--seed", "9")
        #expect(replaced.status == 0 && replaced.output.contains("model: \(run.model)\n"), "\(replaced)")
        #expect(try run.names("run") == Self.finished)
        let after = try files(run)
        for name in before.keys { #expect(after[name] != before[name], "\(name)") }
    }

    @Test func itIsGoneOnWith() throws {
        let run = try TrainedRun()
        let before = try files(run)
        let killed = try overwrite(run, signal: "KILL", "--checkpoint-every", "0", "--epochs", "300", "--seed", "4")
        #expect(killed.status == 137 && files(run, are: before), "\(killed)")
        let arguments = ["train", run.data, "--patience", "0"] + TrainedRun.network + ["--epochs", "300", "--seed", "4"]
        let resumed = try PrepareCommandTests.foldin(arguments + ["--out", run.folder.path + "/run", "--resume"])
        #expect(resumed.status == 0, "\(resumed)")
        let whole = try PrepareCommandTests.foldin(arguments + ["--out", run.folder.path + "/whole"])
        #expect(whole.status == 0)
        #expect(try run.names("run") == Self.finished)
        let (model, expected) = (try run.bytes("run/model.safetensors"), try run.bytes("whole/model.safetensors"))
        #expect(model == expected)
    }

    private func files(_ run: TrainedRun, are expected: [String: Data]) -> Bool { (try? files(run)) == expected }

    @Test func anInterruptedTrainingKeepsItsBestEpochBeside() throws {
        let run = try TrainedRun()
        let before = try files(run)
        let interrupted = try overwrite(run, signal: "INT")
        let beside = run.folder.path + "/run/unfinished-run/model.safetensors"
        #expect(interrupted.status == 130 && interrupted.errors.contains(beside), "\(interrupted)")
        #expect(interrupted.errors.contains("\(run.model) is still that of the earlier run; go on with --resume"))
        #expect(files(run, are: before))
        #expect(try run.foldin("evaluate", beside, run.data).status == 0)
    }

    @Test func aDivergedTrainingChangesNothing() throws {
        let run = try TrainedRun()
        let before = try files(run)
        let diverged = try run.train("run", "--overwrite", "--learning-rate", "1e30")
        #expect(diverged.status == 64 && diverged.errors.contains("foldin: training diverged ("), "\(diverged)")
        #expect(files(run, are: before))
        #expect(try run.names("run") == Self.finished)
    }

    /// Baselines and blends as well; what the old run alone had is gone.
    @Test func baselinesAndBlends() throws {
        let run = try TrainedRun()
        let out = run.folder.path + "/run"
        let ease = try PrepareCommandTests.foldin(["train", run.data, "--out", out, "--model", "ease", "--overwrite"])
        #expect(ease.status == 0 && ease.output.contains("model: \(run.model)\n"), "\(ease)")
        #expect(try run.names("run") == ["model.safetensors", "run.json"])
        let before = try files(run)
        let failed = try PrepareCommandTests.foldin(
            ["train", run.data, "--out", out, "--model", "ease", "--lambda", "0", "--overwrite"])
        #expect(failed.status != 0 && files(run, are: before), "\(failed)")
        #expect(try run.train("vae").status == 0)
        #expect(try run.train("dae", "--model", "mult-dae").status == 0)
        let members = [run.folder.path + "/dae", run.folder.path + "/vae"]
        // A blend of the run itself would destroy its member.
        for model in [out, run.model, run.folder.path + "/vae/../run"] {
            let refused = try run.foldin("blend", model, members[1], "--data", run.data, "--out", out, "--overwrite")
            #expect(refused.status == 64 && refused.errors.contains("the model would be replaced"), "\(refused)")
        }
        #expect(files(run, are: before))
        let blend = try run.foldin("blend", members[0], members[1], "--data", run.data, "--out", out, "--overwrite")
        #expect(blend.status == 0, "\(blend)")
        #expect(try run.names("run") == ["model.safetensors", "run.json"])
        #expect(!files(run, are: before))
    }

    /// One update an epoch without validation users: the first epoch's weights are finite, the second's loss is not.
    @Test func aDivergedTrainingKeepsItsBestEpoch() throws {
        let run = try TrainedRun(training: false)
        let prepared = try run.foldin(
            "prepare", run.folder.path + "/ratings.csv", "--held-out-users", "0", "--out", run.folder.path + "/all")
        try #require(prepared.status == 0)
        let arguments = [
            "train", run.folder.path + "/all", "--latent", "4", "--hidden", "8", "--dropout", "0", "--epochs", "4",
            "--learning-rate", "1000", "--out", run.folder.path + "/run",
        ]
        let diverged = try PrepareCommandTests.foldin(arguments)
        #expect(diverged.status == 64, "\(diverged)")
        #expect(
            diverged.errors.contains("in epoch 2; lower the learning rate (now 1000); the model of the best epoch before, 1, is ")
        )
        #expect(try run.names("run") == Self.finished)
        #expect(try run.foldin("recommend", run.model, "--history", "100").status == 0)
        let resumed = try PrepareCommandTests.foldin(arguments + ["--resume"])
        #expect(resumed.status == 66 && resumed.errors.contains("a training that diverged"), "\(resumed)")
    }
}

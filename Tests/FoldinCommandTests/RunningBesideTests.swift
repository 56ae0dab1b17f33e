#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// One process at a time writes to a run's or a sweep's directory: another is refused and changes nothing for the first.
@Suite("Running beside each other") struct RunningBesideTests {
    /// Starts `first`, holds it still once `history` has two lines, runs `second`, and lets `first` come to its end.
    private func run(
        _ first: [String], history: String, beside second: [String]
    ) throws -> (first: Int32, second: PrepareCommandTests.Outcome) {
        let folder = try TemporaryFolder()
        let quoted = first.map { "'" + $0 + "'" }.joined(separator: " ")
        let script = """
            "$0" \(quoted) > '\(folder.path)/log' 2>&1 & child=$!
            n=0; until [ "$(wc -l < '\(history)' 2>/dev/null || echo 0)" -ge 2 ] || [ $n -ge 3000 ]; do sleep 0.02; n=$((n+1)); done
            kill -STOP $child; "$0" "$@"; code=$?; kill -CONT $child; wait $child; echo $? > '\(folder.path)/status'; exit $code;
            """
        let outcome = try PrepareCommandTests.foldin(second, shell: script)
        let status = try Int32(folder.text("status").trimmingCharacters(in: .whitespacesAndNewlines))
        return (try #require(status), outcome)
    }

    private func network(_ run: TrainedRun, _ name: String, seed: String = "4") -> [String] {
        ["train", run.data, "--out", run.folder.path + "/" + name, "--patience", "0"] + TrainedRun.network
            + ["--epochs", "400", "--seed", seed, "--checkpoint-every", "0"]
    }

    /// What a training alone makes.
    private func alone(_ run: TrainedRun) throws -> Data {
        let outcome = try PrepareCommandTests.foldin(network(run, "alone"))
        try #require(outcome.status == 0, "\(outcome)")
        return try run.bytes("alone/model.safetensors")
    }

    @Test func trainings() throws {
        let run = try TrainedRun(training: false)
        let expected = try alone(run)
        let out = ["--out", run.folder.path + "/run"]
        let seconds = [
            network(run, "run", seed: "5"), network(run, "run", seed: "5") + ["--overwrite"], network(run, "run") + ["--resume"],
            ["train", run.data, "--model", "ease", "--overwrite"] + out,
            ["blend", run.folder.path + "/alone", run.folder.path + "/alone", "--data", run.data, "--overwrite"] + out,
        ]
        for second in seconds {
            let beside = try self.run(network(run, "run"), history: run.folder.path + "/run/history.jsonl", beside: second)
            #expect(beside.second.status == 73, "\(beside)")
            #expect(beside.second.errors.contains("another training that writes here"), "\(beside)")
            #expect(beside.first == 0)
            let model = try run.bytes("run/model.safetensors")
            #expect(model == expected)
            #expect(try run.names("run") == ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"])
            try FileManager.default.removeItem(atPath: run.folder.path + "/run")
        }
    }

    /// The run that is to be replaced stays, and so does the training that is to replace it.
    @Test func overwritingTrainings() throws {
        let run = try TrainedRun()
        let expected = try alone(run)
        let before = try run.bytes("run/model.safetensors")
        for more in ["--overwrite", "--resume"] {
            let beside = try self.run(
                network(run, "run") + ["--overwrite"], history: run.folder.path + "/run/unfinished-run/history.jsonl",
                beside: network(run, "run") + [more])
            #expect(beside.second.status == 73 && beside.first == 0, "\(beside)")
            let after = try run.bytes("run/model.safetensors")
            #expect(after == expected && after != before)
            #expect(try run.names("run") == ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"])
        }
    }

    @Test func sweeps() throws {
        let run = try TrainedRun(training: false)
        let folder = run.folder.path
        let file = try run.folder.write(
            "s.toml",
            "[base]\nlatent = 4\nhidden = 8\nbatch-size = 16\nepochs = 400\npatience = 0\n[grid]\nlearning-rate = [0.001]\n")
        let listed = try run.foldin("sweep", file, "--data", run.data, "--out", folder + "/sweep", "--dry-run")
        let id = listed.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try #require(listed.status == 0 && !id.isEmpty && !id.contains("\n"), "\(listed)")
        let sweep = ["sweep", file, "--data", run.data, "--out"]
        try #require(try PrepareCommandTests.foldin(sweep + [folder + "/alone"]).status == 0)
        let expected = try run.bytes("alone/runs/\(id)/model.safetensors")
        let seconds = [
            (sweep + [folder + "/sweep"], "another sweep at work here"),
            (network(run, "sweep/runs/" + id) + ["--resume"], "another training that writes here"),
            (network(run, "sweep/runs/" + id) + ["--overwrite"], "another training that writes here"),
        ]
        for (second, message) in seconds {
            let beside = try self.run(
                sweep + [folder + "/sweep"], history: folder + "/sweep/runs/\(id)/history.jsonl", beside: second)
            #expect(beside.second.status == 73 && beside.second.errors.contains(message), "\(beside)")
            #expect(beside.first == 0)
            let model = try run.bytes("sweep/runs/\(id)/model.safetensors")
            #expect(model == expected)
            try FileManager.default.removeItem(atPath: folder + "/sweep")
        }
    }
}
#endif

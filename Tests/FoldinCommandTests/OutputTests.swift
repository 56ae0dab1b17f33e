#if Experiments && Service
import Foundation
import Testing

/// Standard output that takes nothing, or that nobody reads.
@Suite("Standard output") struct OutputTests {
    private static func commands(_ run: TrainedRun) -> [[String]] {
        let out = run.folder.path + "/new"
        return [
            ["doctor"], ["doctor", "--json"], ["datasets"], ["keys", "somebody"], ["--help"], ["train", "--help"],
            ["recommend", run.model, "--history", "100"], ["recommend", run.model, "--histories", "-", "--format", "csv"],
            ["similar", run.model, "--item", "100"], ["evaluate", run.model, run.data],
            ["evaluate", run.model, run.data, "--json"],
            ["compare", run.data, "--models", "popularity"],
            ["prepare", run.folder.path + "/ratings.csv", "--out", out + "-data"],
            ["train", run.data, "--out", out + "-run", "--model", "popularity"],
            ["datasets", "make", "--users", "5", "--items", "5", "--mean-interactions", "2", "--out", out + ".csv"],
        ]
    }

    @Test("full or closed, it is a failure with one message; the files are there all the same")
    func takesNothing() throws {
        let run = try TrainedRun()
        for (shell, reason) in [("exec >/dev/full;", "no space left on device"), ("exec >&-;", "bad file descriptor")] {
            for arguments in Self.commands(run) {
                let outcome = try PrepareCommandTests.foldin(arguments, shell: "exec </dev/null; " + shell)
                let isEmpty = arguments.contains("--histories")
                #expect(outcome.status == (isEmpty ? 65 : 74), "\(arguments): \(outcome)")
                if isEmpty { continue }
                #expect(
                    outcome.errors.contains(
                        "foldin: standard output: found \(reason); expected the complete result to be written\n"),
                    "\(arguments): \(outcome)")
                #expect(outcome.errors.components(separatedBy: "foldin: ").count == 2, "\(outcome)")
            }
            for name in ["new-data/train.csv", "new-run/model.safetensors", "new.csv"] {
                #expect(FileManager.default.fileExists(atPath: run.folder.path + "/" + name), "\(name)")
            }
            for name in ["new-data", "new-run"] { try FileManager.default.removeItem(atPath: run.folder.path + "/" + name) }
        }
    }

    @Test("read by nobody any more, it is no failure, and says nothing") func isNotRead() throws {
        let run = try TrainedRun()
        let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("foldin")
        for arguments in Self.commands(run) where !arguments.contains("--histories") {
            let (process, output, errors) = (Process(), Pipe(), Pipe())
            process.executableURL = binary
            process.arguments = arguments
            (process.standardOutput, process.standardError) = (output, errors)
            try output.fileHandleForReading.close()
            try process.run()
            process.waitUntilExit()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(arguments): \(text)")
            #expect(!text.contains("foldin: "), "\(arguments): \(text)")
        }
    }

    /// A file that is opened where standard error was would get the progress of the training.
    @Test("a training whose standard error is closed ends with the same model") func standardErrorIsClosed() throws {
        let run = try TrainedRun()
        let arguments = ["train", run.data, "--out", run.folder.path + "/closed"] + TrainedRun.network
        let outcome = try PrepareCommandTests.foldin(arguments, shell: "exec 2>&-;")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
        #expect(try run.bytes("closed/model.safetensors") == run.bytes("run/model.safetensors"))
    }

    @Test("numbers that are too large for any training are refused") func extremes() throws {
        let run = try TrainedRun(training: false)
        let most = "\(Int.max)"
        for option in [
            ["--batch-size", most], ["--epochs", most], ["--warm-up-epochs", "1e300"], ["--anneal-epochs", most],
            ["--anneal-epochs", "1e307%"], ["--anneal-updates", most], ["--anneal-cap", "search", "--anneal-updates", most],
            ["--hidden", most], ["--hidden", "1000000000"], ["--hidden", "1000000000,1000000000"],
            ["--latent", "1000000000"],
        ] {
            try RefusalTests.expect(64, "expected", from: ["train", run.data, "--out", run.folder.path + "/none"] + option)
            #expect(!(try run.folder.names().contains("none")))
        }
        for option in [["--threads", most], ["--patience", most], ["--evaluate-every", most], ["--warm-up-updates", most]] {
            let outcome = try PrepareCommandTests.foldin(
                ["train", run.data, "--out", run.folder.path + "/run", "--overwrite"] + TrainedRun.network + option)
            #expect(outcome.status == 0, "\(option): \(outcome)")
        }
    }
}
#endif

import Foundation
import Testing

/// `foldin auto` by the built command.
@Suite("The command auto") struct AutoCommandTests {
    struct Record: Decodable {
        struct Trial: Decodable {
            let number: Int
            let model: String
            let validation: Double?
        }
        struct Row: Decodable {
            let model: String
            let pValue: Double?
        }
        let model: String
        let trials: [Trial]
        let tests: [Row]
        let commands: [String]
        let test: Report
    }

    @Test func findsAModelAndSaysHowToMakeItAgain() throws {
        let run = try TrainedRun(training: false)
        let out = run.folder.path + "/auto"
        let outcome = try PrepareCommandTests.foldin(["auto", run.data, "--out", out, "--trials", "8", "--json"])
        let record = try decode(Record.self, outcome)
        #expect(record.trials.map(\.number) == Array(1...record.trials.count) && record.trials.count <= 8)
        #expect(record.tests.first?.pValue == nil && record.tests.count > 2)
        #expect(try run.names("auto") == ["model.safetensors", "run.json", "trials.jsonl"])
        #expect(outcome.errors.contains("(the best so far)") && outcome.errors.contains("ndcg@100"))
        #expect(try decode(Report.self, run.foldin("evaluate", out, run.data, "--json")) == record.test)

        // The printed commands make the same scores.
        let folder = run.folder.path + "/again"
        for command in record.commands {
            let words = command.split(separator: " ").dropFirst().map {
                String($0).replacingOccurrences(of: "DIR", with: run.data).replacingOccurrences(of: "RUN", with: folder)
            }
            let made = try PrepareCommandTests.foldin(words)
            #expect(made.status == 0, "\(made)")
        }
        #expect(try decode(Report.self, run.foldin("evaluate", folder, run.data, "--json")) == record.test)
    }

    @Test func refusesWhatCannotBe() throws {
        let run = try TrainedRun(training: false)
        let out = run.folder.path + "/auto"
        for (arguments, text) in [
            (["--budget", "10"], "90s, 10m or 2h"), (["--budget", "0m"], "90s, 10m or 2h"), (["--trials", "0"], "at least 1"),
            (["--trials", "3", "--budget", "10m"], "one of them"), (["--resume", "--overwrite"], "one of them"),
            (["--metric", "best"], "best"),
        ] {
            try RefusalTests.expect(64, text, from: ["auto", run.data, "--out", out] + arguments)
        }
        try RefusalTests.expect(66, "unfinished search", from: ["auto", run.data, "--out", out, "--resume"])
        #expect(!FileManager.default.fileExists(atPath: out))
        #expect(try run.foldin("auto", run.data, "--out", out, "--trials", "2").status == 0)
        try RefusalTests.expect(73, "not empty", from: ["auto", run.data, "--out", out, "--trials", "2"])
        try RefusalTests.expect(66, "a finished run", from: ["auto", run.data, "--out", out, "--trials", "2", "--resume"])
        #expect(try run.foldin("auto", run.data, "--out", out, "--trials", "3", "--overwrite").status == 0)
        #expect(try run.names("auto") == ["model.safetensors", "run.json", "trials.jsonl"])
        // An input is never an output.
        try RefusalTests.expect(64, run.data, from: ["auto", run.data, "--out", run.data, "--trials", "2"])
    }
}

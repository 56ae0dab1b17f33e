import Foldin
import Foundation
import Testing

/// RecVAE with the built command.
@Suite("train --model rec-vae") struct RecVAECommandTests {
    static let options = [
        "--model", "rec-vae", "--latent", "4", "--hidden", "8", "--epochs", "3", "--batch-size", "16", "--gamma", "0.01",
    ]

    @Test func trainsEvaluatesAndRecommends() throws {
        let run = try TrainedRun(training: false)
        let outcome = try PrepareCommandTests.foldin(
            ["train", run.data, "--out", run.folder.path + "/run", "--json"] + Self.options)
        let record = try decode(WholeRunTests.Record.self, outcome)
        #expect(record.epochs == 3 && record.options["gamma"] == "0.01" && record.options["model"] == "rec-vae")
        #expect(outcome.errors.contains("rec-vae I-8-8-8-8-8-4-I") && outcome.errors.contains("gamma is 0.01"), "\(outcome)")
        #expect(try run.names("run") == ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"])
        let history = try String(decoding: run.bytes("run/history.jsonl"), as: UTF8.self).split(separator: "\n")
        // 44 training users make 3 batches per pass, and 4 passes per epoch.
        #expect(history.count == 3 && history[0].contains("\"updates\":12") && !history[0].contains("validation_loss"))
        #expect(history.allSatisfy { $0.contains("\"gamma\":0.01,") && !$0.contains("\"beta\"") }, "\(history[0])")
        #expect(outcome.errors.contains("  gamma 0.0100") && !outcome.errors.contains("  beta "), "\(outcome)")
        #expect(try decode(Report.self, run.foldin("evaluate", run.model, run.data, "--json")) == record.test)
        let found = try decode(Found.self, run.foldin("recommend", run.model, "--history", "100,102", "--json"))
        #expect(found.items.count == 10 && found.items.allSatisfy { $0.title == "Film \($0.item), né 映画" })
        #expect(try run.foldin("similar", run.model, "--item", "100").status == 0)

        // The options that the run wrote give the same model.
        let again = try run.foldin(
            "train", run.data, "--out", run.folder.path + "/again", "--config", run.folder.path + "/run/options.toml")
        let (first, second) = (try run.bytes("run/model.safetensors"), try run.bytes("again/model.safetensors"))
        #expect(again.status == 0 && first == second)
        #expect(try TrainedModel(contentsOf: run.model).summary == "rec-vae I-8-8-8-8-8-4-I")
    }

    @Test func refusesOptionsOfOtherFamilies() throws {
        let run = try TrainedRun(training: false)
        for (flags, words) in [
            (["--anneal-cap", "0.4"], ["anneal-cap \"0.4\" for rec-vae"]),
            (["--hidden", "8,8"], ["hidden \"8,8\"", "one width"]),
            (["--softmax", "sampled"], ["softmax \"sampled\" for rec-vae"]), (["--stop-on", "loss"], ["expected the metric"]),
            (["--activations", "article"], ["activations \"article\" for rec-vae"]), (["--gamma", "x"], ["--gamma \"x\""]),
            (["--preset", "liang-vae"], ["for rec-vae"]), (["--model", "mult-vae"], ["gamma \"0.01\" for mult-vae"]),
        ] {
            let arguments = ["train", run.data, "--out", run.folder.path + "/new"] + Self.options + flags
            try RefusalTests.expect(64, words[0], words.count > 1 ? words[1] : "expected", from: arguments)
        }
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv"])
    }
}

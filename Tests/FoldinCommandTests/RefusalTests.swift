import Foundation
import Testing

/// What the built command refuses: with the right status, a message that says what and where, and nothing left behind.
@Suite("Refusals") struct RefusalTests {
    /// Runs the command and expects this status, a message with these words and nothing on standard output.
    static func expect(
        _ status: Int32, _ words: String..., from arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try PrepareCommandTests.foldin(arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome)", sourceLocation: sourceLocation)
        #expect(outcome.output.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome)", sourceLocation: sourceLocation) }
    }

    @Test(
        arguments: [
            [], ["sing"], ["train"], ["train", "d"], ["evaluate", "m"], ["recommend", "m"],
            ["recommend", "m", "--history", "1", "--top", "0"], ["recommend", "m", "--history", "1", "--top", "-3"],
            ["recommend", "m", "--history", "1", "--top", "many"], ["recommend", "m", "--history", "1", "--histories", "f"],
            ["similar", "m", "--item", "1", "--top", "0"], ["similar", "m"], ["train", "d", "--out", "r", "--threads", "0"],
            ["train", "d", "--out", "r", "--model", "mult-gan"], ["train", "d", "--out", "r", "--hidden", "600,"],
            ["train", "d", "--out", "r", "--negatives", "9"], ["train", "d", "--out", "r", "--softmax", "guessed"],
            ["train", "d", "--out", "r", "--softmax", "sampled", "--negatives", "0"],
            ["train", "d", "--out", "r", "--softmax", "sampled", "--decay", "l2", "--weight-decay", "0.1"],
            ["train", "d", "--out", "r", "--softmax", "sampled", "--precision", "bf16"],
            ["train", "d", "--out", "r", "--seed", "-1"], ["train", "d", "--out", "r", "--precision", "bf15"],
            ["evaluate", "m", "d", "--on", "training"], ["evaluate", "m", "d", "--metrics", "ndcg"],
            ["evaluate", "m", "d", "--metrics", "ndcg@0"],
            ["evaluate", "m", "d", "--metrics", ""], ["evaluate", "m", "d", "--activations", "sigmoid"],
        ])
    func usage(arguments: [String]) throws {
        if arguments.isEmpty { return }  // shows the help
        try Self.expect(64, from: arguments)
    }

    @Test func missingInput() throws {
        let run = try TrainedRun()
        let none = run.folder.path + "/none"
        try Self.expect(66, none, "expected a directory made by foldin prepare", from: ["train", none, "--out", none + "run"])
        try Self.expect(66, none, from: ["evaluate", none, run.data])
        try Self.expect(66, none, from: ["evaluate", run.model, none])
        try Self.expect(66, none, from: ["recommend", none, "--history", "100"])
        try Self.expect(66, none, from: ["recommend", run.model, "--histories", none])
        try Self.expect(66, none, from: ["similar", none, "--item", "100"])
        try Self.expect(66, run.data, from: ["similar", run.data, "--item", "100"])
        for name in ["train.csv", "validation_te.csv", "test_tr.csv", "unique_sid.txt"] {
            let path = run.data + "/" + name
            try FileManager.default.moveItem(atPath: path, toPath: none)
            try Self.expect(66, name, from: ["train", run.data, "--out", run.folder.path + "/new"])
            try Self.expect(66, name, from: ["evaluate", run.model, run.data])
            try FileManager.default.moveItem(atPath: none, toPath: path)
        }
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv", "run"])
    }

    @Test func badData() throws {
        let run = try TrainedRun()
        let whole = try run.bytes("run/model.safetensors")
        let spoilt = run.folder.path + "/spoilt"
        var nan = whole
        nan.replaceSubrange(nan.count - 4..<nan.count, with: [0, 0, 0xC0, 0x7F])
        var gigantic = whole
        gigantic.replaceSubrange(0..<8, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
        for (data, word) in [
            (whole.prefix(whole.count - 1), "cut short"), (whole.prefix(100), "header"), (Data(), "0 bytes"), (nan, "NaN"),
            (gigantic, "9223372036854775807"), (Data("userId,movieId\n1,2\n".utf8), "a text file that begins \"userId,movieId\""),
        ] {
            try data.write(to: URL(filePath: spoilt))
            try Self.expect(65, spoilt, word, "expected", from: ["evaluate", spoilt, run.data])
            try Self.expect(65, spoilt, word, "expected", from: ["recommend", spoilt, "--history", "100"])
            try Self.expect(65, spoilt, word, "expected", from: ["similar", spoilt, "--item", "100"])
        }
        try Self.expect(65, "\"x\", \"y\"", from: ["recommend", run.model, "--history", "x,y"])
        try Self.expect(65, "--exclude \"lion\"", from: ["recommend", run.model, "--history", "100", "--exclude", "104,lion"])
        try Self.expect(65, "\"nothing\"", from: ["similar", run.model, "--item", "nothing"])
        let empty = try run.folder.write("empty", "")
        try Self.expect(65, empty, "empty file", from: ["recommend", run.model, "--histories", empty])

        let train = try String(decoding: run.bytes("data/train.csv"), as: UTF8.self)
        _ = try run.folder.write("data/train.csv", train + "0,3000\n")
        try Self.expect(65, "train.csv:", "item index 3000", from: ["train", run.data, "--out", spoilt + "run"])
        _ = try run.folder.write("data/train.csv", train)
        #expect(try run.folder.names() == ["data", "empty", "movies.csv", "ratings.csv", "run", "spoilt"])
    }

    /// A model is for the items of its dataset, in their order.
    @Test func otherVocabularies() throws {
        let run = try TrainedRun()
        let ids = try String(decoding: run.bytes("data/unique_sid.txt"), as: UTF8.self).split(separator: "\n")
        var swapped = ids
        swapped.swapAt(3, 4)
        let path = "data/unique_sid.txt"
        _ = try run.folder.write(path, swapped.joined(separator: "\n"))
        try Self.expect(
            65, run.model, "item 3 is \"\(ids[3])\" in the model and \"\(ids[4])\" in the data",
            from: ["evaluate", run.model, run.data])
        _ = try run.folder.write(path, (ids + ["more"]).joined(separator: "\n"))
        try Self.expect(65, "a model of \(ids.count) items", from: ["evaluate", run.model, run.data])
        // Two spellings of a letter are two ids.
        _ = try run.folder.write(path, (["caf\u{E9}"] + ids.dropFirst()).joined(separator: "\n"))
        try #require(try run.train("cafe").status == 0)
        _ = try run.folder.write(path, (["cafe\u{301}"] + ids.dropFirst()).joined(separator: "\n"))
        try Self.expect(65, "item 0 is", from: ["evaluate", run.folder.path + "/cafe/model.safetensors", run.data])
    }

    @Test func placesThatCannotBeWritten() throws {
        let run = try TrainedRun()
        let before = try run.bytes("run/model.safetensors")
        for out in [run.folder.path + "/ratings.csv", run.folder.path + "/ratings.csv/run", run.folder.path + "/run"] {
            try Self.expect(73, out, from: ["train", run.data, "--out", out] + TrainedRun.network)
        }
        try Self.expect(64, from: ["train", run.data, "--overwrite", "--out", run.data] + TrainedRun.network)
        let after = try run.bytes("run/model.safetensors")
        #expect(after == before)
        #expect(try run.train("run", "--overwrite", "--seed", "9").status == 0)
        let replaced = try run.bytes("run/model.safetensors")
        #expect(replaced != before)
        #expect(try run.names("run") == ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"])
    }

    /// No run is begun, and none replaced, for options that cannot be; one that comes to nothing leaves nothing.
    @Test func failedTrainingsLeaveNothing() throws {
        let run = try TrainedRun()
        let before = try run.bytes("run/model.safetensors")
        for options in [
            ["--epochs", "0"], ["--batch-size", "0"], ["--learning-rate", "nan"], ["--learning-rate=-1"], ["--latent", "0"],
            ["--dropout", "1"], ["--encoder-dropout", "0.1"], ["--metric", "ndcg"], ["--patience=-1"],
            ["--anneal-cap=-1"], ["--anneal-updates", "0"],
        ] {
            try Self.expect(64, "expected", from: ["train", run.data, "--out", run.folder.path + "/new"] + options)
        }
        try Self.expect(64, from: ["train", run.data, "--overwrite", "--out", run.folder.path + "/run", "--epochs", "0"])
        let after = try run.bytes("run/model.safetensors")
        #expect(after == before)
        try Self.expect(
            64, "training diverged (", ") in epoch 1; lower the learning rate (now 1e+30)",
            from: ["train", run.data, "--out", run.folder.path + "/new"] + TrainedRun.network + ["--learning-rate", "1e30"])
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv", "run"])
    }

    /// The file cannot grow past 512 bytes: as on a full disk.
    @Test(.disabled(if: Sanitizer.name == "thread", "it keeps its state in a file")) func fullDisk() throws {
        let run = try TrainedRun(training: false)
        let outcome = try PrepareCommandTests.foldin(
            ["train", run.data, "--out", run.folder.path + "/run"] + TrainedRun.network, shell: "ulimit -f 1;")
        #expect(outcome.status == 74 && outcome.errors.contains("expected"), "\(outcome)")
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv"])
    }
}

import FoldinTestSupport
import Foundation
import Testing

/// What `foldin evaluate`, `train` and `compare` print on standard error about doubtful figures.
@Suite("Doubtful figures") struct EvaluationNotesTests {
    /// A prepared directory: three users and nine items each; the parts are rows `user,item`.
    private static func prepared(
        train: String, validation: (foldIn: String, heldOut: String) = ("", ""), test: (foldIn: String, heldOut: String)
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/d", withIntermediateDirectories: false)
        for (name, rows) in [
            ("train", train), ("validation_tr", validation.foldIn), ("validation_te", validation.heldOut),
            ("test_tr", test.foldIn),
            ("test_te", test.heldOut),
        ] { _ = try folder.write("d/\(name).csv", "user,item\n" + rows) }
        _ = try folder.write("d/unique_sid.txt", (0..<9).map { "i\($0)\n" }.joined())
        return folder
    }

    private static let trained = "0,0\n0,1\n0,2\n1,1\n1,2\n1,3\n2,4\n2,5\n2,6\n"

    @Test func leakageHasADirection() throws {
        // The held-out item of user 0 is also a fold-in item; those of user 1 are only in training; that of user 3 is also held out in validation.
        let folder = try Self.prepared(
            train: Self.trained, validation: ("3,0\n", "3,7\n"), test: ("0,0\n0,1\n1,1\n3,0\n", "0,1\n1,2\n1,3\n3,7\n"))
        let directory = folder.path + "/d"
        let low =
            "leakage: 1 of 4 held-out rows of test are also shown when judged; what is shown is never ranked, so they count as misses: "
            + "the test figures are too low\n"
        let high =
            "leakage: 2 of 4 held-out rows of test are also in training and not shown when judged; the model has learnt them: "
            + "the test figures are too high\n"
        let chosen =
            "leakage: 1 of 4 held-out rows of test are also held out in validation, which chooses the epoch and the options: "
            + "the test figures are slightly too high\n"
        for arguments in [
            ["train", directory, "--model", "ease", "--out", folder.path + "/ease"],
            ["train", directory, "--epochs", "1", "--latent", "2", "--hidden", "4", "--out", folder.path + "/vae"],
            ["compare", directory, "--models", "popularity,ease"], ["evaluate", folder.path + "/ease", directory],
        ] {
            let outcome = try PrepareCommandTests.foldin(arguments)
            #expect(outcome.status == 0 && outcome.errors.contains(low + high + chosen), "\(arguments): \(outcome)")
        }
        let validation = try PrepareCommandTests.foldin(
            ["evaluate", folder.path + "/ease", directory, "--on", "validation", "--metrics", "ndcg@5"])
        #expect(validation.status == 0 && !validation.errors.contains("leakage"), "\(validation)")
    }

    @Test func cutoffsAndTies() throws {
        // Every item has one click.
        let folder = try Self.prepared(
            train: (0..<9).map { "\($0),\($0)\n" }.joined(), test: ("9,0\n10,1\n", "9,8\n10,8\n"))
        let directory = folder.path + "/d"
        let trained = try PrepareCommandTests.foldin(["train", directory, "--model", "popularity", "--out", folder.path + "/run"])
        #expect(trained.errors.contains("the same score for 2 of 2 users"), "\(trained)")
        let outcome = try PrepareCommandTests.foldin(
            ["evaluate", folder.path + "/run", directory, "--metrics", "ndcg@100,recall@100,precision@20,ndcg@3"])
        #expect(
            outcome.status == 0
                && outcome.errors == """
                    ndcg@100, recall@100: the catalogue has 9 items, so k is 9
                    precision@20: the catalogue has 9 items, so k is 9
                    the model gives all items of the list the same score for 2 of 2 users; equal scores are ranked in the order of the \
                    items in the training file, so the figures depend on that order

                    """,
            "\(outcome)")
    }

    @Test func compareReportsThatNothingWasChosen() throws {
        let folder = try Self.prepared(train: Self.trained, test: ("9,0\n", "9,1\n"))
        let outcome = try PrepareCommandTests.foldin(["compare", folder.path + "/d", "--models", "ease,item-knn"])
        #expect(
            outcome.status == 0 && outcome.output.contains("lambda 500 (the defaults: no validation users to choose by)"),
            "\(outcome)")
        #expect(!outcome.output.contains("by validation"))
    }

    /// Held-out users with empty lists, as other tools write them, are skipped and counted.
    @Test func usersWithEmptyLists() throws {
        let folder = try Self.prepared(
            train: Self.trained, validation: ("9,0\n10,1\n", "9,1\n"), test: ("11,0\n12,1\n", "11,1\n13,2\n"))
        let directory = folder.path + "/d"
        let trained = try PrepareCommandTests.foldin(
            ["train", directory, "--epochs", "2", "--latent", "2", "--hidden", "4", "--out", folder.path + "/vae"])
        #expect(trained.status == 0 && trained.output.contains("skipped: nothing held out"), "\(trained)")
        #expect(try PrepareCommandTests.foldin(["compare", directory, "--models", "popularity,ease"]).status == 0)
    }

    /// A `state_dict` has names of its own and does not say where tanh goes.
    @Test func stateDicts() throws {
        let run = try TrainedRun()
        let data = try run.bytes("run/model.safetensors")
        let length = Int(data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        var header = try #require(
            try JSONSerialization.jsonObject(with: data[(data.startIndex + 8)..<(data.startIndex + 8 + length)]) as? [String: Any]
        )
        header["__metadata__"] = nil
        func write(_ name: String, _ header: [String: Any]) throws -> String {
            let text = try JSONSerialization.data(withJSONObject: header)
            let path = run.folder.path + "/" + name
            let count = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
            try (count + text + data[(data.startIndex + 8 + length)...]).write(to: URL(filePath: path))
            return path
        }
        let bare = try write("bare.safetensors", header)
        let expected = try decode(Report.self, run.foldin("evaluate", run.model, run.data, "--json"))
        let assumed = try run.foldin("evaluate", bare, run.data, "--json")
        #expect(try decode(Report.self, assumed) == expected)
        #expect(
            assumed.errors.hasPrefix(
                "\(bare) does not say where tanh goes: taken as with --activations paper; the other placement is --activations article\n"
            ),
            "\(assumed)")
        let given = try run.foldin("evaluate", bare, run.data, "--activations", "paper", "--json")
        #expect(try decode(Report.self, given) == expected && !given.errors.contains("tanh"))

        var theirs: [String: Any] = [:]
        var names = ""
        for (name, entry) in header {
            let other = name.replacing(/^(en|de)code\./, with: "").replacing("linear_", with: "")
            theirs[other] = entry
            names += "\"\(other)\" = \"\(name)\"\n"
        }
        let foreign = try write("theirs.safetensors", theirs)
        let file = try run.folder.write("names.toml", names)
        let renamed = try run.foldin("evaluate", foreign, run.data, "--tensor-names", file, "--activations", "paper", "--json")
        #expect(try decode(Report.self, renamed) == expected)
        try RefusalTests.expect(65, "\"q_layers.0.weight\"", "--tensor-names", from: ["evaluate", foreign, run.data])
        try RefusalTests.expect(66, run.data, "a prepared directory", from: ["evaluate", run.data, run.data])
    }
}

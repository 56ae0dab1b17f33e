#if Experiments && Service
import Foldin
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

/// `foldin recommend` and `foldin similar` with ids of any kind, called as a user calls them.
@Suite("recommend and similar") struct RecommendCommandTests {
    /// Item-KNN on ids with commas, quotes, blanks and a control character: "Game, 0" to "Game, 5", `Say "7"`, "-8", "9\u{1B}[31m".
    final class Games {
        let folder: TemporaryFolder
        var model: String { folder.path + "/run/model.safetensors" }

        static let ids = (0..<6).map { "Game, \($0)" } + ["two words", "Say \"7\"", "-8", "9\u{1B}[31m"]

        init() throws {
            folder = try TemporaryFolder()
            let fields = Games.ids.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
            var rows = "user,item\n"
            for user in 0..<40 {
                for item in 0..<10 where (item + user) % 4 != 0 && (item * user) % 7 != 3 { rows += "u\(user),\(fields[item])\n" }
            }
            let ratings = try folder.write("ratings.csv", rows)
            let titles = try folder.write(
                "titles.csv", "item,title\n" + fields.map { $0 + ",\"\u{7}Title, \"\"of\"\" it\"\n" }.joined())
            for arguments in [
                ["prepare", ratings, "--titles", titles, "--held-out-users", "4", "--out", folder.path + "/data"],
                ["train", folder.path + "/data", "--model", "item-knn", "--out", folder.path + "/run"],
            ] {
                let outcome = try PrepareCommandTests.foldin(arguments)
                try #require(outcome.status == 0, "\(outcome)")
            }
        }

        func recommend(_ arguments: String...) throws -> PrepareCommandTests.Outcome {
            try PrepareCommandTests.foldin(["recommend", model] + arguments)
        }

        func items(_ arguments: String...) throws -> [String] {
            try decode(Found.self, PrepareCommandTests.foldin(["recommend", model, "--json", "--top", "20"] + arguments)).items
                .map(\.item)
        }
    }

    @Test func namesAnyId() throws {
        let games = try Games()
        let all = Set(Games.ids)
        for (history, ids) in [
            ("\"Game, 0\",two words", ["Game, 0", "two words"]), ("-8", ["-8"]), ("\"Say \"\"7\"\"\"", ["Say \"7\""]),
            ("Say \"7\" , -8", ["Say \"7\"", "-8"]), ("9\u{1B}[31m", ["9\u{1B}[31m"]),
        ] {
            #expect(try Set(games.items("--history", history)) == all.subtracting(ids), "\(history)")
            #expect(try Set(games.items("--history", "\"Game, 5\"", "--exclude", history)) == all.subtracting(ids + ["Game, 5"]))
            #expect(try Set(games.items("--history", "\"Game, 5\"", "--allow", history)) == Set(ids))
        }
        let repeated = try games.items(
            "--history", "-8", "--history", "\"Game, 0\"", "--exclude", "two words", "--exclude", "\"Game, 1\"")
        #expect(Set(repeated) == all.subtracting(["-8", "Game, 0", "two words", "Game, 1"]))
        // The whole is an id and no part of it is: it is read as one id with a note.
        let whole = try games.recommend("--history", "Game, 0", "--exclude", "Game, 1", "--top", "20")
        #expect(whole.status == 0 && !whole.output.contains("Game, 0") && !whole.output.contains("Game, 1"))
        #expect(
            whole.errors.contains("--history: read as one id, \"Game, 0\"")
                && whole.errors.contains("--exclude: read as one id"))
        let similar = try PrepareCommandTests.foldin(["similar", games.model, "--item", "Game, 0", "--top", "3", "--json"])
        #expect(try decode([Found.Item].self, similar).count == 3)
        #expect(try PrepareCommandTests.foldin(["similar", games.model, "--item", "-8"]).status == 0)
    }

    @Test func refusesIdsThatAreNot() throws {
        let games = try Games()
        for (arguments, status, words) in [
            (["--history", "\"Game, 0"], 64, ["--history", "not closed"]),
            (["--history", "-8", "--exclude", "\"Game, 0"], 64, ["--exclude", "not closed"]),
            (
                ["--history", "-8", "--exclude", "Game, 0,zebra"], 65,
                ["--exclude \"Game\", \"0\", \"zebra\"", "an id with a comma: \"Game, 0\""]
            ),
            (
                ["--history", "-8", "--exclude", "two word"], 65,
                ["--exclude \"two word\"", "similar to \"two word\": \"two words\""]
            ),
            (["--history", "-8", "--allow", "\"Game, 0\",zebra"], 65, ["--allow \"zebra\""]),
            (["--history", "-8", "--allow", ""], 64, ["--allow"]),
            (["--history", "Two Words?"], 65, ["without any known item: \"Two Words?\"", "\"two words\""]),
            (["--history", "-8", "--json", "--format", "csv"], 64, ["--format"]),
            (["--history", "-8", "--histories-format", "csv"], 64, ["--histories"]),
            (["--histories", "-", "--exclude-file", "-"], 64, ["standard input"]),
            (["--histry", "-8"], 64, ["Did you mean '--history'?"]),
        ] as [([String], Int32, [String])] {
            let outcome = try PrepareCommandTests.foldin(["recommend", games.model] + arguments)
            #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments): \(outcome)")
            for word in words { #expect(outcome.errors.contains(word), "\(outcome)") }
        }
        let similar = try PrepareCommandTests.foldin(["similar", games.model, "--item", "Game 0"])
        #expect(similar.status == 65 && similar.errors.contains("similar ids: \"Game, 0\""))
        let hint = try games.recommend("--history", "-8,Game, 0")
        #expect(
            hint.status == 0
                && hint.errors.contains("not known to the model: Game, 0\n--history: an id with a comma: \"Game, 0\""),
            "\(hint)")
    }

    @Test func readsFilesOfIds() throws {
        let games = try Games()
        let stock = try games.folder.write(
            "stock", "\u{FEFF}Game, 0\r\n\r\n\"Say \"\"7\"\"\"\r\nnew 1\r\nnew 2\r\nnew 3\r\nnew 4\r\n")
        let outcome = try games.recommend("--history", "-8", "--allow-file", stock, "--format", "json-lines")
        #expect(try Set(decode(Found.self, outcome).items.map(\.item)) == ["Game, 0", "Say \"7\""])
        #expect(outcome.errors.contains("\(stock): 4 of 6 ids are not known to the model: \"new 1\", \"new 2\", \"new 3\", …"))
        #expect(outcome.errors.contains("only 2 items") && outcome.errors.contains("2 are allowed"))
        let left = try games.items("--history", "-8", "--exclude-file", stock, "--exclude", "two words")
        #expect(Set(left) == Set(Games.ids).subtracting(["-8", "Game, 0", "Say \"7\"", "two words"]))
        let strange = try games.folder.write("strange", "new 1\nnew 2\n")
        let empty = try games.folder.write("empty", "\n")
        for (arguments, status, word) in [
            (["--exclude-file", strange], 65, "only ids"), (["--allow-file", strange], 65, "only ids"),
            (["--allow-file", empty], 65, "\(empty): found no id"), (["--exclude-file", strange + "r"], 66, "stranger"),
        ] as [([String], Int32, String)] {
            let outcome = try PrepareCommandTests.foldin(["recommend", games.model, "--history", "-8"] + arguments)
            #expect(outcome.status == status && outcome.output.isEmpty && outcome.errors.contains(word), "\(outcome)")
        }
        #expect(try games.recommend("--history", "-8", "--exclude-file", empty).status == 0)
    }

    struct Line: Decodable {
        let user: String?
        let items: [Found.Item]
        let unknown: [String]
    }

    @Test func printsEachUsersRows() throws {
        let games = try Games()
        let rows = try games.folder.write(
            "rows.csv", "customer_id,sku\r\n\"u,\u{1B}1\",\"Game, 0\"\r\n2,zebra\r\n3,\"Say \"\"7\"\"\"\r\n\"u,\u{1B}1\",-8\r\n")
        let csv = try games.recommend("--histories", rows, "--format", "csv", "--top", "1")
        #expect(csv.status == 0 && csv.errors.contains("\(rows): read as csv, rows of the columns \"customer_id\" and \"sku\""))
        #expect(csv.errors.contains("\(rows):3: found a history without any known item: \"zebra\""))
        let lines = csv.output.split(separator: "\n")
        #expect(lines.count == 4 && lines[0] == "user,rank,item,score,title" && lines[2] == "2,,,,")
        #expect(
            lines[1].hasPrefix("\"u,\u{1B}1\",1,") && lines[1].hasSuffix(",\"\u{7}Title, \"\"of\"\" it\"")
                && lines[3].hasPrefix("3,1,"))

        for form in [["--format", "json-lines"], ["--json"]] {
            let json = try PrepareCommandTests.foldin(["recommend", games.model, "--histories", rows, "--top", "2"] + form)
            let people = try json.output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            #expect(people.map(\.user) == ["u,\u{1B}1", "2", "3"] && people.map(\.items.count) == [2, 0, 2])
            #expect(people[1].unknown == ["zebra"])
        }
        let text = try games.recommend("--histories", rows, "--top", "1")
        let heads = text.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        #expect(heads == ["u,\\u{1B}1", "3"] && text.output.contains("\n\n3\n") && !text.output.contains("\u{7}"))

        // Without users the number of the line is printed; --json has no user.
        let plain = try games.folder.write("plain", "\"Game, 0\"\n\n-8\n")
        let numbered = try games.recommend("--histories", plain, "--format", "csv", "--top", "1")
        #expect(
            numbered.output.split(separator: "\n").dropFirst().map { $0.prefix(4) } == ["1,1,", "2,1,", "3,1,"], "\(numbered)")
        #expect(numbered.errors.contains("\(plain):2: empty histories got the most popular items"))
        let old = try games.recommend("--histories", plain, "--json")
        #expect(old.output.split(separator: "\n").count == 3 && !old.output.contains("\"user\""))
        #expect(try games.recommend("--histories", plain, "--format", "json-lines").output.contains("\"user\":\"2\""))
    }

    @Test func refusesFilesThatCannotBeRead() throws {
        let games = try Games()
        let rows = try games.folder.write("rows", "u1,\"Game, 0\"\nu1,-8\nu2,-8\n")
        let outcome = try games.recommend("--histories", rows)
        #expect(
            outcome.status == 65 && outcome.output.isEmpty && outcome.errors.contains("--histories-format lines"), "\(outcome)")
        #expect(try games.recommend("--histories", rows, "--histories-format", "lines").status == 0)
        let json = try games.folder.write("json", "[\"-8\"]\n[null]\n")
        let second = try games.recommend("--histories", json, "--format", "csv")
        #expect(second.status == 65 && second.output.isEmpty && second.errors.contains("\(json):2: found 'null]'"), "\(second)")
    }

    /// Finite weights whose sums are infinite: such a model is refused, and no JSON with infinite numbers is written.
    @Test func refusesModelsWhoseScoresAreNotFinite() throws {
        let folder = try TemporaryFolder()
        let weights = FloatBuffer([0, 3e38, 3e38, 3e38, 0, 3e38, 3e38, 3e38, 0])
        try TrainedModel(
            ItemWeights(.ease, itemCount: 3, weights: weights), items: Vocabulary(["a", "b", "c"])
        ).save(to: folder.path + "/m")
        for arguments in [
            ["recommend", folder.path + "/m", "--history", "a,b", "--json"],
            ["similar", folder.path + "/m", "--item", "a", "--json"],
            ["serve", folder.path + "/m", "--port", "0"],
        ] {
            let outcome = try PrepareCommandTests.foldin(arguments)
            #expect(outcome.status == 65 && outcome.output.isEmpty && outcome.errors.contains("weights so large"), "\(outcome)")
        }
        for options in [
            ["--keep-events", "0d"], ["--keep-events", "d"], ["--keep-events", "400"],
            ["--keep-events", "99999999999999999999d"],
            ["--max-events-per-user", "0"], ["--max-events-per-user", "9223372036854775807"], ["--keep-models", "-1"],
            ["--rate", "0"], ["--rate", "nan"], ["--rate", "-inf"],
        ] {
            let outcome = try PrepareCommandTests.foldin(["serve", folder.path + "/m", "--port", "0"] + options)
            #expect(outcome.status == 64, "\(options): \(outcome)")
        }
    }

    @Test func escapesWhatATerminalWouldObey() throws {
        let games = try Games()
        let text = try games.recommend("--history", "-8", "--top", "20")
        #expect(text.output.contains("9\\u{1B}[31m") && text.output.contains("\\u{7}Title") && !text.output.contains("\u{1B}"))
        let similar = try PrepareCommandTests.foldin(["similar", games.model, "--item", "-8", "--top", "20"])
        #expect(!similar.output.contains("\u{1B}") && similar.output.contains("\\u{7}Title"))
        let exact = try games.recommend("--history", "-8", "--top", "20", "--format", "csv")
        #expect(exact.output.contains(",9\u{1B}[31m,"))
        let unknown = try games.recommend("--history", "-8,\u{1B}[2J")
        #expect(unknown.errors.contains("\\u{1B}[2J") && !unknown.errors.contains("\u{1B}"))
    }

    @Test func givesPopularItemsForAnEmptyHistory() throws {
        let games = try Games()
        for history in ["", " , "] {
            let outcome = try games.recommend("--history", history, "--top", "20", "--json")
            let items = try decode(Found.self, outcome).items
            #expect(items.count == 10 && items.map(\.score) == items.map(\.score).sorted(by: >) && items[0].score > 10)
            #expect(outcome.errors.contains("the history is empty: these are the most popular items"))
        }
    }

    /// Every user has only one item, so item-KNN has no neighbours.
    @Test func saysThatScoresAreEqual() throws {
        let folder = try TemporaryFolder()
        let train = try folder.write("train.csv", "user,item\n" + (0..<12).map { "u\($0),i\($0 % 6)\n" }.joined())
        let test = try folder.write("test.csv", "user,item\nu0,i1\n")
        for arguments in [
            [
                "prepare", train, "--split", "given", "--test", test, "--validation-items", "0", "--out", folder.path + "/data",
            ],
            ["train", folder.path + "/data", "--model", "item-knn", "--out", folder.path + "/run"],
        ] {
            let outcome = try PrepareCommandTests.foldin(arguments)
            try #require(outcome.status == 0, "\(outcome)")
        }
        let model = folder.path + "/run/model.safetensors"
        let words = "all scores are equal: the order is that of the catalogue"
        let outcome = try PrepareCommandTests.foldin(["recommend", model, "--history", "i5", "--top", "3"])
        #expect(outcome.status == 0 && outcome.errors == words + "\n" && outcome.output.contains("i0"))
        let file = try folder.write("people", "i5\ni4\n")
        let many = try PrepareCommandTests.foldin(["recommend", model, "--histories", file])
        #expect(many.errors.contains("\(file):1: \(words) (the same for 2 histories)"), "\(many)")
        let none = try PrepareCommandTests.foldin(["similar", model, "--item", "i5"])
        #expect(none.status == 0 && none.output.isEmpty && none.errors.contains("no items similar to this one"), "\(none)")
    }
}

@Suite("Misspelt subcommands") struct UnknownSubcommandTests {
    @Test(
        arguments: [
            (["recomend"], "'recomend'. Did you mean 'recommend'?", "foldin"),
            (["trian", "data"], "'trian'. Did you mean 'train'?", "foldin"),
            (["export-event", "--json"], "'export-event'. Did you mean 'export-events'?", "foldin"),
            (["sing"], "'sing'.\n", "foldin"),
            (["datasets", "lst"], "'lst'. Did you mean 'list'?", "foldin datasets"),
            (["bench", "stp"], "'stp'. Did you mean 'step'?", "foldin bench"),
            (["help", "recomend"], "'recomend'. Did you mean 'recommend'?", "foldin"),
            (["recomend", "--help"], "Did you mean 'recommend'?", "foldin"),
            (["help", "datasets", "fetsh"], "Did you mean 'fetch'?", "foldin datasets"),
            (["\u{1B}[2J"], "'\\u{1B}[2J'.", "foldin"),
        ] as [([String], String, String)])
    func areSuggested(arguments: [String], words: String, command: String) throws {
        let outcome = try PrepareCommandTests.foldin(arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.contains(words), "\(outcome)")
        #expect(
            outcome.errors.hasSuffix("\nUsage: \(command) <subcommand>\n  See '\(command) --help' for more information.\n"),
            "\(outcome)")
    }

    @Test(arguments: [["datasets"], ["bench"], ["help", "recommend"], ["help", "bench", "step"]])
    func leaveHelpAsItIs(arguments: [String]) throws {
        let outcome = try PrepareCommandTests.foldin(arguments)
        #expect(outcome.status == 0 && outcome.output.hasPrefix("OVERVIEW: ") && outcome.errors.isEmpty, "\(outcome)")
    }
}
#endif

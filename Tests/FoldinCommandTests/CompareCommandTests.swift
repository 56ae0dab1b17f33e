import Foundation
import Testing

/// Baselines and comparisons by the built command.
@Suite("Baselines and compare") struct CompareCommandTests {
    struct Record: Decodable {
        let model: String
        let options: [String: String]
        let test: Report
    }

    struct Table: Decodable {
        struct Row: Decodable {
            let model: String
            let options: [String: String]
            let test: Report
            let differences: [String: Difference]
        }
        struct Difference: Decodable { let difference, low, high, pValue: Double }
        let against: String
        let interrupted: Bool
        let models: [Row]
    }

    @Test(arguments: [
        ("popularity", []), ("item-knn", ["--neighbours", "5", "--shrinkage", "1.5"]), ("ease", ["--lambda", "3"]),
        ("chebycf", ["--degree", "4", "--directions", "3"]),
        ("edlae", ["--lambda", "2", "--dropout", "0.25"]), ("mrf", ["--neighbours", "20", "--lambda", "2"]),
    ])
    func trainsEvaluatesAndRecommends(name: String, options: [String]) throws {
        let run = try TrainedRun(training: false)
        let outcome = try PrepareCommandTests.foldin(
            ["train", run.data, "--out", run.folder.path + "/run", "--model", name, "--json"] + options)
        let record = try decode(Record.self, outcome)
        #expect(record.options["model"] == name && record.model.hasPrefix(name))
        for (flag, value) in zip(options, options.dropFirst()) where flag.hasPrefix("--") {
            #expect(record.options[String(flag.dropFirst(2))] == value)
        }
        #expect(try run.names("run") == ["model.safetensors", "run.json"])
        #expect(try decode(Report.self, run.foldin("evaluate", run.model, run.data, "--json")) == record.test)
        let found = try decode(Found.self, run.foldin("recommend", run.model, "--history", "100,102", "--json"))
        #expect(found.items.count == 10 && found.items.allSatisfy { $0.title == "Film \($0.item), né 映画" })
        if name != "popularity" { #expect(found.items.prefix(3).allSatisfy { (Int($0.item) ?? 1) % 2 == 0 }) }
        let similar = try run.foldin("similar", run.model, "--item", "100")
        #expect(
            similar.status == (name == "popularity" ? 64 : 0) && similar.errors.contains("popularity") == (name == "popularity"))
        // A run in the way stays.
        let again = try PrepareCommandTests.foldin(["train", run.data, "--out", run.folder.path + "/run", "--model", name])
        #expect(again.status == 73)
    }

    @Test func comparesAndSaysAgainstWhat() throws {
        let run = try TrainedRun(training: false)
        let table = try decode(
            Table.self,
            run.foldin(
                "compare", run.data, "--models", "popularity, ease,item-knn", "--against", "popularity", "--metrics",
                "ndcg@10,recall@5", "--json"))
        #expect(table.models.map(\.model) == ["popularity", "ease", "item-knn"] && table.against == "popularity")
        #expect(!table.interrupted && table.models[0].differences.isEmpty)
        let means = table.models.map { $0.test.metrics["ndcg@10"]?.mean ?? 0 }
        let difference = try #require(table.models[1].differences["ndcg@10"])
        #expect(abs(difference.difference - (means[1] - means[0])) < 1e-12)
        #expect(difference.low < difference.difference && difference.difference < difference.high)
        #expect((0...1).contains(difference.pValue))
        let text = try run.foldin("compare", run.data, "--models", "popularity,mult-vae", "--no-search", "--seeds", "1")
        #expect(text.status == 0 && text.output.contains("less mult-vae's") && text.errors.contains("popularity: ndcg@100"))
        // The last line says what it comes to; no colour outside of a terminal.
        let last = text.output.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("mult-vae leads, ahead of popularity by ") && last.hasSuffix("."), "\(text)")
        let save = run.folder.path + "/winner"
        let saved = try run.foldin("compare", run.data, "--models", "popularity,ease", "--no-search", "--save", save)
        #expect(saved.status == 0 && saved.errors.contains("ease is saved as \(save)"), "\(saved)")
        #expect(try run.foldin("recommend", save, "--history", "100").status == 0)
        try RefusalTests.expect(73, "there already", from: ["compare", run.data, "--models", "ease", "--save", save])
    }

    @Test func takesTrainedModels() throws {
        let run = try TrainedRun()
        let (data, model) = (run.data, run.folder.path + "/run")
        let table = try decode(
            Table.self,
            run.foldin(
                "compare", data, "--models", "popularity", "--trained", model, "--against", model, "--metrics", "ndcg@10",
                "--json"))
        #expect(table.models.map(\.model) == ["popularity", model] && table.against == model)
        let evaluation = try run.foldin("evaluate", model, data, "--metrics", "ndcg@10", "--json")
        let report = try decode(Report.self, evaluation)
        #expect(report.metrics["ndcg@10"]?.mean == table.models[1].test.metrics["ndcg@10"]?.mean)
        try RefusalTests.expect(66, "none", from: ["compare", data, "--trained", run.folder.path + "/none"])
        try Data("1,2\n".utf8).write(to: URL(filePath: run.folder.path + "/text"))
        try RefusalTests.expect(65, "text", from: ["compare", data, "--models", "", "--trained", run.folder.path + "/text"])
    }

    @Test func refuses() throws {
        let run = try TrainedRun(training: false)
        let out = run.folder.path + "/run"
        for (arguments, word) in [
            (["--model", "ease", "--epochs", "3"], "--epochs for ease"), (["--model", "ease", "--lambda", "-1"], "--lambda"),
            (["--model", "ease", "--lambda", "0"], "a lambda of 0"), (["--model", "popularity", "--lambda", "1"], "no options"),
            (["--model", "ease", "--resume"], "--resume for ease"), (["--model", "ease", "--preset", "liang-vae"], "--preset"),
            (["--lambda", "3"], "--lambda for mult-vae"),
            (["--model", "mult-dae", "--neighbours", "3"], "--neighbours for mult-dae"),
            (["--model", "item-knn", "--neighbours", "2.5"], "a whole number"),
        ] {
            try RefusalTests.expect(64, word, from: ["train", run.data, "--out", out] + arguments)
        }
        for (arguments, word) in [
            (["--models", "easy"], "\"easy\""), (["--models", ","], "no models"), (["--seeds", "0"], "--seeds"),
            (["--models", "ease", "--against", "edlae"], "--against edlae"), (["--metrics", "ndcg"], "ndcg"),
        ] {
            try RefusalTests.expect(64, word, from: ["compare", run.data] + arguments)
        }
        try RefusalTests.expect(66, "none", from: ["compare", run.folder.path + "/none"])
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv"])
    }
}

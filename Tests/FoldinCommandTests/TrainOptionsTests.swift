#if Experiments && Service
import Foldin
import Foundation
import Testing

/// Options of `foldin train` from flags, files and presets.
@Suite("Training options") struct TrainOptionsTests {
    /// Every option of the plan is a flag that takes effect, and the help states its default.
    @Test func everyOptionIsAFlag() throws {
        let help = try PrepareCommandTests.foldin(["train", "--help"], environment: ["COLUMNS": "1000"]).output
        for (name, value) in TrainingPlan().options {
            let line = help.split(separator: "\n").first { $0.hasPrefix("  --\(name) ") }
            #expect(line != nil, "\(name)")
            #expect(help.contains("\(TrainingPlan.help(for: name)) (default: \(value))"), "\(name)")
        }
        // In six trainings, as some contradict each other.
        let run = try TrainedRun(training: false)
        var missing = Set(TrainingPlan.optionNames)
        var rest = ["anneal-epochs": "1", "epochs": "2"]
        if Precision.bfloat16.isAvailable { rest["precision"] = "bf16" } else { missing.remove("precision") }
        let cosines = ["logits": "cosine", "logits-temperature": "0.3", "user-power": "0.5", "epochs": "2"]
        for (name, options) in [
            ("a", Self.some), ("b", Self.others), ("c", rest), ("d", Self.recVAEs), ("e", Self.elsas), ("f", cosines),
        ] {
            let flags = options.flatMap { ["--\($0.key)", $0.value] }
            let outcome = try PrepareCommandTests.foldin(
                ["train", run.data, "--out", run.folder.path + "/" + name, "--json"] + flags)
            let record = try decode(WholeRunTests.Record.self, outcome)
            for (name, value) in options {
                #expect(record.options[name] == value && TrainingPlan().options[name] != value, "\(name)")
                missing.remove(name)
            }
        }
        #expect(missing.isEmpty)
        let outcome = try PrepareCommandTests.foldin(["train", "d", "--out", "r", "--latent", "wide"])
        #expect(outcome.status == 64 && outcome.errors.contains("found --latent \"wide\""), "\(outcome)")
        for preset in TrainingPreset.all { #expect(help.contains("\(preset.name): \(preset.summary)")) }
    }

    static let some = [
        "latent": "4", "hidden": "8,6", "decoder-hidden": "5", "dropout": "0.25", "encoder-dropout": "0.25,0.125,0",
        "decoder-dropout": "0.5,0", "activations": "article", "epochs": "3", "batch-size": "11", "learning-rate": "0.02",
        "learning-rate-schedule": "plateau", "plateau-factor": "0.3", "plateau-patience": "1", "plateau-threshold": "0.01",
        "warm-up-updates": "9", "weight-decay": "0.5", "decay": "l2", "adam-beta1": "0.8", "adam-beta2": "0.99",
        "adam-epsilon": "1e-06", "anneal-cap": "0.75", "anneal-updates": "1234", "evaluate-every": "2", "patience": "0",
        "metric": "recall@5", "stop-on": "loss", "seed": "0",
    ]
    static let others = [
        "model": "mult-dae", "hidden": "none", "latent": "4", "epochs": "2", "learning-rate-schedule": "cosine",
        "final-learning-rate": "0.0001", "warm-up-epochs": "1.5", "anneal": "constant",
        "softmax": "sampled", "negatives": "50",
    ]

    static let elsas = ["model": "elsa", "latent": "4", "epochs": "2", "elsa-loss": "softmax", "temperature": "0.2"]
    static let recVAEs = ["model": "rec-vae", "hidden": "8", "latent": "4", "epochs": "2", "gamma": "0.01"]

    @Test func flagsOverrideTheFileAndTheFileAPreset() throws {
        let run = try TrainedRun(training: false)
        let file = try run.folder.write(
            "options.toml",
            """
            preset = "recotour-pytorch"
            latent = 5
            hidden = [9]
            epochs = 3
            batch-size = 16
            learning-rate = 0.01
            """)
        func options(_ name: String, _ more: String...) throws -> [String: String] {
            let outcome = try PrepareCommandTests.foldin(
                ["train", run.data, "--out", run.folder.path + "/" + name, "--json"] + more)
            return try decode(WholeRunTests.Record.self, outcome).options
        }
        let first = try options("a", "--config", file, "--learning-rate", "0.02", "--seed", "3")
        let expected = [
            "activations": "article", "latent": "5", "hidden": "9", "epochs": "3", "batch-size": "16", "learning-rate": "0.02",
            "seed": "3", "patience": "20",
        ]
        for (name, value) in expected { #expect(first[name] == value, "\(name)") }
        #expect(Set(first.keys) == Set(TrainingPlan().options.keys))
        // A preset on the command line replaces the file's.
        let second = try options("b", "--config", file, "--preset", "liang-vae")
        #expect(second["activations"] == "paper" && second["anneal-updates"] == "200000" && second["latent"] == "5")

        // The options that a run wrote give the same run.
        #expect(try options("c", "--config", run.folder.path + "/a/options.toml") == first)
        let (bytes, again) = (try run.bytes("a/model.safetensors"), try run.bytes("c/model.safetensors"))
        #expect(bytes == again)
        let stated = try JSONDecoder().decode(Stated.self, from: run.bytes("c/run.json"))
        #expect(stated.options == first)
    }

    struct Stated: Decodable { let options: [String: String] }

    @Test func refusesInvalidOptionsAndFiles() throws {
        let run = try TrainedRun(training: false)
        let file = try run.folder.write("bad.toml", "latent = 4\nlatnt = 5\n")
        let out = run.folder.path + "/new"
        try RefusalTests.expect(
            65, "bad.toml:2:", "\"latnt\"", "expected latent", from: ["train", run.data, "--out", out, "--config", file])
        try RefusalTests.expect(
            66, "none.toml", from: ["train", run.data, "--out", out, "--config", run.folder.path + "/none.toml"])
        try RefusalTests.expect(64, "liang-vae", from: ["train", run.data, "--out", out, "--preset", "liang"])
        try RefusalTests.expect(
            64, "--anneal-epochs and --anneal-updates",
            from: ["train", run.data, "--out", out, "--anneal-epochs", "3", "--anneal-updates", "4"])
        #expect(try run.folder.names() == ["bad.toml", "data", "movies.csv", "ratings.csv"])
    }

    /// No number of a flag exhausts the memory or ends the process: all of these are refused before anything is read.
    @Test(arguments: [
        ["compare", "d", "--seeds", "4294967296"], ["compare", "d", "--seeds", "0"],
        ["sweep", "s", "--data", "d", "--out", "o", "--parallel", "0"],
        ["sweep", "s", "--data", "d", "--out", "o", "--memory", "1e308"],
        ["sweep", "s", "--data", "d", "--out", "o", "--memory", "nan"],
        ["sweep", "s", "--data", "d", "--out", "o", "--checkpoint-every", "inf"],
        ["train", "d", "--out", "r", "--checkpoint-every", "nan"], ["train", "d", "--out", "r", "--checkpoint-every", "inf"],
        ["train", "d", "--out", "r", "--latent", "9223372036854775807"], ["train", "d", "--out", "r", "--hidden", "4294967296"],
        ["train", "d", "--out", "r", "--epochs", "4294967296"], ["train", "d", "--out", "r", "--batch-size", "1e308"],
        ["train", "d", "--out", "r", "--patience=-1"],
        ["train", "d", "--out", "r", "--learning-rate", "1e308"],
        ["train", "d", "--out", "r", "--seed", ""], ["train", "d", "--out", "r", "--anneal-updates", "9223372036854775807"],
        ["train", "d", "--out", "r", "--model", "item-knn", "--neighbours", "4294967296"],
        ["train", "d", "--out", "r", "--model", "ease", "--lambda", "1e308"],
    ])
    func refusesNumbersOutOfRange(_ arguments: [String]) throws { try RefusalTests.expect(64, "expected", from: arguments) }

    @Test func saysWhichResultsToExpect() throws {
        let run = try TrainedRun(training: false)
        let vae = try run.train("a", "--preset", "liang-vae", "--anneal-epochs", "2")
        #expect(vae.status == 0 && vae.errors.contains("NDCG@100 .426") && vae.errors.contains("beta grows to 0.2 over"))
        #expect(vae.errors.contains("updates (2 epochs of"), "\(vae)")
        let dae = try run.train("b", "--preset", "liang-dae")
        #expect(dae.status == 0 && dae.errors.contains("NDCG@100 .419") && !dae.errors.contains("beta grows"), "\(dae)")
    }

    @Test func searchesBeta() throws {
        let run = try TrainedRun(training: false)
        let outcome = try run.train("run", "--anneal-cap", "search", "--json")
        let record = try decode(Searched.self, outcome)
        #expect(outcome.errors.contains("beta grows to 1 over") && outcome.errors.contains("beta found: "), "\(outcome)")
        #expect(record.betaFound > 0 && record.betaFound <= 1 && record.options["anneal-cap"] == "search")
        #expect(
            try run.names("run") == [
                "anneal-search.jsonl", "history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard",
            ])
        #expect(try run.names("run/tensorboard").count == 2)
        let curve = try String(decoding: run.bytes("run/anneal-search.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(curve.count == 3)
        let card = try TrainedModel(contentsOf: run.model).card
        #expect(card.metrics["beta found"] == record.betaFound && card.options == record.options)
    }

    struct Searched: Decodable {
        let betaFound: Double
        let options: [String: String]
    }
}
#endif

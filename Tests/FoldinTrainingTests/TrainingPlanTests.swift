import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Testing

@testable import FoldinTraining

@Suite("Options by name") struct TrainingPlanTests {
    /// Each option with a value that is not its default.
    static let others = [
        "model": "mult-dae", "latent": "7", "hidden": "9,8", "decoder-hidden": "5", "dropout": "0.25",
        "encoder-dropout": "0.25,0.125,0", "decoder-dropout": "0.5,0", "activations": "article", "epochs": "3",
        "batch-size": "11",
        "learning-rate": "0.02", "learning-rate-schedule": "plateau", "plateau-factor": "0.3", "plateau-patience": "1",
        "plateau-threshold": "0.01", "final-learning-rate": "0.001", "warm-up-updates": "9", "warm-up-epochs": "1.5",
        "weight-decay": "0.5", "decay": "l2", "adam-beta1": "0.8", "adam-beta2": "0.99", "adam-epsilon": "1e-06",
        "anneal": "constant", "anneal-cap": "0.75", "anneal-updates": "1234", "anneal-epochs": "12.5%", "evaluate-every": "2",
        "patience": "0", "metric": "recall@5", "stop-on": "loss", "seed": "0",
        "precision": "bf16", "softmax": "sampled", "negatives": "77", "gamma": "0.02", "elsa-loss": "softmax",
        "temperature": "0.2", "logits": "cosine", "logits-temperature": "0.3", "user-power": "0.5",
    ]
    /// Options that are listed away from their defaults only.
    static let listedIfSet: Set = ["elsa-loss", "temperature", "logits", "logits-temperature", "user-power"]
    /// The settings that an option needs to have an effect.
    static let needs = [
        "plateau-factor": ["learning-rate-schedule": "plateau"], "plateau-patience": ["learning-rate-schedule": "plateau"],
        "plateau-threshold": ["learning-rate-schedule": "plateau"], "final-learning-rate": ["learning-rate-schedule": "cosine"],
        "decay": ["weight-decay": "0.1"], "encoder-dropout": ["hidden": "9,8"],
        "negatives": ["softmax": "sampled"], "gamma": ["model": "rec-vae"], "elsa-loss": ["model": "elsa"],
        "temperature": ["model": "elsa", "elsa-loss": "softmax"], "logits-temperature": ["logits": "cosine"],
    ]
    /// Options that a preset need not set: constants of Adam and of a plateau, the length of annealing, the seed, the way to compute.
    static let unpublished: Set = [
        "adam-beta1", "adam-beta2", "adam-epsilon", "plateau-factor", "plateau-patience", "plateau-threshold",
        "final-learning-rate",
        "anneal-epochs", "anneal-updates", "seed", "precision", "softmax", "negatives", "gamma",
        "elsa-loss", "temperature", "logits", "logits-temperature", "user-power",
    ]
    /// Options that contradict others, left out where all options are set.
    static let contradictions: Set = [
        "warm-up-epochs", "anneal", "anneal-epochs", "final-learning-rate", "precision", "decay", "gamma",
        "elsa-loss", "temperature", "logits", "logits-temperature", "user-power",
    ]

    @Test func everyOptionIsReadBackFromItsText() throws {
        #expect(Set(Self.others.keys) == Set(TrainingPlan.optionNames))
        #expect(Set(TrainingPlan().options.keys).union(Self.listedIfSet) == Set(TrainingPlan.optionNames))
        for (name, value) in Self.others {
            var before = TrainingPlan()
            for (needed, setting) in Self.needs[name] ?? [:] { try before.set(needed, to: setting) }
            var plan = before
            try plan.set(name, to: value)
            #expect(plan != before && plan.options[name] == value, "\(name)")
            #expect(try plan.trainer().options == plan.options, "\(name)")
            #expect(!TrainingPlan.help(for: name).isEmpty)
            for (name, value) in before.options { try plan.set(name, to: value) }
            // An option that is not listed has its default.
            for option in TrainingPlan.declarations where before.options[option.name] == nil { option.reset(in: &plan.values) }
            #expect(plan == before, "\(name)")
        }
    }

    @Test func recVAEHasItsOwnOptions() throws {
        var plan = TrainingPlan()
        try plan.set("model", to: "rec-vae")
        for (name, value) in ["hidden": "40", "latent": "8", "dropout": "0.25", "gamma": "0.01", "batch-size": "100"] {
            try plan.set(name, to: value)
        }
        let trainer = try plan.trainer()
        #expect(trainer.options == plan.options && (trainer.configuration as? RecVAE)?.gamma == 0.01)
        #expect(trainer.configuration.outline(items: 9).summary == "rec-vae I-40-40-40-40-40-8-I")
        #expect(Trainer(RecVAE()).options["learning-rate"] == "0.001" && Trainer(RecVAE()).options["hidden"] == "600")
        // A preset of the schedule alone fits any family.
        try plan.apply(preset: "fast")
        #expect(try plan.trainer().options["batch-size"] == "125" && plan.options["model"] == "rec-vae")
    }

    @Test func aTrainerHasTheOptionsOfItsPlan() throws {
        #expect(try TrainingPlan().trainer().options == TrainingPlan().options)
        #expect(Trainer(MultVAE()).options == TrainingPlan().options)
        var plan = TrainingPlan()
        for (name, value) in Self.others where !Self.contradictions.contains(name) { try plan.set(name, to: value) }
        let trainer = try plan.trainer()
        #expect(trainer.options == plan.options)
        #expect(TrainingPlan(of: trainer).canonical == plan.canonical)
    }

    /// Options can be set in any order.
    @Test func writtenOptionsGiveTheSamePlan() throws {
        for changes in [
            [:], ["anneal-updates": "777"], ["anneal-epochs": "40"], ["anneal-cap": "search"], ["anneal": "constant"],
        ] {
            var plan = TrainingPlan()
            for (name, value) in changes { try plan.set(name, to: value) }
            for names in [TrainingPlan.optionNames, TrainingPlan.optionNames.reversed(), TrainingPlan.optionNames.sorted()] {
                var again = TrainingPlan()
                try again.set("anneal-updates", to: "5")
                try again.set("anneal-epochs", to: "6")
                let options = plan.options
                for name in names { if let value = options[name] { try again.set(name, to: value) } }
                #expect(again.options == plan.options, "\(changes)")
            }
        }
    }

    @Test(arguments: TrainingPreset.all.map(\.name))
    func presetsAreValidTrainings(name: String) throws {
        var plan = TrainingPlan()
        let about = Set(try TrainingPreset(named: name).options.keys)
        for (name, value) in Self.others where about.contains(name) { try plan.set(name, to: value) }
        try plan.apply(preset: name)
        var fresh = TrainingPlan()
        try fresh.apply(preset: name)
        // The preset replaces earlier values of the options that it sets.
        #expect(try fresh.trainer().options == plan.options)
        // A published training sets all options but Adam's constants, the seed and the way to compute.
        let free = Set(TrainingPlan.optionNames).subtracting(about)
        #expect(name == "fast" || free.isSubset(of: Self.unpublished), "\(free.subtracting(Self.unpublished))")
        #expect(try TrainingPreset(named: name).expectation.contains("NDCG@100"))
    }

    @Test func presetsHaveThePapersValues() throws {
        var plan = TrainingPlan()
        try plan.apply(preset: "liang-dae")
        let trainer = try plan.trainer()
        let network = try #require(trainer.configuration as? MultDAE).architecture(items: 10)
        #expect(network.summary == "mult-dae I-200-I" && network.activations == .paper && network.encoderDropout == [0.5])
        #expect(trainer.schedule.optimizer == Adam(learningRate: 1e-3, decay: 2 * 0.01 / 500))
        try plan.apply(preset: "liang-vae")
        let schedule = try plan.trainer().schedule
        #expect(schedule.annealing == .linear(to: 0.2, overUpdates: 200_000) && schedule.optimizer == Adam(learningRate: 1e-3))
        #expect(schedule.epochs == 200 && schedule.batchSize == 500 && schedule.patience == nil)
        try plan.apply(preset: "recotour-pytorch")
        let article = try plan.trainer()
        #expect(article.schedule.annealing == .linear(to: 0.2, byFractionOfEpochs: 0.85) && article.schedule.patience == 20)
        let articles = try #require(article.configuration as? MultVAE).architecture(items: 10)
        #expect(articles.activations == .article && article.schedule.batchSize == 512)
        try plan.apply(preset: "sparse")
        let sparse = try plan.trainer()
        let configuration = try #require(sparse.configuration as? MultVAE)
        #expect(configuration.normalization == Normalization(temperature: 0.07, userPower: 0.5))
        #expect(
            configuration.architecture(items: 10).summary == "mult-vae I-256-I" && sparse.schedule.annealing == .constant(0.2))
        let error = #expect(throws: FoldinError.self) { try plan.apply(preset: "liang") }
        #expect(error?.kind == .usage && error?.expected.contains("liang-vae") == true)
    }

    @Test func refusesContradictions() throws {
        for changes in [
            ["warm-up-updates": "1", "warm-up-epochs": "1"], ["anneal": "constant", "anneal-cap": "search"],
            ["model": "mult-dae", "anneal-cap": "search"], ["adam-beta1": "1"],
            ["plateau-factor": "1", "learning-rate-schedule": "plateau"], ["weight-decay": "-1"],
            ["dropout": "1"], ["encoder-dropout": "0.1"], ["anneal-epochs": "0"], ["anneal-updates": "0"], ["adam-epsilon": "0"],
            ["final-learning-rate": "-1", "learning-rate-schedule": "linear"],
            ["gamma": "0.01"], ["model": "rec-vae", "gamma": "-1"], ["model": "rec-vae", "anneal-cap": "0.3"],
            ["model": "rec-vae", "anneal-updates": "100"], ["model": "rec-vae", "hidden": "600,600"],
            ["model": "rec-vae", "hidden": "none"], ["model": "rec-vae", "decoder-hidden": "600"],
            ["model": "rec-vae", "activations": "article"], ["model": "rec-vae", "softmax": "sampled"],
            ["model": "rec-vae", "stop-on": "loss"],
            ["logits": "cosine", "logits-temperature": "0"], ["user-power": "-1"],
            ["model": "mult-dae", "logits": "cosine"], ["model": "elsa", "user-power": "0.5"],
            ["model": "rec-vae", "encoder-dropout": "0.5,0,0,0,0,0.1"],
        ] {
            var plan = TrainingPlan()
            for (name, value) in changes { try plan.set(name, to: value) }
            let error = #expect(throws: FoldinError.self) { try plan.trainer() }
            #expect(error?.kind == .usage, "\(changes)")
        }
    }

    /// The canonical form gives equal trainings equal options.
    @Test func equalTrainingsHaveEqualOptions() throws {
        var plan = TrainingPlan()
        for (name, value) in [
            ("hidden", "600"), ("decoder-hidden", "600"), ("encoder-dropout", "0.5,0"), ("decoder-dropout", "0,0.0"),
            ("learning-rate", "1e-3"), ("metric", "NDCG@100"),
        ] { try plan.set(name, to: value) }
        #expect(plan.options == TrainingPlan().options)
    }

    @Test(arguments: [
        ("learning-rte", "1", "\"learning-rte\"", "learning-rate"), ("cap", "1", "\"cap\"", "anneal-cap"),
        ("zzzzzzzzzzzz", "1", "\"zzzzzzzzzzzz\"", "one of model, latent"),
        ("latent", "0", "latent \"0\"", "a whole number from 1"),
        ("latent", "2.5", "latent \"2.5\"", "a whole number"),
        ("hidden", "600,", "hidden \"600,\"", "numbers separated by commas"),
        ("learning-rate", "nan", "learning-rate \"nan\"", "a number"), ("metric", "ndcg", "metric \"ndcg\"", "ndcg@100"),
        ("seed", "-1", "seed \"-1\"", "a whole number"), ("model", "mult-gan", "model \"mult-gan\"", "mult-vae or mult-dae"),
    ])
    func refuses(name: String, value: String, found: String, expected: String) {
        var plan = TrainingPlan()
        let error = #expect(throws: FoldinError.self) { try plan.set(name, to: value) }
        #expect(
            error?.kind == .usage && error?.found.contains(found) == true && error?.expected.contains(expected) == true,
            "\(error!)")
        #expect(plan == TrainingPlan())
    }
}

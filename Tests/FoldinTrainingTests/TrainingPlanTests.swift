import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Testing

@testable import FoldinTraining

@Suite("Options by name") struct TrainingPlanTests {
    /// Each option with a value that is not its default.
    static let others = [
        "model": "mult-dae", "latent": "7", "hidden": "9,8", "decoder-hidden": "5", "dropout": "0.25",
        "encoder-dropout": "0.25,0.125,0",
        "decoder-dropout": "0.5,0", "activations": "article", "epochs": "3", "batch-size": "11", "learning-rate": "0.02",
        "weight-decay": "0.5", "anneal-cap": "0.75", "anneal-updates": "1234", "patience": "0", "metric": "recall@5", "seed": "0",
    ]

    @Test func knowsEveryOptionAndReadsBackWhatItWrites() throws {
        let defaults = TrainingPlan()
        #expect(Set(Self.others.keys) == Set(TrainingPlan.optionNames))
        #expect(Set(defaults.options.keys) == Set(TrainingPlan.optionNames))
        for (name, value) in Self.others {
            var plan = TrainingPlan()
            try plan.set(name, to: value)
            #expect(plan != defaults && plan.options[name] == value, "\(name)")
            #expect(!TrainingPlan.help(for: name).isEmpty)
            try plan.set(name, to: defaults.options[name] ?? "")
            #expect(plan == defaults, "\(name)")
        }
    }

    @Test func aTrainerHasTheOptionsOfItsPlan() throws {
        #expect(try TrainingPlan().trainer().options == TrainingPlan().options)
        #expect(Trainer(MultVAE()).options == TrainingPlan().options)
        var plan = TrainingPlan()
        for (name, value) in Self.others { try plan.set(name, to: value) }
        let trainer = try plan.trainer()
        #expect(trainer.options == plan.options)
        #expect(TrainingPlan(of: trainer).normalized == plan.normalized)
    }

    /// What goes without saying is not said, so that equal trainings have equal options.
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

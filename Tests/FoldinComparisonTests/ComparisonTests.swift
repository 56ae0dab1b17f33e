import FoldinBaselines
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import FoldinTraining
import Foundation
import Testing

@testable import FoldinComparison

/// What every model must do, whatever its kind, and what holding them against each other must.
@Suite("Comparing models") struct ComparisonTests {
    /// Every model by its name; networks small enough for a test.
    static func contender(_ name: String) throws -> Contender {
        let contender = try Contender(named: name)
        func small(_ plan: ModelPlan) throws -> ModelPlan {
            switch plan {
            case .baseline, .own: return plan
            case .blend(let plans): return .blend(try plans.map(small))
            case .network(var plan):
                for (option, value) in [
                    "latent": "6", "epochs": "30", "batch-size": "20", "learning-rate": "0.01",
                    "learning-rate-schedule": "constant", "metric": "ndcg@9",
                ] { try plan.set(option, to: value) }
                // Five layers of 12 are too narrow to learn much; ELSA has no hidden layers.
                if name != "elsa" { try plan.set("hidden", to: name == "rec-vae" ? "24" : "12") }
                return .network(plan)
            }
        }
        return Contender(name, plans: try contender.plans.map(small))
    }

    static func comparison(_ names: [String] = Contender.names, seeds: [UInt64] = [1], threads: Int = 2) throws -> Comparison {
        Comparison(
            try names.map { try contender($0) }, seeds: seeds, metrics: [.ndcg(at: 9), .recall(at: 5), .coverage(at: 3)],
            choosing: .ndcg(at: 9), workers: Workers(count: threads))
    }

    /// The model of the first plan, by whatever trains it.
    static func train(_ name: String, threads: Int, isCancelled: () -> Bool = { false }) throws -> TrainedModel {
        let comparison = Comparison([], metrics: [.ndcg(at: 9)], choosing: .ndcg(at: 9), workers: Workers(count: threads))
        return try comparison.train(try contender(name).plans[0], on: Tastes.dataset(), isCancelled: isCancelled).model
    }

    @Test func everyModelLearnsTheTwoTastes() throws {
        let outcome = try Self.comparison().run(on: Tastes.dataset())
        #expect(outcome.models.map(\.name) == Contender.names && outcome.failures.isEmpty && !outcome.wasCancelled)
        for model in outcome.models {
            let quality = try #require(model.metrics.report.results[0].mean)
            // RecVAE is deep enough to overfit to the 60 users; ELSA learns slowly with the paper's loss.
            let bar = ["rec-vae": 0.85, "elsa": 0.9][model.name] ?? 0.97
            #expect(model.name == "popularity" ? quality < 0.8 : quality > bar, "\(model.name): \(quality)")
            #expect(model.options["model"] == model.name && model.validation != nil && model.trainingSeconds >= 0)
            #expect((model.epochs != nil) == (NetworkFamily(named: model.name) != nil || model.name == "blend"))
        }
    }

    @Test(arguments: Contender.names)
    func everyModelIsTheSameFromItsFileAndForAnyNumberOfThreads(_ name: String) throws {
        let dataset = Tastes.dataset()
        let folder = try TemporaryFolder()
        func bytes(_ threads: Int) throws -> Data {
            try Self.train(name, threads: threads).save(to: folder.path + "/m")
            return try Data(contentsOf: URL(filePath: folder.path + "/m"))
        }
        let alone = try bytes(1)
        for threads in [2, 3] {
            let again = try bytes(threads)
            #expect(again == alone)
        }
        let read = try TrainedModel(contentsOf: folder.path + "/m")
        #expect(read.items == dataset.items && read.titles == dataset.titles && read.card.options["model"] == name)
        #expect(read.card.dataChecksum == dataset.checksum)
        // Somebody new, alone and with others.
        let people = InteractionMatrix(rows: [[1, 3], [0, 2, 4], []], itemCount: Tastes.itemCount)
        var together = [Float](repeating: .nan, count: 3 * Tastes.itemCount)
        read.score(people, rows: 0..<3, into: &together, workers: Workers(count: 2))
        var single = [Float](repeating: .nan, count: Tastes.itemCount)
        read.score(people, rows: 1..<2, into: &single, workers: Workers(count: 1))
        #expect(together.allSatisfy { $0.isFinite })
        #expect(zip(single, together[Tastes.itemCount...]).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test(arguments: Contender.names)
    func everyModelCanBeCancelled(_ name: String) {
        #expect(throws: CancellationError.self) { try Self.train(name, threads: 2, isCancelled: { true }) }
    }

    /// The validation users choose, not the test users.
    @Test func choosesThePlanThatValidatesBest() throws {
        func plan(_ neighbours: Int) throws -> BaselinePlan {
            var plan = BaselinePlan(.itemKNN)
            try plan.set("neighbours", to: String(neighbours))
            return plan
        }
        let dataset = Tastes.dataset()
        let plans = try [1, 11, 2].map(plan)
        let evaluator = Evaluator([.ndcg(at: 9)])
        let validations = try plans.map {
            try evaluator.evaluate($0.baseline.train(on: dataset), on: dataset.validation).results[0].mean ?? 0
        }
        try #require(validations[1] > max(validations[0], validations[2]))
        let comparison = Comparison(
            [Contender("knn", plans: plans.map(ModelPlan.baseline))], metrics: [.ndcg(at: 9)], choosing: .ndcg(at: 9))
        let model = try #require(try comparison.run(on: dataset).models.first)
        #expect(model.options["neighbours"] == "11" && model.validation == validations[1] && model.candidates == 3)
        #expect(
            try model.metrics.report.results == evaluator.evaluate(plans[1].baseline.train(on: dataset), on: dataset.test).results
        )
    }

    @Test func averagesSeedsAndPairsUsers() throws {
        let dataset = Tastes.dataset()
        let two = try Self.comparison(["popularity", "mult-dae"], seeds: [1, 2])
        let outcome = try two.run(on: dataset)
        let single = try [1, 2].map { try Self.comparison(["mult-dae"], seeds: [$0]).run(on: dataset).models[0] }
        let metric = Metric.ndcg(at: 9)
        let expected = zip(try #require(single[0].metrics[metric]), try #require(single[1].metrics[metric])).map { ($0 + $1) / 2 }
        #expect(outcome.models[1].metrics[metric] == expected && outcome.models[1].seedMeans.count == 2)
        #expect(outcome.models[0].seedMeans.count == 1)

        let table = ComparisonTable(outcome, of: two, against: "popularity")
        let paired = PairedComparison(outcome.models[0].metrics, outcome.models[1].metrics, by: metric)
        let difference = try #require(table.models[1].differences["ndcg@9"])
        #expect(difference.difference == paired?.difference && difference.pValue == paired?.pValue)
        #expect(difference.low == paired?.confidenceInterval?.lowerBound && table.models[0].differences.isEmpty)
        #expect(table.models[1].differences["coverage@3"] == nil && table.models[1].seedDeviations["ndcg@9"] != nil)
        #expect(table.text.contains("ndcg@9 less popularity's") && table.text.contains("mult-dae: best of"))
        // Without a say the best on the validation users.
        #expect(ComparisonTable(outcome, of: two).against == "mult-dae")
    }

    @Test func endsInASentenceAndFitsATerminal() throws {
        let comparison = try Self.comparison(["popularity", "ease", "item-knn"])
        let outcome = try comparison.run(on: Tastes.dataset())
        let table = ComparisonTable(outcome, of: comparison)
        let means = outcome.models.map { $0.metrics.report.results[0].mean ?? 0 }
        let ranked = outcome.models.indices.sorted { (means[$1], $0) < (means[$0], $1) }
        let (first, next) = (outcome.models[ranked[0]], outcome.models[ranked[1]])
        let sentence = try #require(table.conclusion)
        if means[ranked[0]] == means[ranked[1]] {
            #expect(sentence == "\(first.name) and \(next.name) have the same ndcg@9.")
        } else {
            let lead = String(format: "%.4f", means[ranked[0]] - means[ranked[1]])
            #expect(sentence.hasPrefix("\(first.name) leads, ahead of \(next.name) by \(lead) in ndcg@9"), "\(sentence)")
        }
        // Popularity is far behind the others: that is no chance.
        let two = ComparisonOutcome(models: Array(outcome.models.prefix(2)), failures: [], wasCancelled: false)
        let clear = try #require(ComparisonTable(two, of: comparison).conclusion)
        #expect(
            clear.hasPrefix("ease leads, ahead of popularity by ")
                && clear.contains(": significant by the paired t test, p <0.0001."))
        #expect(table.text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(table.text)")
        #expect(
            ComparisonTable(ComparisonOutcome(models: [first], failures: [], wasCancelled: false), of: comparison).conclusion
                == nil)
    }

    @Test func savesTheWinnerByTheValidationUsers() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/winner.safetensors"
        let dataset = Tastes.dataset()
        let comparison = try Self.comparison(["popularity", "item-knn", "mult-dae"], seeds: [3, 4])
        var sizes: [Int] = []
        let outcome = try comparison.run(
            on: dataset, savingWinnerTo: path,
            onModel: { _ in sizes.append((try? Data(contentsOf: URL(filePath: path)).count) ?? 0) })
        #expect(sizes.allSatisfy { $0 > 0 } && sizes.count == 3)
        let best = try #require(outcome.best)
        let saved = try TrainedModel(contentsOf: path)
        #expect(saved.card.options == best.options && saved.card.options["model"] == best.name)
        if best.name == "mult-dae" { #expect(saved.card.options["seed"] == "3") }
        #expect(try folder.names() == ["winner.safetensors"])
        // What is there already stays.
        let bytes = try Data(contentsOf: URL(filePath: path))
        #expect(throws: FoldinError.self) { try comparison.run(on: dataset, savingWinnerTo: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        #expect(try folder.names() == ["winner.safetensors"])
        // A folder that is not there ends the comparison before the next model.
        #expect(throws: FoldinError.self) { try comparison.run(on: dataset, savingWinnerTo: folder.path + "/none/winner") }
    }

    /// Only the winner's own file ends a comparison; a file that appeared meanwhile stays.
    @Test func otherFailuresToWriteAreThoseOfTheirModel() throws {
        let folder = try TemporaryFolder()
        let failing = Contender(
            "mine",
            plans: [
                .own(
                    OwnTraining { _, _, _ in
                        throw FoldinError(.writeFailed, file: "mine", found: "a full disk", expected: "space")
                    })
            ])
        let comparison = Comparison([failing, try Contender(named: "popularity")], metrics: [.ndcg(at: 9)])
        let path = folder.path + "/winner"
        let outcome = try comparison.run(on: Tastes.dataset(), savingWinnerTo: path)
        #expect(outcome.failures.map(\.name) == ["mine"] && outcome.models.map(\.name) == ["popularity"])
        let late = folder.path + "/late"
        var hasBegun = false
        #expect(throws: FoldinError.self) {
            try comparison.run(
                on: Tastes.dataset(), savingWinnerTo: late,
                progress: { _ in
                    if !hasBegun { try? Data("mine".utf8).write(to: URL(filePath: late)) }
                    hasBegun = true
                })
        }
        #expect(hasBegun)
        #expect(try String(contentsOfFile: late, encoding: .utf8) == "mine")
        #expect(try folder.names() == ["late", "winner"])
    }

    @Test func keepsWhatIsFinishedWhenCancelled() throws {
        var finished = 0
        let outcome = try Self.comparison(["popularity", "item-knn", "ease"]).run(
            on: Tastes.dataset(), isCancelled: { finished == 2 }, onModel: { _ in finished += 1 })
        #expect(outcome.wasCancelled && outcome.models.map(\.name) == ["popularity", "item-knn"])
        #expect(ComparisonTable(outcome, of: try Self.comparison()).interrupted)
    }

    /// A model that cannot be trained says why; the others go on.
    @Test func goesOnAfterAFailure() throws {
        var plan = BaselinePlan(.edlae)
        try plan.set("dropout", to: "0")
        try plan.set("lambda", to: "0")
        let comparison = Comparison([Contender("edlae", plans: [.baseline(plan)]), try Contender(named: "popularity")])
        let outcome = try comparison.run(on: Tastes.dataset())
        #expect(outcome.models.map(\.name) == ["popularity"] && outcome.failures.map(\.name) == ["edlae"])
        let text = ComparisonTable(outcome, of: comparison).text.replacing("\n  ", with: " ")
        #expect(text.contains("edlae: not trained: found a dropout of 0"))
    }

    /// Without validation users nothing is chosen, and nothing is said to be.
    @Test func takesTheDefaultsWithoutValidationUsers() throws {
        let dataset = Tastes.dataset(validationUsers: 0)
        let comparison = try Self.comparison(["item-knn", "ease", "edlae", "mult-dae"])
        let outcome = try comparison.run(on: dataset)
        #expect(outcome.failures.isEmpty && outcome.models.map(\.choice) == [.unchosen, .unchosen, .unchosen, .only])
        #expect(outcome.models[1].options["lambda"] == "500" && outcome.models[0].options["neighbours"] == "100")
        #expect(outcome.models[2].options["dropout"] == "0.5" && outcome.models[2].options["lambda"] == "300")
        #expect(outcome.models[3].bestEpoch == 30 && outcome.models[3].epochChoice == .unchosen)
        let text = ComparisonTable(outcome, of: comparison).text.replacing("\n  ", with: " ")
        #expect(text.contains("ease: keep 0, lambda 500 (the defaults: no validation users to choose by)"))
        #expect(text.contains("mult-dae: all 30 epochs, the last is kept (no validation users to choose by)"))
        #expect(!text.contains("by validation ndcg@9") && !text.contains("best of"))
    }

    /// A metric that all choices have the same value of chooses nothing either.
    @Test func saysThatChoicesTie() throws {
        var plan = TrainingPlan()
        for (name, value) in ["model": "mult-dae", "latent": "4", "hidden": "8", "epochs": "3", "metric": "recall-all@24"] {
            try plan.set(name, to: value)
        }
        let tied = Comparison(
            [try Contender(named: "ease"), Contender("mult-dae", plans: [.network(plan)])], metrics: [.ndcg(at: 9)],
            choosing: .recallAll(at: 24))
        let outcome = try tied.run(on: Tastes.dataset())
        #expect(outcome.models[0].choice == .tied && outcome.models[0].options["lambda"] == "500")
        #expect(outcome.models[1].epochChoice == .tied && outcome.models[1].bestEpoch == 1 && !outcome.models[1].isBestAtTheEnd)
        let text = ComparisonTable(outcome, of: tied).text.replacing("\n  ", with: " ")
        #expect(text.contains("lambda 500 (the defaults: all 5 choices have the same validation recall-all@24)"))
        #expect(text.contains("mult-dae: 3 epochs, the first is kept (all have the same validation metric)"))
        let decided = try Comparison([tied.contenders[0]], metrics: [.ndcg(at: 9)], choosing: .ndcg(at: 9)).run(
            on: Tastes.dataset())
        #expect(decided.models[0].candidates == 5 && decided.models[0].choice != .unchosen)
    }

    /// A network that diverges says so; the others go on.
    @Test func goesOnAfterADivergence() throws {
        var plan = TrainingPlan()
        for (name, value) in ["latent": "4", "hidden": "8", "epochs": "3", "learning-rate": "1e30"] {
            try plan.set(name, to: value)
        }
        let comparison = Comparison([Contender("mult-vae", plans: [.network(plan)]), try Contender(named: "popularity")])
        let outcome = try comparison.run(on: Tastes.dataset())
        #expect(outcome.models.map(\.name) == ["popularity"] && outcome.failures.map(\.name) == ["mult-vae"])
        #expect(outcome.failures[0].reason.hasSuffix("in epoch 1; lower the learning rate (now 1e+30)"))
    }

    @Test func tellsHowFarItIs() throws {
        var steps: [ComparisonStep] = []
        _ = try Self.comparison(["ease", "mult-vae"]).run(on: Tastes.dataset(), progress: { steps.append($0) })
        #expect(
            Set(steps.map(\.model)) == ["ease", "mult-vae"] && steps.allSatisfy { $0.count == 2 && (0...1).contains($0.fraction) }
        )
        for model in ["ease", "mult-vae"] {
            let fractions = steps.filter { $0.model == model }.map(\.fraction)
            #expect(fractions == fractions.sorted() && fractions.count > 4)
        }
    }

    @Test func refusesUnknownModels() {
        let error = #expect(throws: FoldinError.self) { try Contender(named: "easy") }
        #expect(error?.kind == .usage && error?.expected.contains("mult-dae") == true)
    }
}

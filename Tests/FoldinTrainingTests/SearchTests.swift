import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Searching beta") struct SearchTests {
    static func trainer(epochs: Int = 12, pace: Schedule.Pace = .constant, threads: Int = 2) -> Trainer {
        var trainer = Checkerboard.trainer(epochs: epochs, patience: 50, threads: threads)
        trainer.schedule.annealing = .searching(.fractionOfEpochs(0.75))
        trainer.schedule.pace = pace
        return trainer
    }

    /// Beta grows to 1 without early stopping; then a second training goes up to the best beta.
    @Test func theSearchIsThePapersProcedure() throws {
        let dataset = Checkerboard.dataset()
        var reports: [EpochReport] = []
        let outcome = try Self.trainer().run(on: dataset, progress: { reports.append($0) })
        let search = try #require(outcome.search)
        #expect(search.curve.map(\.epoch) == Array(1...12) && search.curve.allSatisfy { $0.isSearch })
        #expect(reports == search.curve + outcome.history && outcome.history.allSatisfy { !$0.isSearch })
        // Nine of twelve epochs of three updates grow: 27 updates to 1.
        for epoch in search.curve { #expect(epoch.beta == min(1, Float(Double(3 * epoch.epoch - 1) / 27))) }
        let metrics = search.curve.compactMap { $0.validation?.mean }
        #expect(metrics.count == 12 && search.bestEpoch == (metrics.firstIndex(of: metrics.max() ?? 0) ?? -1) + 1)
        #expect(search.beta == search.curve[search.bestEpoch - 1].beta && search.beta > 0)
        #expect(outcome.model.card.metrics["beta found"] == Double("\(search.beta)"))
        #expect(outcome.model.card.options["anneal-cap"] == "search")

        // The second training equals one with this cap and the same growth.
        var capped = Self.trainer()
        capped.schedule.annealing = .linear(to: search.beta, overUpdates: 27)
        let direct = try capped.run(on: dataset)
        #expect(direct.history.map(\.loss) == outcome.history.map(\.loss))
        #expect(direct.history.map(\.validation) == outcome.history.map(\.validation) && direct.bestEpoch == outcome.bestEpoch)
        #expect(direct.model.parameters?.bits == outcome.model.parameters?.bits)
    }

    /// Interrupted in either training, between them, and with a plateau that has cut.
    @Test(arguments: [Schedule.Pace.constant, .plateau(Plateau(patience: 0)), .cosine(to: 0)])
    func aResumedSearchGivesTheSameBits(_ pace: Schedule.Pace) throws {
        let dataset = Checkerboard.dataset()
        let whole = try Self.trainer(epochs: 4, pace: pace).run(on: dataset)
        let bytes = try whole.model.fileBytes()
        if case .plateau = pace {
            #expect(Set((whole.search?.curve ?? []).map(\.learningRate)).count > 1)
        }
        for steps in [1, 8, 11, 12, 13, 17] {
            let trainer = Self.trainer(epochs: 4, pace: pace, threads: 1)
            let checkpoint = try CheckpointTests.interrupted(trainer, after: steps)
            let rest = try Self.trainer(epochs: 4, pace: pace, threads: 3).run(on: dataset, from: checkpoint)
            #expect(try rest.model.fileBytes() == bytes, "after \(steps) steps")
            #expect(rest.search?.beta == whole.search?.beta && rest.history.map(\.loss) == whole.history.map(\.loss))
            #expect(rest.history.map(\.learningRate) == whole.history.map(\.learningRate))
        }
    }

    /// The patience counts in the second training, after beta has reached its cap; also in a continued one.
    @Test func patienceCountsInTheSecondTrainingOnly() throws {
        let dataset = Checkerboard.dataset()
        var trainer = Self.trainer(epochs: 60)
        trainer.schedule.patience = 2
        let whole = try trainer.run(on: dataset)
        #expect(whole.search?.curve.count == 60)
        let search = try #require(whole.search)
        #expect(whole.history.count == max(whole.bestEpoch, search.bestEpoch) + 2 && whole.history.count < 60)
        #expect(whole.history.last?.beta == search.beta)
        // Up to the beta found it is the first training again.
        let shared = 0..<search.bestEpoch
        #expect(whole.history[shared].map(\.loss) == search.curve[shared].map(\.loss))
        for steps in [100, 181] {
            let rest = try trainer.run(on: dataset, from: CheckpointTests.interrupted(trainer, after: steps))
            #expect(rest.history.map(\.loss) == whole.history.map(\.loss) && rest.bestEpoch == whole.bestEpoch)
        }
    }

    @Test func aSearchNeedsValidationUsers() throws {
        let error = #expect(throws: FoldinError.self) {
            try Self.trainer(epochs: 2).run(on: Checkerboard.dataset(validationUsers: 0))
        }
        #expect(error?.kind == .badData && error?.expected.contains("search beta") == true)
    }
}

@Suite("Evaluating, keeping, stopping") struct EvaluationTests {
    @Test func evaluationsFollowTheIntervalAndTheLastEpoch() throws {
        var trainer = Checkerboard.trainer(epochs: 8)
        trainer.schedule.evaluationInterval = 3
        let outcome = try trainer.run(on: Checkerboard.dataset())
        #expect(outcome.history.map { $0.validation != nil } == [false, false, true, false, false, true, false, true])
        #expect(outcome.history.allSatisfy { ($0.validationLoss != nil) == ($0.validation != nil) })
        #expect([3, 6, 8].contains(outcome.bestEpoch) && outcome.history[outcome.bestEpoch - 1].isBest)
        // The training itself is the same.
        let every = try Checkerboard.trainer(epochs: 8).run(on: Checkerboard.dataset())
        #expect(every.history.map(\.loss) == outcome.history.map(\.loss))
        #expect(every.history[5].validation == outcome.history[5].validation)
    }

    /// Patience counts evaluations, as in the article's code.
    @Test func patienceCountsEvaluations() throws {
        var trainer = Checkerboard.trainer(epochs: 40, learningRate: 1e-30, patience: 3)
        trainer.schedule.evaluationInterval = 2
        let outcome = try trainer.run(on: Checkerboard.dataset())
        #expect(outcome.history.count == 8 && outcome.bestEpoch == 2)
    }

    @Test func theLowestLossIsKeptIfRequested() throws {
        var trainer = Checkerboard.trainer(epochs: 30, learningRate: 0.05, patience: 4)
        trainer.schedule.score = .loss
        trainer.schedule.annealing = .constant(1)
        let outcome = try trainer.run(on: Checkerboard.dataset())
        let losses = outcome.history.compactMap(\.validationLoss)
        #expect(losses.count == outcome.history.count && losses.allSatisfy { $0 > 0 })
        #expect(outcome.bestEpoch == (losses.firstIndex(of: losses.min() ?? 0) ?? -1) + 1)
        #expect(outcome.history.count == min(30, outcome.bestEpoch + 4))
        #expect(outcome.model.card.metrics["validation loss"] == losses.min())
    }

    /// The loss of the kept model is the recorded one: likelihood of the known items, plus beta times divergence.
    @Test func theLossOfKnownItemsIsRecorded() throws {
        let dataset = Checkerboard.dataset()
        var trainer = Checkerboard.trainer(epochs: 3)
        trainer.schedule.annealing = .constant(0.5)
        let outcome = try trainer.run(on: dataset)
        let model = outcome.model
        let known = dataset.validation.foldIn
        var scores = [Float](repeating: 0, count: known.userCount * known.itemCount)
        model.score(known, rows: 0..<known.userCount, into: &scores, workers: trainer.workers)
        let session = AutoencoderSession(
            try #require(model.model as? Autoencoder),
            SessionSetup(clicks: dataset.train, batchSize: 1, seed: 1, workers: trainer.workers))
        let losses = try #require(session.losses(known, rows: 0..<known.userCount, scores: scores))
        var total = 0.0
        for (user, loss) in losses.enumerated() {
            let logits = scores[user * known.itemCount..<(user + 1) * known.itemCount].map { Double($0) }
            let sum = log(logits.reduce(0) { $0 + exp($1) })
            total += known.row(user).reduce(0.0) { $0 + sum - logits[Int($1)] } + 0.5 * loss.divergence
        }
        let recorded = try #require(outcome.history[outcome.bestEpoch - 1].validationLoss)
        #expect(abs(recorded - total / Double(known.userCount)) < 1e-5 * recorded)
    }

    @Test func aPlateauCutsTheLearningRate() throws {
        var trainer = Checkerboard.trainer(epochs: 7, learningRate: 1e-30)
        trainer.schedule.pace = .plateau(Plateau(factor: 0.5, patience: 1))
        // Cuts of less than 1e-8 are none, as in PyTorch.
        #expect(try Set(trainer.run(on: Checkerboard.dataset()).history.map(\.learningRate)) == [1e-30])
        trainer.schedule.optimizer.learningRate = 1e-3
        trainer.schedule.pace = .plateau(Plateau(factor: 0.5, patience: 1, threshold: 1e9))
        let rates = try trainer.run(on: Checkerboard.dataset()).history.map(\.learningRate)
        #expect(rates == [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4])
    }
}

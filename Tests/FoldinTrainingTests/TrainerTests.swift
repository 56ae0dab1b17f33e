import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Training") struct TrainerTests {
    @Test func theHistoryHasEveryEpoch() throws {
        let trainer = Checkerboard.trainer(epochs: 6)
        var losses: [(epoch: Int, fraction: Double, loss: StepLoss)] = []
        var reports: [EpochReport] = []
        let outcome = try trainer.run(
            on: Checkerboard.dataset(), onStep: { losses.append(($0, $1, $2)) }, progress: { reports.append($0) })
        #expect(reports == outcome.history && !outcome.wasCancelled)
        #expect(reports.map(\.epoch) == Array(1...6) && reports.map(\.updates) == [3, 6, 9, 12, 15, 18])
        #expect(reports.map(\.seconds) == reports.map(\.seconds).sorted())
        #expect(losses.map(\.epoch) == (1...6).flatMap { [$0, $0, $0] })
        #expect(losses.prefix(3).map(\.fraction) == [0.4, 0.8, 1])
        var best = -1.0
        for (index, report) in reports.enumerated() {
            // 50 users in batches of 20: the epoch's means are over users, not over batches.
            let steps = losses[3 * index..<3 * index + 3].map(\.loss)
            let mean = zip(steps, [20.0, 20, 10]).reduce(0) { $0 + $1.0.negativeLogLikelihood * $1.1 } / 50
            #expect(abs(report.negativeLogLikelihood - mean) < 1e-9 * mean)
            #expect(
                report.divergence > 0 && report.loss == report.negativeLogLikelihood + Double(report.beta) * report.divergence)
            #expect(report.beta == trainer.schedule.beta(after: report.updates - 1, updatesPerEpoch: 3))
            let metric = try #require(report.validation?.mean)
            #expect(report.validation?.metric == .ndcg(at: 9) && metric > 0 && metric <= 1)
            #expect(report.isBest == (metric > best))
            best = max(best, metric)
        }
        #expect(outcome.bestEpoch == reports.last { $0.isBest }?.epoch)
        #expect(outcome.model.card.metrics["validation ndcg@9"] == best)
        #expect(reports[5].negativeLogLikelihood < reports[0].negativeLogLikelihood)
    }

    /// With weights that stand still no epoch is better than the first.
    @Test func aTrainingStopsWhenPatienceIsUsedUp() throws {
        let dataset = Checkerboard.dataset()
        let outcome = try Checkerboard.trainer(epochs: 40, learningRate: 1e-30, patience: 4).run(on: dataset)
        #expect(outcome.history.count == 5 && outcome.bestEpoch == 1 && !outcome.wasCancelled)
        let patient = try Checkerboard.trainer(epochs: 7, learningRate: 1e-30).run(on: dataset)
        #expect(patient.history.count == 7 && patient.bestEpoch == 1)
    }

    @Test func theLastEpochIsKeptWithoutValidationUsers() throws {
        let outcome = try Checkerboard.trainer(epochs: 4, patience: 1).run(on: Checkerboard.dataset(validationUsers: 0))
        #expect(outcome.history.count == 4 && outcome.bestEpoch == 4)
        #expect(outcome.history.allSatisfy { $0.validation == nil && $0.isBest } && outcome.model.card.metrics.isEmpty)
    }

    @Test(arguments: [1, 7, 50, 1_000])
    func anyBatchSizeIsAccepted(size: Int) throws {
        let outcome = try Checkerboard.trainer(epochs: 1, batchSize: size).run(on: Checkerboard.dataset())
        #expect(outcome.history[0].updates == (50 + size - 1) / size)
    }

    /// Also after the very last update, when no further loss would tell.
    @Test(arguments: [1e30, 3e38] as [Float], [20, 50])
    func overflowingNumbersAreRefused(learningRate: Float, batchSize: Int) throws {
        if learningRate == 1e30 && batchSize == 50 { return }  // one step leaves finite weights
        let trainer = Checkerboard.trainer(epochs: 1, learningRate: learningRate, batchSize: batchSize)
        let error = #expect(throws: TrainingDivergence.self) { try trainer.run(on: Checkerboard.dataset()) }
        #expect(error?.epoch == 1 && error?.learningRate == learningRate && error?.exitStatus == 64)
    }

    @Test func impossibleOptionsAreRefused() throws {
        let dataset = Checkerboard.dataset()
        let schedules = [
            Schedule(epochs: 0), Schedule(batchSize: 0), Schedule(learningRate: 0), Schedule(learningRate: -1),
            Schedule(learningRate: .nan), Schedule(learningRate: .infinity), Schedule(annealing: .constant(-1)),
            Schedule(annealing: .constant(.nan)), Schedule(annealing: .linear(to: 0.2, overUpdates: 0)),
            Schedule(annealing: .linear(to: 0.2, byFractionOfEpochs: 0)), Schedule(decoupledDecay: -1), Schedule(patience: 0),
        ]
        for schedule in schedules {
            let error = #expect(throws: FoldinError.self) { try Trainer(MultVAE(), schedule: schedule).run(on: dataset) }
            #expect(error?.kind == .usage, "\(schedule)")
        }
        let networks = [
            MultVAE(latent: 0), MultVAE(hidden: [4, 0]), MultVAE(dropout: 1), MultVAE(dropout: .nan),
            MultVAE(encoderDropout: [0.5]), MultVAE(latent: 1 << 40),
        ]
        for network in networks {
            let error = #expect(throws: FoldinError.self) { try Trainer(network).train(on: dataset) }
            #expect(error?.kind == .usage)
        }
        let nobody = HeldOutUsers(
            userIndices: [], foldIn: InteractionMatrix(rows: [[Int]](), itemCount: 2),
            heldOut: InteractionMatrix(rows: [[Int]](), itemCount: 2))
        let empty = PreparedDataset(
            train: InteractionMatrix(rows: [[], []] as [[Int]], itemCount: 2), validation: nobody, test: nobody,
            items: Vocabulary(["a", "b"]), users: Vocabulary(["x", "y"]))
        let error = #expect(throws: FoldinError.self) { try Trainer(MultDAE()).train(on: empty) }
        #expect(error?.kind == .badData)
    }
}

@Suite("Training in tasks") struct TrainingTaskTests {
    @Test func eventsAreDeliveredAsTheyHappen() async throws {
        var epochs: [Int] = []
        var outcome: TrainingOutcome?
        for try await event in Checkerboard.trainer(epochs: 4).events(on: Checkerboard.dataset()) {
            switch event {
            case .epoch(let report):
                #expect(outcome == nil)
                epochs.append(report.epoch)
            case .finished(let result): outcome = result
            }
        }
        #expect(epochs == [1, 2, 3, 4] && outcome?.history.count == 4)
        #expect(try outcome?.model.fileBytes() == Checkerboard.trainer(epochs: 4).train(on: Checkerboard.dataset()).fileBytes())
    }

    @Test func errorsAreThrownThroughTheEvents() async throws {
        await #expect(throws: FoldinError.self) {
            for try await _ in Checkerboard.trainer(epochs: 0).events(on: Checkerboard.dataset()) {}
        }
    }

    @Test func cancellingTheTaskEndsTheTraining() async throws {
        let training = Task {
            try Checkerboard.trainer(epochs: 100_000).train(on: Checkerboard.dataset()) { epoch in
                if epoch.epoch == 2 { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        let result = await training.result
        #expect(throws: CancellationError.self) { try result.get() }
    }

    @Test func cancellingTheTaskKeepsTheBestSoFar() async throws {
        let training = Task {
            try Checkerboard.trainer(epochs: 100_000).run(
                on: Checkerboard.dataset(),
                progress: { epoch in
                    if epoch.epoch == 2 { withUnsafeCurrentTask { $0?.cancel() } }
                })
        }
        let outcome = try await training.value
        #expect(outcome.wasCancelled && outcome.history.count == 2 && outcome.bestEpoch > 0)
    }

    /// Leaving the loop cancels the training; were it not so, this would not end.
    @Test func leavingTheEventsEndsTheTraining() async throws {
        for try await event in Checkerboard.trainer(epochs: 100_000_000).events(on: Checkerboard.dataset()) {
            if case .epoch(let report) = event, report.epoch == 2 { break }
        }
    }
}

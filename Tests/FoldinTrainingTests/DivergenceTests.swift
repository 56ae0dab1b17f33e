import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Divergence") struct DivergenceTests {
    private static func trainer(_ configuration: any ModelConfiguration, score: Schedule.Score = .metric) -> Trainer {
        var schedule = Schedule(epochs: 12, batchSize: 20, learningRate: 1e9, metric: .ndcg(at: 9))
        schedule.score = score
        return Trainer(configuration, schedule: schedule, seed: 1, workers: Workers(count: 2))
    }

    @Test(arguments: ModelCase.all, [Schedule.Score.metric, .loss])
    func aDivergenceSaysWhatToDo(_ model: ModelCase, score: Schedule.Score) throws {
        if model.configuration is RecVAE, score == .loss { return }
        let dataset = Checkerboard.dataset()
        var divergence: TrainingDivergence?
        do {
            divergence = try Self.trainer(model.configuration, score: score).run(on: dataset).divergence
        } catch let error as TrainingDivergence {
            divergence = error
        }
        let text = /training diverged \(.+\) in epoch [0-9]+; lower the learning rate \(now 1e\+09\)/
        let description = try #require(divergence).description
        #expect(description.wholeMatch(of: text) != nil, "\(description)")
        #expect(throws: TrainingDivergence.self) { try Self.trainer(model.configuration, score: score).train(on: dataset) }
    }

    /// One update per epoch: the first leaves finite weights, with which the second's loss overflows.
    @Test func theBestEpochBeforeADivergenceIsKept() throws {
        let dataset = Checkerboard.dataset(validationUsers: 0)
        func trainer(epochs: Int) -> Trainer {
            Trainer(
                MultVAE(latent: 6, hidden: [12], dropout: 0),
                schedule: Schedule(epochs: epochs, batchSize: 50, learningRate: 1000, annealing: .constant(0.2)), seed: 1,
                workers: Workers(count: 2))
        }
        var epochs: [EpochReport] = []
        let outcome = try trainer(epochs: 4).run(on: dataset, progress: { epochs.append($0) })
        #expect(outcome.divergence?.epoch == 2 && outcome.divergence?.learningRate == 1000 && !outcome.wasCancelled)
        #expect(outcome.bestEpoch == 1 && outcome.history == epochs && epochs.count == 1)
        let first = try trainer(epochs: 1).run(on: dataset)
        #expect(first.divergence == nil && first.model.parameters?.bits == outcome.model.parameters?.bits)
        // What is written down of it has no NaN, and says why it ended.
        let outline = try trainer(epochs: 4).outline(for: dataset)
        let record = try JSONEncoder().encode(
            RunRecord(outline, card: outcome.model.card, outcome: outcome, test: nil))
        #expect(String(decoding: record, as: UTF8.self).contains("\"divergence\":\"training diverged (loss"))
    }

    @Test func epochsOfTheSameMetricAreReported() throws {
        // Popular or not, every item is found among the first nine of nine.
        var trainer = Checkerboard.trainer(epochs: 3)
        trainer.schedule.metric = .recallAll(at: 24)
        let same = try trainer.run(on: Checkerboard.dataset())
        #expect(same.undecided?.metric == .recallAll(at: 24) && same.bestEpoch == 1)
        #expect(try Checkerboard.trainer(epochs: 5).run(on: Checkerboard.dataset()).undecided == nil)
    }

    @Test func theLossOfGuessingIsComputed() {
        let clicks = InteractionMatrix(rows: [[0, 1, 2], [3]], itemCount: 10)
        #expect(abs(clicks.guessingLoss - 2 * log(10)) < 1e-12)
        #expect(InteractionMatrix(rows: [[0]], itemCount: 1).guessingLoss > 0)
    }
}

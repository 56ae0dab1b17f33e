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

@Suite("Automatic search") struct AutoTrainerTests {
    static func trainer(_ limit: AutoLimit = .trials(9), threads: Int = 2) -> AutoTrainer {
        AutoTrainer(limit, metric: .ndcg(at: 9), testMetrics: [.recall(at: 5)], seed: 3, workers: Workers(count: threads))
    }

    /// A dataset whose validation clicks are held-out clicks of training users.
    static func carved() -> PreparedDataset {
        let dataset = Tastes.dataset()
        let rows = (0..<dataset.train.userCount).map { Array(dataset.train.row($0)).map(Int.init) }
        func matrix(_ rows: [[Int]]) -> InteractionMatrix { InteractionMatrix(rows: rows, itemCount: dataset.train.itemCount) }
        let train = matrix(rows.map { Array($0.dropLast()) })
        return PreparedDataset(
            train: train,
            validation: HeldOutUsers(
                userIndices: rows.indices.map { Int32($0) }, foldIn: train, heldOut: matrix(rows.map { Array($0.suffix(1)) })),
            test: dataset.test, items: dataset.items, users: dataset.users)
    }

    /// The outcome, and the bytes of its model.
    static func run(
        _ trainer: AutoTrainer, on dataset: PreparedDataset = Tastes.dataset(), in folder: TemporaryFolder,
        isResumed: Bool = false,
        stoppingAfter most: Int = .max
    ) throws -> (outcome: AutoOutcome, model: Data, run: RunDirectory) {
        let path = folder.path + "/run"
        let run = try isResumed ? RunDirectory(resumingSearch: path) : RunDirectory(creating: path, hasEpochs: false)
        var ended = 0
        let outcome = try trainer.run(
            on: dataset, in: run, isResumed: isResumed, isCancelled: { ended >= most }, onTrial: { _, _ in ended += 1 })
        try outcome.model.save(to: folder.path + "/m")
        return (outcome, try Data(contentsOf: URL(filePath: folder.path + "/m")), run)
    }

    /// Trials without what depends on the machine.
    static func facts(_ trials: [AutoTrial]) -> [String] {
        trials.map { "\($0.number) \($0.flags) \($0.validation ?? -1) \($0.isScreening) \($0.failure ?? "")" }
    }

    @Test func isTheSameToTheByteForAnyNumberOfThreadsAndAfterInterruptions() throws {
        let folders = try (0..<3).map { _ in try TemporaryFolder() }
        let alone = try Self.run(Self.trainer(threads: 1), in: folders[0])
        let together = try Self.run(Self.trainer(threads: 3), in: folders[1])
        #expect(alone.model == together.model && Self.facts(alone.outcome.trials) == Self.facts(together.outcome.trials))
        #expect(alone.outcome.trials.count == 9 && alone.outcome.trials.last?.model == "blend")
        #expect(alone.outcome.commands == together.outcome.commands && !alone.outcome.wasCancelled)

        // Each process ends after two more trials.
        var isResumed = false
        var processes = 0
        while true {
            let part = try Self.run(
                Self.trainer(), in: folders[2], isResumed: isResumed, stoppingAfter: isResumed ? 2 * processes + 2 : 2)
            processes += 1
            if !part.outcome.wasCancelled {
                #expect(part.model == alone.model && Self.facts(part.outcome.trials) == Self.facts(alone.outcome.trials))
                break
            }
            let best = part.outcome.trials.compactMap(\.validation).max() ?? 0
            #expect(part.outcome.model.card.metrics["validation ndcg@9"] == best && part.outcome.test.isEmpty)
            // What a killed process leaves is the best so far.
            #expect(try TrainedModel(contentsOf: part.run.modelPath).card == part.outcome.model.card)
            isResumed = true
            try #require(processes < 20)
        }
        #expect(processes > 2)
    }

    @Test func evaluatesTestUsersAtTheEndWithPairedTests() throws {
        let folder = try TemporaryFolder()
        let (outcome, _, run) = try Self.run(Self.trainer(), in: folder)
        let rows = outcome.test
        #expect(rows[0].difference == nil && rows[0].pValue == nil && rows.count >= 4)
        #expect(Set(rows.map(\.model)).count == rows.count && rows.contains { $0.model == "popularity" })
        for row in rows.dropFirst() {
            #expect(row.pValue.map { (0...1).contains($0) } == true && row.difference != nil)
            #expect(row.test.results.map(\.metric) == [.ndcg(at: 9), .recall(at: 5)])
        }
        #expect(outcome.final == nil && outcome.model.card.metrics["test ndcg@9"] == rows[0].test.results[0].mean)
        AutoTrainer.removeCandidates(of: run)
        try run.finish()
        #expect(try folder.names(in: "run") == ["model.safetensors", "trials.jsonl"])
    }

    /// The winner is trained again with the validation clicks: what the printed command makes.
    @Test func trainsTheWinnerOnceMoreWithCarvedClicks() throws {
        let dataset = Self.carved()
        #expect(dataset.validatesTrainingUsers && !Tastes.dataset().validatesTrainingUsers)
        let (outcome, _, _) = try Self.run(Self.trainer(.trials(3)), on: dataset, in: try TemporaryFolder())
        #expect(outcome.final != nil && outcome.commands.allSatisfy { $0.contains("--with-validation") || $0.contains("blend") })
        #expect(outcome.model.card.dataChecksum == dataset.trainingOnValidation().checksum)
    }

    /// Interrupted after the last trial, the blend; resumed, it is made again, and so is the winner with the carved clicks.
    @Test(arguments: [false, true]) func goesOnAfterAnInterruptionAtTheEnd(isCarved: Bool) throws {
        let dataset = isCarved ? Self.carved() : Tastes.dataset()
        let whole = try Self.run(Self.trainer(), on: dataset, in: try TemporaryFolder())
        let folder = try TemporaryFolder()
        let cut = try Self.run(Self.trainer(), on: dataset, in: folder, stoppingAfter: whole.outcome.trials.count)
        #expect(cut.outcome.wasCancelled && cut.outcome.test.isEmpty && cut.outcome.final == nil)
        #expect(cut.outcome.trials.count == whole.outcome.trials.count)
        let again = try Self.run(Self.trainer(), on: dataset, in: folder, isResumed: true)
        #expect(again.model == whole.model && Self.facts(again.outcome.trials) == Self.facts(whole.outcome.trials))
        #expect((again.outcome.final != nil) == isCarved && !again.outcome.wasCancelled)
    }

    @Test func saysWhatItNeeds() throws {
        let dataset = Tastes.dataset()
        let nobody = InteractionMatrix(rows: [[Int]](), itemCount: dataset.train.itemCount)
        let none = HeldOutUsers(userIndices: [], foldIn: nobody, heldOut: nobody)
        let without = PreparedDataset(
            train: dataset.train, validation: none, test: dataset.test, items: dataset.items, users: dataset.users)
        let error = #expect(throws: FoldinError.self) { try Self.run(Self.trainer(), on: without, in: TemporaryFolder()) }
        #expect(error?.kind == .usage && error?.found.contains("validation") == true)
        #expect(throws: CancellationError.self) {
            try Self.run(Self.trainer(), in: TemporaryFolder(), stoppingAfter: 0)
        }
        let folder = try TemporaryFolder()
        #expect(throws: FoldinError.self) { try RunDirectory(resumingSearch: folder.path + "/none") }
        #expect(throws: FoldinError.self) { try RunDirectory(resumingSearch: folder.path) }
    }

    /// However little time there is, there is a model.
    @Test func findsAModelInNoTime() throws {
        let (outcome, _, _) = try Self.run(Self.trainer(.seconds(0.001)), in: try TemporaryFolder())
        #expect(outcome.trials.count == 1 && outcome.model.model.family == "popularity")
    }

    /// A line that was being written when the process was killed is dropped; another file is refused.
    @Test func readsTrialsThatAreCutOff() throws {
        let folder = try TemporaryFolder()
        _ = try Self.run(Self.trainer(), in: folder, stoppingAfter: 3)
        let text = try folder.text("run/trials.jsonl")
        try folder.write("run/trials.jsonl", text + "{\"number\":4,")
        let (outcome, _, _) = try Self.run(Self.trainer(.trials(5)), in: folder, isResumed: true)
        #expect(outcome.trials.prefix(3).map(\.number) == [1, 2, 3] && outcome.trials.count == 5)
        let other = try TemporaryFolder()
        _ = try Self.run(Self.trainer(), in: other, stoppingAfter: 2)
        try other.write("run/trials.jsonl", "{}\n")
        let error = #expect(throws: FoldinError.self) { try Self.run(Self.trainer(), in: other, isResumed: true) }
        #expect(error?.kind == .badData && error?.line == 1)
    }
}

#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Synchronization
import Testing

@testable import FoldinExperiments

@Suite("Sweep") struct SweepTests {
    static let grid = SmallSweep.base + "[grid]\nmodel = [\"mult-vae\", \"mult-dae\"]\nshape = [{}, { hidden = 12 }]\n"

    private func models(_ results: SweepResults) throws -> [String: Data] {
        Dictionary(
            uniqueKeysWithValues: try results.evaluated.map { run in
                (run.id, try Data(contentsOf: URL(filePath: "\(results.directory)/\(run.modelPath ?? "")")))
            })
    }

    @Test("stores the evaluator's results, the same for any number of runs at a time") func storesResults() throws {
        let folder = try TemporaryFolder()
        let (isDone, results) = try SmallSweep.run(Self.grid, in: folder)
        #expect(isDone && results.runs.count == 8 && results.evaluated.count == 8)
        let run = results.runs[5]
        let dataset = SmallSweep.dataset()
        let metrics = try Evaluator([.ndcg(at: 5), .recall(at: 3), .coverage(at: 5)]).userMetrics(
            results.model(of: run), on: dataset.test, training: dataset.train)
        for result in metrics.report.results {
            let stored = try #require(results.metric("test \(result.metric)", of: run))
            #expect(stored.mean == result.mean && stored.standardError == result.standardError)
        }
        let scores = try #require(try results.store.scores(of: run.id, metric: "ndcg@5"))
        #expect(scores.users == metrics.userIndices && scores.values == metrics[.ndcg(at: 5)])
        #expect(results.histories[run.id]?.count == 4 && run.epochs == 4 && run.network == "I-12-4-12-I")
        #expect(results.validation(of: run)?.mean == results.histories[run.id]?.compactMap(\.validation).max())
        let names = try folder.names(in: "out/runs/\(run.id)")
        #expect(Set(names).isSuperset(of: ["history.jsonl", "model.safetensors", "run.json"]))
        #expect(!names.contains("checkpoint.safetensors"))

        let parallel = try SmallSweep.run(Self.grid, in: folder, "parallel", parallel: 3)
        #expect(try models(parallel.results) == models(results))
        #expect(results.best(of: "mult-vae")?.id == parallel.results.best(of: "mult-vae")?.id)
    }

    @Test("a run that diverges fails with a message of Foldin's and keeps its best epoch; the others continue")
    func keepsTheBestEpochOfADivergedRun()
        throws
    {
        let folder = try TemporaryFolder()
        let text =
            SmallSweep.base.replacing("seeds = [1, 2]", with: "")
            + "[[runs]]\nlearning-rate = 1e30\n[[runs]]\nlatent = 3\n"
        let (isDone, results) = try SmallSweep.run(text, in: folder)
        #expect(isDone && results.runs.map(\.status) == [.failed, .finished])
        let error = try #require(results.runs[0].error)
        #expect(error.hasPrefix("training diverged (") && error.contains("; lower the learning rate (now 1e+30)"), "\(error)")
        #expect(!error.contains("Error"))
        let names = try folder.names(in: "out/runs/\(results.runs[0].id)")
        #expect(!names.contains("checkpoint.safetensors"))
        #expect(names.contains("model.safetensors") == error.contains("the model of the best epoch before"))
    }

    @Test("a failed run is stored and the others continue; it is trained again only on request") func storesFailures() throws {
        let folder = try TemporaryFolder()
        let text = SmallSweep.base.replacing("seeds = [1, 2]", with: "") + "[[runs]]\ndropout = 1.5\n[[runs]]\nlatent = 3\n"
        let (isDone, results) = try SmallSweep.run(text, in: folder)
        #expect(isDone && results.runs.map(\.status) == [.failed, .finished])
        #expect(results.runs[0].error?.contains("1.5") == true)
        let started = Mutex(0)
        _ = try SmallSweep.run(
            text, in: folder, progress: { event, _ in if case .started = event { started.withLock { $0 += 1 } } })
        #expect(started.withLock { $0 } == 0)
        let again = try Sweep(
            SweepFile(text, name: "made"), on: SmallSweep.dataset(), from: folder.path, in: folder.path + "/out",
            retryingFailed: true)
        _ = try again.run(progress: { event, _ in if case .started = event { started.withLock { $0 += 1 } } })
        #expect(started.withLock { $0 } == 1)
    }

    @Test("a run beyond the memory limit is refused, one that fits is not") func limitsMemory() throws {
        let folder = try TemporaryFolder()
        var limits = Sweep.Limits()
        limits.memory = 100_000
        let text = SmallSweep.base + "[grid]\nlatent = [4, 4000]\n"
        let sweep = try Sweep(
            SweepFile(text, name: "made"), on: SmallSweep.dataset(), from: folder.path, in: folder.path + "/out", limits: limits)
        let reasons = Mutex<[FoldinError.Reason]>([])
        _ = try sweep.run(progress: { event, _ in
            if case .failed(_, let reason) = event { reasons.withLock { $0.append(reason) } }
        })
        let runs = try sweep.store.runs()
        #expect(runs.map(\.status) == [.finished, .finished, .failed, .failed])
        #expect(runs[2].error?.contains("the sweep's limit") == true)
        #expect(reasons.withLock { $0 } == [.sweepMemoryLimit, .sweepMemoryLimit])
    }

    @Test("interrupted and started again it gives the same models and repeats nothing") func continuesAfterInterruption() throws {
        let folder = try TemporaryFolder()
        let whole = try SmallSweep.run(Self.grid, in: folder, "whole").results
        let steps = Mutex(0)
        var processes = 0
        var finished: Set<String> = []
        while true {
            processes += 1
            steps.withLock { $0 = 0 }
            let ended = Mutex<[String]>([])
            let (isDone, results) = try SmallSweep.run(
                Self.grid, in: folder,
                isCancelled: {
                    steps.withLock {
                        $0 += 1
                        return $0 > 60
                    }
                },
                progress: { event, _ in if case .started(let run) = event { ended.withLock { $0.append(run.id) } } })
            #expect(finished.isDisjoint(with: ended.withLock { $0 }))
            finished = Set(results.evaluated.map(\.id))
            if isDone { break }
            try #require(processes < 50)
        }
        #expect(processes > 2)
        let results = try SweepResults(contentsOf: folder.path + "/out")
        #expect(try models(results) == models(whole))
        for run in results.runs { #expect(results.histories[run.id]?.map(\.loss) == whole.histories[run.id]?.map(\.loss)) }
    }

    @Test("halving stops the configurations that validate worst, and the kept ones are as without it") func halves() throws {
        let folder = try TemporaryFolder()
        let whole = try SmallSweep.run(Self.grid, in: folder, "whole").results
        let (isDone, results) = try SmallSweep.run(Self.grid + "[halving]\nepochs = [1, 2]\nkeep = 0.5\n", in: folder)
        #expect(isDone)
        #expect(results.runs.count { $0.status == .finished } == 2 && results.runs.count { $0.status == .stopped } == 6)
        #expect(results.runs.filter { $0.status == .stopped }.map(\.epochs).sorted() == [1, 1, 1, 1, 2, 2])
        func score(_ configuration: String, _ epochs: Int) -> Double {
            whole.runs.filter { $0.configuration == configuration }.map { run in
                (whole.histories[run.id] ?? []).prefix(epochs).compactMap(\.validation).max() ?? 0
            }.reduce(0, +)
        }
        let order = Set(whole.runs.map(\.configuration)).sorted { score($0, 1) > score($1, 1) }
        let last = order.prefix(2).max { score($0, 2) < score($1, 2) }
        let finished = results.runs.filter { $0.status == .finished }
        #expect(Set(finished.map(\.configuration)) == [last])
        let expected = try models(whole)
        for (id, model) in try models(results) where finished.contains(where: { $0.id == id }) { #expect(model == expected[id]) }
    }

    @Test("one process at a time, and one dataset") func excludesOtherProcesses() throws {
        let folder = try TemporaryFolder()
        let file = try SweepFile(Self.grid, name: "made")
        func open(_ dataset: PreparedDataset) throws -> Sweep {
            try Sweep(file, on: dataset, from: folder.path, in: folder.path + "/out")
        }
        let first = try open(SmallSweep.dataset())
        #expect(failure { try open(SmallSweep.dataset()) }?.found.contains("another") == true)
        withExtendedLifetime(first) {}
        let other = try TemporaryFolder()
        _ = try SmallSweep.run(SmallSweep.base + "[[runs]]\n", in: other)
        let error = failure {
            try Sweep(file, on: SmallSweep.dataset(firstItem: 1), from: other.path, in: other.path + "/out")
        }
        #expect(error?.found.contains("other data") == true)
    }
}
#endif

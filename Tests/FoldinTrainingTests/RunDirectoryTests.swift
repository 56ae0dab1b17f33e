import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

@Suite("Run directories") struct RunDirectoryTests {
    static func names(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    @Test func acceptsANewOrAnEmptyDirectory() throws {
        try withTemporaryFolder { folder in
            for path in [folder + "/deep/er/run", folder + "/slash/", folder + "/empty"] {
                if path.hasSuffix("empty") {
                    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                }
                let run = try RunDirectory(creating: path)
                #expect(try Self.names(path) == ["history.jsonl", "tensorboard"])
                #expect(!run.modelPath.contains("//") || folder.contains("//"))
            }
        }
    }

    @Test func refusesToOverwriteByDefault() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run"
            let run = try RunDirectory(creating: path)
            try AtomicFile.write("old", to: run.modelPath)
            let refused = #expect(throws: FoldinError.self) { try RunDirectory(creating: path) }
            #expect(refused?.exitStatus == 73 && refused?.reason == .finishedRun)
            #expect(try String(contentsOfFile: run.modelPath, encoding: .utf8) == "old")

            // The old run stays until the new one is finished.
            let next = try RunDirectory(creating: path, overwriting: true)
            #expect(next.replacesRun && next.folder == path + "/unfinished-run")
            #expect(try Self.names(path) == ["history.jsonl", "model.safetensors", "tensorboard", "unfinished-run"])
            #expect(try Self.names(next.folder) == ["history.jsonl", "tensorboard"])
            next.discard()
            #expect(try Self.names(path) == ["history.jsonl", "model.safetensors", "tensorboard"])

            // Whatever is not a run's is not ours to remove.
            try AtomicFile.write("mine", to: path + "/notes.txt")
            let foreign = #expect(throws: FoldinError.self) { try RunDirectory(creating: path, overwriting: true) }
            #expect(foreign?.exitStatus == 73)
            #expect(try Self.names(path) == ["history.jsonl", "model.safetensors", "notes.txt", "tensorboard"])
        }
    }

    @Test func refusesAnImpossiblePath() throws {
        try withTemporaryFolder { folder in
            try AtomicFile.write("a file", to: folder + "/file")
            for path in [folder + "/file", folder + "/file/run", ""] {
                let error = #expect(throws: FoldinError.self) { try RunDirectory(creating: path) }
                #expect(error?.exitStatus == 73 && error?.file == path)
            }
            #expect(try Self.names(folder) == ["file"])
        }
    }

    struct Line: Decodable {
        let epoch, updates: Int
        let best: Bool
        let loss, negativeLogLikelihood, divergence, validation, seconds: Double
        let beta: Float
        let metric: String
    }

    @Test func writesOneLinePerEpochAndTheRecord() throws {
        try withTemporaryFolder { folder in
            let run = try RunDirectory(creating: folder + "/run")
            let outcome = try Checkerboard.trainer(epochs: 3).run(
                on: Checkerboard.dataset(), progress: { try? run.append($0) })
            let lines = try String(contentsOfFile: run.historyPath, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 3)
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            for (line, report) in zip(lines, outcome.history) {
                let read = try decoder.decode(Line.self, from: Data(line.utf8))
                #expect(read.epoch == report.epoch && read.updates == report.updates && read.best == report.isBest)
                #expect(read.loss == report.loss && read.divergence == report.divergence && read.beta == report.beta)
                #expect(read.metric == "ndcg@9" && read.validation == report.validation?.mean)
                #expect(read.negativeLogLikelihood == report.negativeLogLikelihood && read.seconds == report.seconds)
            }
            try run.write(["bestEpoch": 3], environment: RunEnvironment(threads: 1))
            #expect(try Self.names(run.path) == ["history.jsonl", "run.json", "tensorboard"])
            struct Record: Decodable {
                let bestEpoch: Int
                let environment: RunEnvironment
            }
            let record = try decoder.decode(Record.self, from: Data(contentsOf: URL(filePath: run.recordPath)))
            #expect(record.bestEpoch == 3 && record.environment == RunEnvironment(threads: 1))
            #expect(record.environment.foldin == FoldinVersion.text && record.environment.command == CommandLine.arguments)
            try AtomicFile.write("", to: run.checkpointPath)
            run.discardUnlessCheckpointed()
            #expect(try Self.names(run.path).count == 4)
            unlink(run.checkpointPath)
            run.discardUnlessCheckpointed()
            #expect(!FileManager.default.fileExists(atPath: run.path))
        }
    }

    /// Lines of version 0.1, which had neither learning rates nor validation losses.
    @Test func readsOlderHistories() throws {
        let line = """
            {"best":true,"beta":0.0125,"divergence":2.5,"epoch":3,"loss":300.5,"metric":"ndcg@100","negative_log_likelihood":300.25,\
            "seconds":1.5,"updates":30,"validation":0.25}
            """
        let report = try JSONDecoder().decode(EpochReport.self, from: Data(line.utf8))
        #expect(report.epoch == 3 && report.updates == 30 && report.isBest && report.validation?.mean == 0.25)
        #expect(report.learningRate == 0 && report.validationLoss == nil && !report.isSearch)
    }

    @Test func discardingLeavesOtherFiles() throws {
        try withTemporaryFolder { folder in
            let run = try RunDirectory(creating: folder + "/run")
            try AtomicFile.write("mine", to: run.path + "/notes.txt")
            run.discardUnlessCheckpointed()
            #expect(try Self.names(run.path) == ["notes.txt"])
        }
    }
}

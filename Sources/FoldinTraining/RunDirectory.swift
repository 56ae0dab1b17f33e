import FoldinInteractions
import Foundation

/// The directory a training writes to: `history.jsonl` and `checkpoint.safetensors` as it goes, `model.safetensors` and
/// `run.json` at its end, when the checkpoint goes.
public struct RunDirectory: Sendable {
    public let path: String

    /// The best epoch's model.
    public var modelPath: String { path + "/model.safetensors" }
    /// A line an epoch.
    public var historyPath: String { path + "/history.jsonl" }
    /// Options and final figures.
    public var recordPath: String { path + "/run.json" }

    /// What an unfinished training goes on from.
    public var checkpointPath: String { path + "/checkpoint.safetensors" }

    private static let names: Set = ["model.safetensors", "checkpoint.safetensors", "history.jsonl", "run.json"]

    /// The directory of an unfinished run; its history is cut back to what `checkpoint` knows.
    ///
    /// - Throws: `FoldinError` when the history cannot be written.
    public init(resuming path: String, from checkpoint: TrainingCheckpoint) throws {
        self.path = RunDirectory.trimmed(path)
        removeLeftovers()
        try AtomicFile.write(checkpoint.state.history.map(RunDirectory.line).joined(), to: historyPath)
    }

    /// Makes the directory, or takes an empty one; `overwriting` also takes one that holds a run, and removes that run.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate`, also when there is something in the way.
    public init(creating path: String, overwriting: Bool = false) throws {
        self.path = RunDirectory.trimmed(path)
        let files = FileManager.default
        removeLeftovers()
        if let contents = try? files.contentsOfDirectory(atPath: path), !contents.isEmpty {
            guard overwriting, RunDirectory.names.isSuperset(of: contents) else {
                throw FoldinError(
                    .cannotCreate, file: path, found: "a directory that is not empty",
                    expected: overwriting
                        ? "a directory with a run and nothing else" : "a new directory, or --overwrite for an old run")
            }
            for name in contents { unlink(self.path + "/" + name) }
        }
        do {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            try AtomicFile.write("", to: historyPath)
        } catch {
            throw FoldinError(
                .cannotCreate, file: path, found: "a place where no directory can be written", expected: "a directory for the run"
            )
        }
    }

    /// Removes what was written, and the directory if nothing else is in it: for a training that came to nothing. Where there
    /// is a checkpoint to go on from, everything stays.
    public func discardUnlessCheckpointed() {
        guard !FileManager.default.fileExists(atPath: checkpointPath) else { return }
        for file in [modelPath, historyPath, recordPath] { unlink(file) }
        rmdir(path)
    }

    /// Appends an epoch to the history.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func append(_ epoch: EpochReport) throws {
        let line = try RunDirectory.line(epoch)
        do {
            let handle = try FileHandle(forWritingTo: URL(filePath: historyPath))
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(line.utf8))
        } catch {
            throw FoldinError(.writeFailed, file: historyPath, found: "no room or no right to write", expected: "a line an epoch")
        }
    }

    /// Writes `run.json`, whole or not at all.
    public func write(_ record: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try AtomicFile.write(String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", to: recordPath)
    }

    /// Removes what a killed process left of a file it was writing: `model.safetensors.4711.tmp`.
    private func removeLeftovers() {
        let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in contents where name.hasSuffix(".tmp") && RunDirectory.names.contains(where: { name.hasPrefix($0 + ".") }) {
            unlink(path + "/" + name)
        }
    }

    private static func line(_ epoch: EpochReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(epoch), as: UTF8.self) + "\n"
    }

    private static func trimmed(_ path: String) -> String {
        path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
    }
}

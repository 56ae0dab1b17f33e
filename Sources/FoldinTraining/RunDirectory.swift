import FoldinInteractions
import Foundation

/// The directory a training writes to: `history.jsonl` as it goes, `model.safetensors` and `run.json` at its end.
public struct RunDirectory: Sendable {
    public let path: String

    /// The best epoch's model.
    public var modelPath: String { path + "/model.safetensors" }
    /// A line an epoch.
    public var historyPath: String { path + "/history.jsonl" }
    /// Options and final figures.
    public var recordPath: String { path + "/run.json" }

    /// Makes the directory, or takes an empty one; `overwriting` also takes one that holds a run, and removes that run.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate`, also when there is something in the way.
    public init(creating path: String, overwriting: Bool = false) throws {
        self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        let files = FileManager.default
        let run = ["model.safetensors", "history.jsonl", "run.json"]
        if let contents = try? files.contentsOfDirectory(atPath: path), !contents.isEmpty {
            guard overwriting, Set(contents).isSubset(of: run) else {
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

    /// Removes what was written, and the directory if nothing else is in it: for a training that came to nothing.
    public func discard() {
        for file in [modelPath, historyPath, recordPath] { unlink(file) }
        rmdir(path)
    }

    /// Appends an epoch to the history.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func append(_ epoch: EpochReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var line = try encoder.encode(epoch)
        line.append(UInt8(ascii: "\n"))
        do {
            let handle = try FileHandle(forWritingTo: URL(filePath: historyPath))
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: line)
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
}

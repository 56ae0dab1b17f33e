import FoldinInteractions
import Foundation

/// The directory a training writes to: `options.toml` first, `history.jsonl`, `tensorboard/` and `checkpoint.safetensors` as it goes,
/// `model.safetensors` and `run.json` at its end, when the checkpoint goes.
public struct RunDirectory: Sendable {
    public let path: String

    /// The best epoch's model.
    public var modelPath: String { path + "/model.safetensors" }
    /// A line an epoch.
    public var historyPath: String { path + "/history.jsonl" }
    /// The same of the first training of a search for beta; only there after one.
    public var searchPath: String { path + "/anneal-search.jsonl" }
    /// Options and final figures.
    public var recordPath: String { path + "/run.json" }
    /// All options, to be used again.
    public var optionsPath: String { path + "/options.toml" }
    /// What an unfinished training goes on from.
    public var checkpointPath: String { path + "/checkpoint.safetensors" }
    /// TensorBoard's events; those of a search in the folder `search` in it.
    public var eventsPath: String { path + "/tensorboard" }

    private static let names: Set = [
        "model.safetensors", "checkpoint.safetensors", "history.jsonl", "anneal-search.jsonl", "run.json", "options.toml",
        "tensorboard",
    ]

    /// The directory of an unfinished run; its history is cut back to what `checkpoint` knows.
    ///
    /// - Throws: `FoldinError` when the history cannot be written.
    public init(resuming path: String, from checkpoint: TrainingCheckpoint) throws {
        self.path = RunDirectory.trimmed(path)
        removeLeftovers()
        let state = checkpoint.state
        let options = state.identity.filter { TrainingPlan.optionNames.contains($0.key) }
        // While the search lasts its epochs are the state's history.
        let search = state.search?.curve ?? state.history.filter(\.isSearch)
        try begin(options, history: state.history.filter { !$0.isSearch }, search: search)
    }

    /// Makes the directory, or takes an empty one; `overwriting` also takes one that holds a run, and removes that run.
    ///
    /// `options` are what the training's `Trainer.options` are; they go into `options.toml` and to TensorBoard. A model without
    /// epochs has neither those nor a history.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate`, also when there is something in the way.
    public init(
        creating path: String, overwriting: Bool = false, options: [String: String] = [:], hasEpochs: Bool = true
    ) throws {
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
            for name in contents { try? files.removeItem(atPath: self.path + "/" + name) }
        }
        do {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: path, found: "a place where no directory can be written", expected: "a directory for the run"
            )
        }
        do {
            if hasEpochs { try begin(options, history: [], search: []) }
        } catch {
            discardUnlessCheckpointed()
            throw error
        }
    }

    /// Writes what there is before the next epoch ends.
    private func begin(_ options: [String: String], history: [EpochReport], search: [EpochReport]) throws {
        if !options.isEmpty { try AtomicFile.write(TrainingPlan.toml(options), to: optionsPath) }
        try AtomicFile.write(history.map(RunDirectory.line).joined(), to: historyPath)
        try? FileManager.default.removeItem(atPath: eventsPath)
        _ = try EventFile(creating: eventsPath, options: options, history: history)
        if search.isEmpty {
            unlink(searchPath)
        } else {
            try AtomicFile.write(search.map(RunDirectory.line).joined(), to: searchPath)
            _ = try EventFile(creating: eventsPath + "/search", options: [:], history: search)
        }
    }

    /// Removes what was written, and the directory if nothing else is in it: for a training that came to nothing. Where there
    /// is a checkpoint to go on from, everything stays.
    public func discardUnlessCheckpointed() {
        guard !FileManager.default.fileExists(atPath: checkpointPath) else { return }
        for name in RunDirectory.names { try? FileManager.default.removeItem(atPath: path + "/" + name) }
        rmdir(path)
    }

    /// Appends an epoch to the history, or to the search's.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func append(_ epoch: EpochReport) throws {
        if epoch.isSearch, !FileManager.default.fileExists(atPath: searchPath) {
            try AtomicFile.write("", to: searchPath)
            _ = try EventFile(creating: eventsPath + "/search", options: [:], history: [])
        }
        let path = epoch.isSearch ? searchPath : historyPath
        let line = try RunDirectory.line(epoch)
        do {
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(line.utf8))
        } catch {
            throw FoldinError(.writeFailed, file: path, found: "no room or no right to write", expected: "a line an epoch")
        }
        try EventFile(openIn: eventsPath + (epoch.isSearch ? "/search" : "")).append(epoch)
    }

    /// Ends a run that came to its end: tells TensorBoard, and removes the checkpoint.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func finish() throws {
        try EventFile(openIn: eventsPath).finish()
        unlink(checkpointPath)
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

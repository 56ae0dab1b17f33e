import FoldinInteractions
import Foundation

/// The directory a training writes to: `options.toml` first, `history.jsonl`, `tensorboard/` and `checkpoint.safetensors` as it goes,
/// `model.safetensors` and `run.json` at its end, when the checkpoint goes.
///
/// Where a run is there already, a new one is written to the folder `unfinished-run` in it and takes its place in `finish()`. Until then the old
/// run stays as it was, whatever becomes of the training. One process at a time may write to a directory.
public struct RunDirectory: Sendable {
    /// The directory of the run.
    public let path: String
    /// Where the files are written: `path`, or a folder in it until `finish()` when an earlier run is there.
    public let folder: String
    private let lock: RunLock

    /// The best epoch's model; after `finish()` it is at `finishedModelPath`.
    public var modelPath: String { folder + "/model.safetensors" }
    /// Where the model is once the run is finished.
    public var finishedModelPath: String { path + "/model.safetensors" }
    /// A line an epoch.
    public var historyPath: String { folder + "/history.jsonl" }
    /// The same of the first training of a search for beta; only there after one.
    public var searchPath: String { folder + "/anneal-search.jsonl" }
    /// Options and final figures.
    public var recordPath: String { folder + "/run.json" }
    /// All options, to be used again.
    public var optionsPath: String { folder + "/options.toml" }
    /// What an unfinished training goes on from.
    public var checkpointPath: String { folder + "/checkpoint.safetensors" }
    /// TensorBoard's events; those of a search in the folder `search` in it.
    public var eventsPath: String { folder + "/tensorboard" }
    /// Whether an earlier run is there, which stays until this one is finished.
    public var replacesRun: Bool { folder != path }

    /// The directory of an unfinished run; its history is cut back to what `checkpoint` knows.
    ///
    /// - Throws: `FoldinError` when the history cannot be written, or another process writes there.
    public init(resuming path: String, from checkpoint: TrainingCheckpoint) throws {
        let path = RunDirectory.trimmed(path)
        try self.init(resuming: path, from: checkpoint, lock: RunLock(path))
    }

    private init(resuming path: String, from checkpoint: TrainingCheckpoint, lock: RunLock) throws {
        self.path = path
        self.lock = lock
        try RunFiles.completeReplacement(in: path)
        folder = RunDirectory.interrupted(in: path)
        RunFiles.removeLeftovers(from: folder)
        let state = checkpoint.state
        let options = state.identity.filter { TrainingPlan.optionNames.contains($0.key) }
        // While the search lasts its epochs are the state's history.
        let search = state.search?.curve ?? state.history.filter(\.isSearch)
        try begin(options, history: state.history.filter { !$0.isSearch }, search: search)
    }

    /// Makes the directory, or takes an empty one; `overwriting` also takes one that holds a run, which stays until `finish()`.
    ///
    /// An unfinished training that was to replace a run is removed. `options` are what the training's `Trainer.options` are; they go into
    /// `options.toml` and to TensorBoard. A model without epochs has neither those nor a history.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate`, also when there is something in the way or another process writes there.
    public init(
        creating path: String, overwriting: Bool = false, options: [String: String] = [:], hasEpochs: Bool = true
    ) throws {
        let path = RunDirectory.trimmed(path)
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: path, found: "a place where no directory can be written", expected: "a directory for the run"
            )
        }
        try self.init(
            creating: path, overwriting: overwriting, options: options, hasEpochs: hasEpochs, lock: RunLock(path))
    }

    private init(
        creating path: String, overwriting: Bool, options: [String: String], hasEpochs: Bool, lock: RunLock
    ) throws {
        self.path = path
        self.lock = lock
        let unfinished = RunFiles.unfinished(in: path)
        try RunFiles.completeReplacement(in: path)
        guard RunFiles.contents(path).allSatisfy(RunFiles.isLeftover) || overwriting && RunFiles.isRun(path) else {
            throw RunDirectory.refusal(of: path, overwriting: overwriting)
        }
        RunFiles.removeLeftovers(from: path)
        RunFiles.removeLeftovers(from: unfinished)
        RunFiles.remove(from: unfinished)
        rmdir(unfinished)
        // What took time to make is kept until there is better; a training's first lines are not.
        let isWorthKeeping = ["model.safetensors", "run.json", "checkpoint.safetensors"].contains {
            RunFiles.exists(path + "/" + $0)
        }
        folder = isWorthKeeping ? unfinished : path
        if isWorthKeeping {
            guard mkdir(unfinished, 0o755) == 0 else {
                throw FoldinError(
                    .cannotCreate, file: unfinished, found: FoldinError.systemReason, expected: "a folder for the new run")
            }
        } else {
            RunFiles.remove(from: path)
        }
        do {
            if hasEpochs { try begin(options, history: [], search: []) }
        } catch {
            discardUnlessCheckpointed()
            throw error
        }
    }

    /// Opens the directory of a training that may have been cut short, and what it goes on from: nil where it begins anew, because it is not
    /// there or has no checkpoint yet.
    ///
    /// A training that was to replace a run comes before that run.
    ///
    /// - Parameter restartingFinished: whether a run that came to its end is trained anew, instead of refused.
    /// - Throws: `FoldinError`: `missingInput` for a finished run; as the initialisers and `TrainingCheckpoint.init(contentsOf:)`.
    public static func resuming(
        _ path: String, options: [String: String], restartingFinished: Bool = false
    ) throws -> (run: RunDirectory, checkpoint: TrainingCheckpoint?) {
        let path = trimmed(path)
        guard RunFiles.exists(path) else { return (try RunDirectory(creating: path, options: options), nil) }
        let lock = try RunLock(path)
        try RunFiles.completeReplacement(in: path)
        let folder = interrupted(in: path)
        if RunFiles.exists(folder + "/checkpoint.safetensors") {
            let checkpoint = try TrainingCheckpoint(contentsOf: folder + "/checkpoint.safetensors")
            return (try RunDirectory(resuming: path, from: checkpoint, lock: lock), checkpoint)
        }
        if !restartingFinished, RunFiles.exists(folder + "/run.json") {
            throw FoldinError(
                .missingInput, file: folder,
                found: RunFiles.outcome(in: folder) == .diverged ? "a training that diverged" : "a finished run",
                expected: "an unfinished one, with a checkpoint")
        }
        return (
            try RunDirectory(creating: path, overwriting: true, options: options, hasEpochs: true, lock: lock), nil
        )
    }

    /// Where the training that was cut short last wrote.
    private static func interrupted(in path: String) -> String {
        let unfinished = RunFiles.unfinished(in: path)
        return RunFiles.exists(unfinished) ? unfinished : path
    }

    private static func refusal(of path: String, overwriting: Bool) -> FoldinError {
        if !overwriting, RunFiles.isRun(path), RunFiles.exists(RunFiles.unfinished(in: path)) {
            return FoldinError(
                .cannotCreate, file: path, found: "a run and an unfinished training that is to replace it",
                expected: "a new directory, --resume to go on with that training, or --overwrite to begin another")
        }
        return FoldinError(
            .cannotCreate, file: path, found: "a directory that is not empty",
            expected: overwriting
                ? "a directory with a run and nothing else" : "a new directory, or --overwrite for an old run")
    }

    /// Writes what there is before the next epoch ends.
    private func begin(_ options: [String: String], history: [EpochReport], search: [EpochReport]) throws {
        if !options.isEmpty { try AtomicFile.write(TrainingPlan.toml(options), to: optionsPath) }
        try AtomicFile.write(history.map(RunDirectory.line).joined(), to: historyPath)
        for place in ["", "/search"] { unlink(eventsPath + place + "/" + EventFile.name) }
        rmdir(eventsPath + "/search")
        _ = try EventFile(creating: eventsPath, options: options, history: history)
        if search.isEmpty {
            unlink(searchPath)
        } else {
            try AtomicFile.write(search.map(RunDirectory.line).joined(), to: searchPath)
            _ = try EventFile(creating: eventsPath + "/search", options: [:], history: search)
        }
    }

    /// Removes what was written, and the directory if nothing else is in it: for a training that came to nothing. An earlier run stays.
    public func discard() {
        RunFiles.remove(from: folder)
        rmdir(folder)
    }

    /// The same, unless there is a checkpoint to go on from.
    public func discardUnlessCheckpointed() {
        if !RunFiles.exists(checkpointPath) { discard() }
    }

    /// Appends an epoch to the history, or to the search's.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func append(_ epoch: EpochReport) throws {
        if epoch.isSearch, !RunFiles.exists(searchPath) {
            try AtomicFile.write("", to: searchPath)
            _ = try EventFile(creating: eventsPath + "/search", options: [:], history: [])
        }
        let path = epoch.isSearch ? searchPath : historyPath
        let line = try RunDirectory.line(epoch)
        try AppendedFile.append(Array(line.utf8), to: path, expected: "a line an epoch")
        try EventFile(openIn: eventsPath + (epoch.isSearch ? "/search" : "")).append(epoch)
    }

    /// Ends a run that came to its end and whose model is saved: tells TensorBoard, removes the checkpoint, and puts it in the place of an
    /// earlier run, the model first.
    ///
    /// Killed at any moment, the next training in the directory completes it.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func finish() throws {
        guard replacesRun else { return try end() }
        // With its checkpoint still there: killed just before, it can be gone on with.
        try endEvents()
        try RunFiles.replace(in: path)
    }

    /// Ends a run that cannot be gone on with and is not to take an earlier run's place: tells TensorBoard, and removes the checkpoint.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func end() throws {
        try endEvents()
        try removeCheckpoint()
    }

    /// Removes what the training would be gone on with from.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func removeCheckpoint() throws { try RunFiles.removeFile(checkpointPath) }

    /// Tells TensorBoard that the training came to its end. Gone on with, it would be told anew.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func endEvents() throws {
        if RunFiles.exists(eventsPath + "/" + EventFile.name) { try EventFile(openIn: eventsPath).finish() }
    }

    /// Writes `run.json`, whole or not at all.
    public func write(_ record: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try AtomicFile.write(String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", to: recordPath)
    }

    private static func line(_ epoch: EpochReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(epoch), as: UTF8.self) + "\n"
    }

    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

import FoldinInteractions
import FoldinSupport
import Foundation

/// The directory of a training.
///
/// `options.toml` is written first; `history.jsonl`, `tensorboard/` and `checkpoint.safetensors` during the training; `model.safetensors` and
/// `run.json` at its end, when the checkpoint is removed.
///
/// In a directory that already has a run, a new one is written to the folder `unfinished-run` and replaces the earlier one in `finish()`. Until
/// then the earlier run is unchanged, however the training ends. One process at a time may write to a directory.
///
///     let run = try RunDirectory(creating: "run", options: trainer.options)
///     let outcome = try trainer.run(on: dataset, progress: run.append)
///     try outcome.model.save(to: run.modelPath)
///     try run.finish()
public struct RunDirectory: Sendable {
    /// The directory of the run.
    public let path: String
    /// The folder of the files: `path`, or `unfinished-run` in it while an earlier run is being replaced.
    public let folder: String
    private let lock: RunLock

    /// The best epoch's model; after `finish()` it is at `finishedModelPath`.
    public var modelPath: String { folder + "/model.safetensors" }
    /// The path of the model after `finish()`.
    public var finishedModelPath: String { path + "/model.safetensors" }
    /// The epochs, one line of JSON each.
    public var historyPath: String { folder + "/history.jsonl" }
    /// The epochs of the first training of a search for beta; missing without a search.
    public var searchPath: String { folder + "/anneal-search.jsonl" }
    /// Options and final figures.
    public var recordPath: String { folder + "/run.json" }
    /// All options, for `foldin train --config`.
    public var optionsPath: String { folder + "/options.toml" }
    /// The state that an unfinished training continues from.
    public var checkpointPath: String { folder + "/checkpoint.safetensors" }
    /// The folder of TensorBoard's events; those of a search are in its folder `search`.
    public var eventsPath: String { folder + "/tensorboard" }
    /// The trials of an automatic search, one line of JSON each.
    public var trialsPath: String { folder + "/trials.jsonl" }
    /// The most models that an automatic search keeps at a time, the best of each family.
    package static let candidateCount = 24
    /// Whether the directory has an earlier run, which stays until this one is finished.
    public var replacesRun: Bool { folder != path }

    /// Opens the directory of an unfinished run, and cuts its history back to the epochs in `checkpoint`.
    ///
    /// - Throws: `FoldinError` if the history cannot be written, or another process writes there.
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
        // During the search the state's history has the epochs of the search.
        let search = state.search?.curve ?? state.history.filter(\.isSearch)
        try begin(options, history: state.history.filter { !$0.isSearch }, search: search)
    }

    /// Opens the directory of an automatic search that was interrupted.
    ///
    /// - Throws: `FoldinError`: `missingInput` if there is none; if another process writes there.
    public init(resumingSearch path: String) throws {
        let path = RunDirectory.trimmed(path)
        guard RunFiles.exists(path) else {
            throw FoldinError(
                .missingInput, file: path, found: "nothing there", expected: "the directory of an unfinished search")
        }
        self.path = path
        lock = try RunLock(path)
        try RunFiles.completeReplacement(in: path)
        folder = RunDirectory.interrupted(in: path)
        guard RunFiles.exists(folder + "/trials.jsonl"), !RunFiles.exists(folder + "/run.json") else {
            throw FoldinError(
                .missingInput, file: folder,
                found: RunFiles.exists(folder + "/run.json") ? "a finished run" : "a directory without trials.jsonl",
                expected: "an unfinished search")
        }
        RunFiles.removeLeftovers(from: folder)
    }

    /// Creates the directory, or uses an empty one.
    ///
    /// An unfinished training that would have replaced a run is removed.
    ///
    /// - Parameters:
    ///   - path: the directory.
    ///   - overwriting: whether a directory with a run is accepted; that run stays until `finish()`.
    ///   - options: the training's `Trainer.options`, for `options.toml` and TensorBoard.
    ///   - hasEpochs: whether there is a history; false for a closed-form model.
    /// - Throws: `FoldinError` of kind `cannotCreate`, also for a directory with other files or one that another process writes to.
    public init(
        creating path: String, overwriting: Bool = false, options: [String: String] = [:], hasEpochs: Bool = true
    ) throws {
        let path = RunDirectory.trimmed(path)
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: path, found: "a path where a directory cannot be created",
                expected: "a directory for the run"
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
        // Results and checkpoints are kept until the new run is complete; the first lines of a training are not.
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

    /// Opens the directory of a training that may have been interrupted, with its checkpoint; nil for a training that starts from the beginning,
    /// because there is no directory or no checkpoint.
    ///
    /// In a directory with a run and a training that is to replace it, this is the training.
    ///
    /// - Parameters:
    ///   - path: the directory.
    ///   - options: the training's `Trainer.options`, for a new run.
    ///   - restartingFinished: whether a finished run is trained again instead of refused.
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

    /// The folder of the interrupted training.
    private static func interrupted(in path: String) -> String {
        let unfinished = RunFiles.unfinished(in: path)
        return RunFiles.exists(unfinished) ? unfinished : path
    }

    private static func refusal(of path: String, overwriting: Bool) -> FoldinError {
        if !overwriting, RunFiles.isRun(path), RunFiles.exists(RunFiles.unfinished(in: path)) {
            return FoldinError(
                .cannotCreate, file: path, found: "a run and an unfinished training that is to replace it",
                expected: "a new directory", reason: .unfinishedRun)
        }
        return FoldinError(
            .cannotCreate, file: path, found: "a directory that is not empty",
            expected: overwriting
                ? "a directory with a run and nothing else" : "a new directory", reason: overwriting ? nil : .finishedRun)
    }

    /// Writes the options, the history and the events so far.
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

    /// Removes the files of a failed training, and the directory if it is then empty. An earlier run stays.
    public func discard() {
        RunFiles.remove(from: folder)
        rmdir(folder)
    }

    /// Removes the files of a failed training unless it has a checkpoint to continue from.
    public func discardUnlessCheckpointed() {
        if !RunFiles.exists(checkpointPath) { discard() }
    }

    /// Appends an epoch to the history, or to the history of the search.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func append(_ epoch: EpochReport) throws {
        if epoch.isSearch, !RunFiles.exists(searchPath) {
            try AtomicFile.write("", to: searchPath)
            _ = try EventFile(creating: eventsPath + "/search", options: [:], history: [])
        }
        let path = epoch.isSearch ? searchPath : historyPath
        let line = try RunDirectory.line(epoch)
        try AppendedFile.append(Array(line.utf8), to: path, expected: "one line per epoch")
        try EventFile(openIn: eventsPath + (epoch.isSearch ? "/search" : "")).append(epoch)
    }

    /// Ends a complete run whose model is saved: ends TensorBoard's events, removes the checkpoint, and replaces an earlier run, the model first.
    ///
    /// If the process is killed meanwhile, the next training in the directory completes the replacement.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func finish() throws {
        guard replacesRun else { return try end() }
        // The checkpoint is still there: a run killed before this can be continued.
        try endEvents()
        try RunFiles.replace(in: path)
    }

    /// Ends a run that cannot be continued and does not replace an earlier one: ends TensorBoard's events, and removes the checkpoint.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func end() throws {
        try endEvents()
        try removeCheckpoint()
    }

    /// Removes the checkpoint.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func removeCheckpoint() throws { try RunFiles.removeFile(checkpointPath) }

    /// Appends the end of the training to TensorBoard's events.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public func endEvents() throws {
        if RunFiles.exists(eventsPath + "/" + EventFile.name) { try EventFile(openIn: eventsPath).finish() }
    }

    /// Writes `run.json` atomically: the fields of the record, and `environment`, what the run was made by and on.
    public func write(_ record: some Encodable, environment: RunEnvironment) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try AtomicFile.write(
            String(decoding: try encoder.encode(RecordWithEnvironment(record: record, environment: environment)), as: UTF8.self)
                + "\n", to: recordPath)
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

extension FoldinError.Reason {
    /// A directory has a run and an unfinished training that is to replace it.
    public static let unfinishedRun = Self("unfinished-run")
    /// A directory has files, perhaps of an old run.
    public static let finishedRun = Self("finished-run")
}

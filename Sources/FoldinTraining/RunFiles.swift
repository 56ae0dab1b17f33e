import FoldinInteractions
import FoldinSupport
import Foundation

/// The files of a run, and the replacement of an old run by a new one.
///
/// A training that is to replace a run writes to the folder `unfinished-run` in its directory. `replace(in:)` renames that to `finished-run`, from
/// which moment the new run is valid, and moves its files over the old ones, the model first: at any moment the model is the complete old or the
/// complete new one. An interrupted replacement is completed by `completeReplacement(in:)`, which every training in the directory calls first.
enum RunFiles {
    /// The paths relative to the run's folder, the model first.
    static let all =
        [
            "model.safetensors", "run.json", "options.toml", "history.jsonl", "anneal-search.jsonl",
            "tensorboard/" + EventFile.name,
            "tensorboard/search/" + EventFile.name, "trials.jsonl", "checkpoint.safetensors",
        ] + (0..<RunDirectory.candidateCount).map { "candidates/\($0).safetensors" }
    /// Folders of the run's folder, inner ones before outer ones.
    private static let folders = ["tensorboard/search", "tensorboard", "candidates"]
    /// The names of files and folders directly in the run's folder.
    private static let names = Set(all.map { String($0.prefix { $0 != "/" }) })

    /// The folder of a training that is to replace the run in `path`.
    static func unfinished(in path: String) -> String { path + "/unfinished-run" }
    /// The folder of the complete training that replaces the run in `path`.
    static func finished(in path: String) -> String { path + "/finished-run" }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The names in a folder; empty for a missing one.
    static func contents(_ folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }

    /// The outcome of the training that wrote to a folder.
    enum Outcome: Equatable {
        /// Not ended; there may be a checkpoint.
        case open
        /// Complete: `run.json` is written last.
        case complete
        /// Diverged: it cannot be continued, and the model is that of the best epoch.
        case diverged
    }

    static func outcome(in folder: String) -> Outcome {
        struct Record: Decodable {
            let interrupted: Bool?
            let divergence: String?
        }
        guard !exists(folder + "/checkpoint.safetensors"), exists(folder + "/model.safetensors"),
            let text = try? MappedFile(contentsOf: folder + "/run.json", atMost: MappedFile.smallFileLimit, onlyRegular: true)
                .withBytes({ Data($0) }),
            let record = try? JSONDecoder().decode(Record.self, from: text), record.interrupted != true
        else { return .open }
        return record.divergence == nil ? .complete : .diverged
    }

    /// Whether a directory contains a run and nothing else but a training that is to replace it.
    static func isRun(_ path: String) -> Bool {
        func isFolder(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
        return contents(path).allSatisfy { name in
            if isLeftover(name) { return true }
            let inner = path + "/" + name
            if [unfinished(in: path), finished(in: path)].contains(inner) {
                return isFolder(inner) && names.isSuperset(of: contents(inner).filter { !isLeftover($0) })
            }
            return names.contains(name) && isFolder(inner) == folders.contains(name)
        }
    }

    /// Removes a run's files from `folder`, and its folders if they are then empty.
    static func remove(from folder: String) {
        for file in all { unlink(folder + "/" + file) }
        for inner in folders { rmdir(folder + "/" + inner) }
    }

    /// Removes temporary files of killed processes from the folder of a run.
    static func removeLeftovers(from folder: String) {
        for name in contents(folder) where isLeftover(name) { unlink(folder + "/" + name) }
    }

    /// Whether a name is that of a temporary file: one of `TemporaryName`, or `model.safetensors.4711.tmp` and
    /// `model.safetensors.best.4711.tmp` of versions before 1.0.
    static func isLeftover(_ name: String) -> Bool {
        if TemporaryName.isOne(name) { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 2, parts.last == "tmp", parts[parts.count - 2].allSatisfy(\.isNumber) else { return false }
        let owner = parts.dropLast(2).joined(separator: ".")
        return names.contains(owner) || owner == "model.safetensors.best"
    }

    /// Replaces the run in `path` by the complete one in `unfinished-run`.
    ///
    /// - Parameter step: called before each change of the file system.
    /// - Throws: `FoldinError` of kind `writeFailed`, or the error of `step`; `completeReplacement(in:)` then completes it.
    static func replace(in path: String, step: () throws -> Void = {}) throws {
        try step()
        try move(unfinished(in: path), to: finished(in: path))
        try AtomicFile.flush(directory: path)
        try completeReplacement(in: path, step: step)
        // Other files in the folder are never touched, and the new run stays beside them.
        guard !exists(finished(in: path) + "/" + all[0]) else {
            throw FoldinError(
                .writeFailed, file: finished(in: path), found: "other files than a run's beside the new run",
                expected: "the new run alone, which is complete there")
        }
    }

    /// Completes an interrupted replacement, also one interrupted before its first step; does nothing if there is none.
    static func completeReplacement(in path: String, step: () throws -> Void = {}) throws {
        if !exists(finished(in: path)), outcome(in: unfinished(in: path)) == .complete {
            return try replace(in: path, step: step)
        }
        let fresh = finished(in: path)
        guard exists(fresh), names.isSuperset(of: contents(fresh)) else { return }
        let model = all[0]
        try step()
        try removeFile(fresh + "/checkpoint.safetensors")
        // The model is moved first: while it is in `fresh` no file has been moved, and a file missing in `fresh` belongs to the old run only.
        if exists(fresh + "/" + model) {
            for file in all where !exists(fresh + "/" + file) && exists(path + "/" + file) {
                try step()
                try removeFile(path + "/" + file)
            }
        }
        for file in all where exists(fresh + "/" + file) {
            try step()
            let folder = (path + "/" + file as NSString).deletingLastPathComponent
            try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try move(fresh + "/" + file, to: path + "/" + file)
        }
        try step()
        for inner in folders {
            rmdir(fresh + "/" + inner)
            rmdir(path + "/" + inner)
        }
        rmdir(fresh)
        try AtomicFile.flush(directory: path)
    }

    private static func move(_ from: String, to path: String) throws {
        guard rename(from, path) == 0 else {
            throw FoldinError(
                .writeFailed, file: path, found: FoldinError.systemReason, expected: "the new run's file in place of the old one")
        }
    }

    /// Removes a file; a missing one is not an error.
    static func removeFile(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw FoldinError(
                .writeFailed, file: path, found: FoldinError.systemReason, expected: "an old file that can be removed")
        }
    }
}

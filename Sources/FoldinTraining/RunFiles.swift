import FoldinInteractions
import Foundation

/// The files that a run consists of, and how a new run takes the place of an old one.
///
/// A training that is to replace a run writes to the folder `unfinished-run` in its directory. `replace(in:)` renames that to `finished-run`,
/// which is the moment from which the new run counts, and moves its files over the old ones, the model first: at any moment the model is the
/// whole old or the whole new one. Cut short, it is completed by `completeReplacement(in:)`, which every training in the directory begins with.
enum RunFiles {
    /// Relative to the run's folder, the model first.
    static let all = [
        "model.safetensors", "run.json", "options.toml", "history.jsonl", "anneal-search.jsonl", "tensorboard/" + EventFile.name,
        "tensorboard/search/" + EventFile.name, "checkpoint.safetensors",
    ]
    /// The innermost first.
    private static let folders = ["tensorboard/search", "tensorboard"]
    /// What stands in a run's folder itself.
    private static let names = Set(all.map { String($0.prefix { $0 != "/" }) })

    /// The folder of a training that is to replace the run in `path`.
    static func unfinished(in path: String) -> String { path + "/unfinished-run" }
    /// The same once it is complete.
    static func finished(in path: String) -> String { path + "/finished-run" }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The names in a folder; none if there is no such folder.
    static func contents(_ folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }

    /// How the training that wrote to a folder ended.
    enum Outcome: Equatable {
        /// It did not: it may have a checkpoint.
        case open
        /// All is there; `run.json` is the last to be written.
        case complete
        /// It cannot be gone on with; its best epoch's model is there.
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

    /// Whether a directory holds nothing but a run, perhaps with a training that is to replace it.
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
            return names.contains(name) && isFolder(inner) == (name == "tensorboard")
        }
    }

    /// Removes a run's files from `folder`, and its folders where nothing else is in them.
    static func remove(from folder: String) {
        for file in all { unlink(folder + "/" + file) }
        for inner in folders { rmdir(folder + "/" + inner) }
    }

    /// Removes what a killed process left of files it was writing, from the folder of a run.
    static func removeLeftovers(from folder: String) {
        for name in contents(folder) where isLeftover(name) { unlink(folder + "/" + name) }
    }

    /// Whether a name is that of a file being written: one of `TemporaryName`, or `model.safetensors.4711.tmp` and
    /// `model.safetensors.best.4711.tmp`, as versions before 1.0 had it.
    static func isLeftover(_ name: String) -> Bool {
        if TemporaryName.isOne(name) { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 2, parts.last == "tmp", parts[parts.count - 2].allSatisfy(\.isNumber) else { return false }
        let owner = parts.dropLast(2).joined(separator: ".")
        return names.contains(owner) || owner == "model.safetensors.best"
    }

    /// Puts the complete run in `unfinished-run` in place of the one in `path`.
    ///
    /// - Parameter step: called before each change of the file system.
    /// - Throws: `FoldinError` of kind `writeFailed`, or what `step` throws; then `completeReplacement(in:)` goes on.
    static func replace(in path: String, step: () throws -> Void = {}) throws {
        try step()
        try move(unfinished(in: path), to: finished(in: path))
        try AtomicFile.flush(directory: path)
        try completeReplacement(in: path, step: step)
        // What is not a run's is left alone, and the new run with it.
        guard !exists(finished(in: path) + "/" + all[0]) else {
            throw FoldinError(
                .writeFailed, file: finished(in: path), found: "other files than a run's beside the new run",
                expected: "the new run alone, which is whole there")
        }
    }

    /// Goes on with a replacement that was cut short, also just before its first step; does nothing where none was.
    static func completeReplacement(in path: String, step: () throws -> Void = {}) throws {
        if !exists(finished(in: path)), outcome(in: unfinished(in: path)) == .complete {
            return try replace(in: path, step: step)
        }
        let fresh = finished(in: path)
        guard exists(fresh), names.isSuperset(of: contents(fresh)) else { return }
        let model = all[0]
        try step()
        try removeFile(fresh + "/checkpoint.safetensors")
        // The model is the first to be moved: while it is here nothing has been, and what is not here is the old run's alone.
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

    /// Removes a file, which may be gone already.
    static func removeFile(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw FoldinError(
                .writeFailed, file: path, found: FoldinError.systemReason, expected: "an old file that can be removed")
        }
    }
}

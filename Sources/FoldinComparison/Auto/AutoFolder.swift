import FoldinModels
import FoldinSupport
import FoldinTraining
import Foundation

/// The files of an automatic search in its run's folder: `trials.jsonl`, and the best model of each family in `candidates`.
///
/// A model is written before its trial, and `model.safetensors` is the best so far at any time.
final class AutoFolder {
    private let folder: String
    /// The trials that were read and added.
    private(set) var trials: [AutoTrial] = []

    private let trialsPath: String

    /// Opens the folder of a run, with the trials of an earlier process; a last line that is not whole, and a blend, are dropped.
    ///
    /// - Throws: `FoldinError` of kind `badData` for another file, `cannotCreate`.
    init(_ run: RunDirectory, isResumed: Bool) throws {
        (folder, trialsPath) = (run.folder, run.trialsPath)
        do {
            try FileManager.default.createDirectory(atPath: folder + "/candidates", withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: folder + "/candidates", found: "a path where a folder cannot be created",
                expected: "a folder for the models")
        }
        guard isResumed else {
            try AtomicFile.write("", to: trialsPath)
            return
        }
        let text = try String(contentsOfFile: trialsPath, encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var isCut = lines.popLast()?.isEmpty == false
        for (index, line) in lines.enumerated() {
            guard let trial = try? JSONDecoder().decode(AutoTrial.self, from: Data(line.utf8)) else {
                throw FoldinError(
                    .badData, file: trialsPath, line: index + 1, found: "a line that is not a trial",
                    expected: "a file of foldin auto")
            }
            trials.append(trial)
        }
        // A blend comes after all other models, and is made again.
        if trials.last?.asked.isEmpty == true {
            trials.removeLast()
            lines.removeLast()
            isCut = true
        }
        if isCut { try AtomicFile.write(lines.map { $0 + "\n" }.joined(), to: trialsPath) }
    }

    /// The path of a candidate's model.
    func path(_ candidate: Int) -> String { folder + "/candidates/\(candidate).safetensors" }

    /// Adds a trial.
    func append(_ trial: AutoTrial) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = String(decoding: try encoder.encode(trial), as: UTF8.self) + "\n"
        try AppendedFile.append(Array(line.utf8), to: trialsPath, expected: "one line per model")
        trials.append(trial)
    }

    /// The model of a candidate; nil if the file has another one, of a trial that was not finished.
    func model(_ candidate: Int, options: [String: String]) throws -> TrainedModel? {
        let model = try TrainedModel(contentsOf: path(candidate))
        return model.card.options == options ? model : nil
    }

    /// Makes a candidate's file `model.safetensors`, without a copy where the file system can.
    func publish(_ candidate: Int, as path: String) throws {
        let temporary = folder + "/" + TemporaryName.make()
        if link(self.path(candidate), temporary) != 0 {
            do { try FileManager.default.copyItem(atPath: self.path(candidate), toPath: temporary) } catch {
                throw FoldinError(
                    .writeFailed, file: path, found: "a file that cannot be written", expected: "the best model to be saved")
            }
        }
        guard rename(temporary, path) == 0 else {
            let reason = FoldinError.systemReason
            unlink(temporary)
            throw FoldinError(.writeFailed, file: path, found: reason, expected: "the best model to be saved")
        }
        // Two links of one file stay two names after a rename of one over the other.
        unlink(temporary)
    }

    /// Removes the candidates of a run's folder.
    static func removeCandidates(in folder: String) {
        for candidate in 0..<RunDirectory.candidateCount { unlink(folder + "/candidates/\(candidate).safetensors") }
        rmdir(folder + "/candidates")
    }
}

import FoldinModels
import FoldinSupport
import Foundation

/// The file of a comparison's best model.
///
/// Only one model is in memory at a time, and which is the best is known later. So the model of a plan is written to a temporary file beside
/// the result, and the files are renamed as plans and models win.
final class WinnerFile {
    private let path: String
    /// Of the plan that is trained now, and of the best plan of the model that is trained now.
    private let (plan, model): (String, String)

    /// - Throws: `FoldinError` of kind `cannotCreate` if something is at `path` already.
    init(_ path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw FoldinError(.cannotCreate, file: path, found: "a file that is there already", expected: "a name that is free")
        }
        let folder = (path as NSString).deletingLastPathComponent
        func temporary() -> String {
            (folder.isEmpty ? "." : folder) + "/.foldin-" + String(format: "%016lx", UInt64.random(in: .min ... .max)) + ".tmp"
        }
        self.path = path
        (plan, model) = (temporary(), temporary())
    }

    deinit { for file in [plan, model] { unlink(file) } }

    /// Writes the model of the plan that is trained now.
    func write(_ trained: TrainedModel) throws { try trained.save(to: plan) }

    /// The plan written last is the best of its model.
    func planWins() throws { try rename(plan, to: model) }

    /// The model is the best of all.
    func modelWins() throws { try rename(model, to: path) }

    private func rename(_ old: String, to new: String) throws {
        guard Foundation.rename(old, new) == 0 else {
            throw FoldinError(
                .writeFailed, file: path, found: FoldinError.systemReason(of: errno), expected: "the best model to be saved")
        }
    }
}

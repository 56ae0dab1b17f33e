import FoldinModels
import FoldinSupport
import Foundation

/// The file of a comparison's best model.
///
/// Only one model is in memory at a time, and which is the best is known later. So the model of a plan is written to a temporary file beside
/// the result, and the files are renamed as plans and models win.
final class WinnerFile {
    /// Why the winner could not be saved. It ends the comparison; other errors are failures of the model that is trained.
    struct Failure: Error {
        let reason: any Error
    }

    private let path: String
    /// Of the plan that is trained now, and of the best plan of the model that is trained now.
    private let (plan, model): (String, String)
    /// Whether the file at `path` is this comparison's.
    private var isOwn = false

    /// - Throws: `FoldinError` of kind `cannotCreate` if something is at `path` already.
    init(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) != 0 else { throw WinnerFile.isTaken(path) }
        let folder = (path as NSString).deletingLastPathComponent
        func temporary() -> String { (folder.isEmpty ? "." : folder) + "/" + TemporaryName.make() }
        self.path = path
        (plan, model) = (temporary(), temporary())
    }

    deinit { for file in [plan, model] { unlink(file) } }

    /// Writes the model of the plan that is trained now.
    func write(_ trained: TrainedModel) throws(Failure) {
        do { try trained.save(to: plan) } catch { throw Failure(reason: error) }
    }

    /// The plan written last is the best of its model.
    func planWins() throws(Failure) { try rename(plan, to: model) }

    /// The model is the best of all. A file that another program has made at `path` since the beginning stays.
    func modelWins() throws(Failure) {
        var status = stat()
        if !isOwn, lstat(path, &status) == 0 { throw Failure(reason: WinnerFile.isTaken(path)) }
        try rename(model, to: path)
        isOwn = true
    }

    private static func isTaken(_ path: String) -> FoldinError {
        FoldinError(.cannotCreate, file: path, found: "a file that is there already", expected: "a name that is free")
    }

    private func rename(_ old: String, to new: String) throws(Failure) {
        guard Foundation.rename(old, new) == 0 else {
            throw Failure(
                reason: FoldinError(
                    .writeFailed, file: path, found: FoldinError.systemReason(of: errno), expected: "the best model to be saved"))
        }
    }
}

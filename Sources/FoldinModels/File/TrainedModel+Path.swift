import FoldinInteractions
import FoldinSupport
import Foundation

extension TrainedModel {
    /// The model file that `path` means: of a run directory the `model.safetensors` in it, of anything else `path` itself.
    ///
    /// `init(contentsOf:activations:tensorNames:)` resolves paths so; whoever watches the file uses it as well.
    public static func path(of path: String) -> String {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else { return path }
        let file = path + (path.hasSuffix("/") ? "" : "/") + "model.safetensors"
        return FileManager.default.fileExists(atPath: file) ? file : path
    }

    /// The error for a directory without a model; nil for anything that is not a directory.
    static func refusal(ofDirectory path: String) -> FoldinError? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else { return nil }
        let names = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
        func error(_ found: String, _ expected: String = "a model file (.safetensors) or a run directory") -> FoldinError {
            FoldinError(.missingInput, file: path, found: found, expected: expected)
        }
        if names.contains("unique_sid.txt") || names.contains("train.csv") {
            return error("a prepared directory", "a model file (.safetensors) or a run directory, which foldin train makes of it")
        }
        if names.contains("sweep.sqlite") {
            return error("the directory of a sweep", "the directory of one of its runs, in \(path)/runs")
        }
        if names.contains("history.jsonl") || names.contains("checkpoint.safetensors") {
            return FoldinError(
                .missingInput, file: path, found: "a run without a model", expected: "a run whose training is finished",
                reason: .unfinishedTraining)
        }
        if names.contains("saved_model.pb") { return error("a TensorFlow SavedModel") }
        return error("a directory without model.safetensors")
    }
}

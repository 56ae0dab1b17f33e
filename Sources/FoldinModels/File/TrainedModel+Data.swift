import Foundation

extension TrainedModel {
    /// Reads a model from the bytes of a model file; `file` is its name in messages.
    ///
    /// For a server: bytes in memory cannot change or shrink while they are checked, as a mapped file may.
    ///
    /// - Throws: `FoldinError` of kind `badData`; see `init(contentsOf:activations:)`.
    public init(data: Data, file: String) throws { try self.init(ModelFile(data, path: file)) }

    /// Reads a model file into memory, once and whole, and returns the model and the file's bytes.
    ///
    /// For a server as well. The header is checked before anything else is read: a large file that is no model costs next to nothing.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, also for a pipe or a device, or `badData`.
    public static func reading(_ path: String) throws -> (model: TrainedModel, data: Data) {
        let (file, data) = try ModelFile.reading(path, expected: "a model file (.safetensors)")
        return (try TrainedModel(file), data)
    }
}

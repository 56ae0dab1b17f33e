import Foundation

extension TrainedModel {
    /// Reads a model from the bytes of a model file; `file` is its name in messages.
    ///
    /// For a server: bytes in memory cannot change or shrink while they are checked, as a mapped file may.
    ///
    /// - Throws: `FoldinError` of kind `badData`; see `init(contentsOf:activations:)`.
    public init(data: Data, file: String) throws { try self.init(TensorFile(data, path: file)) }
}

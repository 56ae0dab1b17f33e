import FoldinSupport

extension PreparedDataset {
    /// The SHA-256, in hexadecimal, of the item ids and the training interactions, which determine a model.
    public var checksum: String {
        let parts = [
            Array(items.ids.joined(separator: "\n").utf8).withUnsafeBytes(Checksum.sha256),
            train.rowStarts.withUnsafeBytes(Checksum.sha256),
            train.columns.withUnsafeBytes(Checksum.sha256),
        ]
        return Array(parts.joined(separator: " ").utf8).withUnsafeBytes(Checksum.sha256)
    }
}

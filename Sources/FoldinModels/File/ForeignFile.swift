import Foundation

/// What a file that is no safetensors file is instead, by its first bytes.
struct ForeignFile {
    /// For people: `a zip archive`.
    let name: String
    /// How to make a safetensors file of it, where there is a way.
    private(set) var conversion: String?

    /// Nil for a file of an unknown kind.
    init?(_ data: Data, path: String) {
        let first = [UInt8](data.prefix(512))
        func begins(_ bytes: [UInt8]) -> Bool { first.starts(with: bytes) }
        if begins([0x50, 0x4B, 0x03, 0x04]) {
            // The first member's name follows the local header of 30 bytes.
            let length = first.count > 28 ? Int(first[26]) | Int(first[27]) << 8 : 0
            let member = String(decoding: first.dropFirst(30).prefix(length), as: UTF8.self)
            if member.hasSuffix("data.pkl") || member.hasSuffix(".format_version") {
                name = "a PyTorch file of torch.save (a zip of a pickle)"
                conversion = ForeignFile.torch(path)
            } else {
                name = member.hasSuffix(".npy") ? "NumPy's .npz (a zip)" : "a zip archive"
            }
        } else if first.count > 2, first[0] == 0x80, (2...5).contains(first[1]) {
            name = "a pickle, as torch.save of old and Python's pickle write"
            conversion = ForeignFile.torch(path)
        } else if let known = ForeignFile.signatures.first(where: { begins($0.bytes) }) {
            name = known.name
        } else if ForeignFile.isONNX(first) {
            name = "an ONNX model"
        } else if let line = ForeignFile.firstLine(first) {
            name = "a text file that begins \(line.quoted)"
        } else {
            return nil
        }
    }

    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "an HDF5 file, as Keras writes"),
        ([0x1F, 0x8B], "a file packed with gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "a file packed with zstd"),
        (Array("BZh".utf8), "a file packed with bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "a file packed with xz"),
        ([0x93] + Array("NUMPY".utf8), "a NumPy array"), (Array("SQLite format 3\u{0}".utf8), "an SQLite database"),
        (Array("PAR1".utf8), "a Parquet file"), (Array("GGUF".utf8), "a GGUF model"),
    ]

    /// ONNX is a protocol buffer that begins with its version, field 1, and the producer's name, field 2.
    private static func isONNX(_ first: [UInt8]) -> Bool {
        guard first.count > 4, first[0] == 0x08, first[1] < 0x20 else { return false }
        let text = String(decoding: first, as: UTF8.self)
        return first[2] == 0x12 && Int(first[3]) < 64 || ["onnx", "pytorch", "main_graph"].contains { text.contains($0) }
    }

    /// The first line of what is text; nil for anything else.
    private static func firstLine(_ first: [UInt8]) -> String? {
        let isText = first.allSatisfy { $0 >= 32 && $0 != 127 || (9...13).contains($0) }
        let line = first.prefix { $0 != 10 && $0 != 13 }
        // A character may be cut in two at the end of what was looked at.
        guard isText, !line.isEmpty,
            let text = String(bytes: line, encoding: .utf8) ?? String(bytes: line.dropLast(3), encoding: .utf8)
        else { return nil }
        return text
    }

    private static func torch(_ path: String) -> String {
        let name = (path as NSString).lastPathComponent
        let file = name.contains("'") || name.contains("\"") ? "FILE" : name
        let out = (file as NSString).deletingPathExtension + ".safetensors"
        return "python3 -c \"import torch; from safetensors.torch import save_file; "
            + "save_file(torch.load('\(file)', map_location='cpu', weights_only=True), '\(out)')\""
    }

    /// For an error's `expected`.
    var expected: String { "a safetensors file" + (conversion.map { "; this makes one of a state_dict: \($0)" } ?? "") }
}

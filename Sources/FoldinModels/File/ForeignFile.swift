import FoldinSupport
import Foundation

/// What a file is that is not a safetensors file, by its first bytes, and how to convert it.
struct ForeignFile {
    /// The kind of file, for messages: `a zip archive`.
    let name: String
    /// A command that makes a safetensors file of it; nil where there is none.
    private(set) var conversion: String?

    /// Nil for a file of an unknown kind.
    init?(_ data: Data, path: String) {
        let first = data.prefix(512)
        if let kind = first.withUnsafeBytes({ FileKind($0) }) {
            if kind == .safetensors || kind == .binary { return nil }
            name = kind.name
            if kind == .torch || kind == .pickle { conversion = Self.torchConversion(of: path) }
        } else {
            guard let line = Self.firstLine([UInt8](first)) else { return nil }
            name = "a text file that begins \(line.quoted)"
        }
    }

    /// The first line of a text; nil for anything else.
    private static func firstLine(_ first: [UInt8]) -> String? {
        let isText = first.allSatisfy { $0 >= 32 && $0 != 127 || (9...13).contains($0) }
        let line = first.prefix { $0 != 10 && $0 != 13 }
        // The last character may be incomplete.
        guard isText, !line.isEmpty,
            let text = String(bytes: line, encoding: .utf8) ?? String(bytes: line.dropLast(3), encoding: .utf8)
        else { return nil }
        return text
    }

    private static func torchConversion(of path: String) -> String {
        let name = (path as NSString).lastPathComponent
        let file = name.contains("'") || name.contains("\"") ? "FILE" : name
        let out = (file as NSString).deletingPathExtension + ".safetensors"
        return "python3 -c \"import torch; from safetensors.torch import save_file; "
            + "save_file(torch.load('\(file)', map_location='cpu', weights_only=True), '\(out)')\""
    }

    /// For an error's `expected`.
    var expected: String { "a safetensors file" + (conversion.map { "; this makes one of a state_dict: \($0)" } ?? "") }
}

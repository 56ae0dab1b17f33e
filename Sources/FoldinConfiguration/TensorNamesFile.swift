import FoldinInteractions
import FoldinSupport
import Foundation
import TOMLKit

/// Names of tensors from a TOML file: the name in Foldin's model file for each name in the `state_dict` of another program.
///
///     "q_layers.0.weight" = "encode.q_layers.linear_0.weight"
///     "num_batches" = ""                                        # left out
///
/// Quotes around the left side may be omitted, and a table's name may replace the beginning of names.
public struct TensorNamesFile: Sendable {
    /// The path of the file.
    public let path: String
    /// Foldin's name by the other program's name; empty for a tensor that is left out.
    public let names: [String: String]

    /// Reads a file.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, or of kind `badData` for text that is not TOML (with the line) or a value that is not text.
    public init(contentsOf path: String) throws {
        let expected = "lines such as \"q_layers.0.weight\" = \"encode.q_layers.linear_0.weight\""
        let data = try MappedFile.data(at: path, expected: "tensor names in a TOML file")
        guard let text = String(data: data, encoding: .utf8) else {
            throw FoldinError(.badData, file: path, found: "bytes that are not UTF-8", expected: expected)
        }
        var names: [String: String] = [:]
        func collect(_ table: TOMLTable, _ prefix: String) throws {
            for key in table.keys {
                let value = table[key]
                if let inner = value?.table {
                    try collect(inner, prefix + key + ".")
                } else if let name = value?.string {
                    names[prefix + key] = name
                } else {
                    throw FoldinError(
                        .badData, file: path, found: "\(prefix + key) with a value that is not text", expected: expected)
                }
            }
        }
        do {
            try collect(TOMLTable(string: text), "")
        } catch let error as TOMLParseError {
            throw FoldinError(
                .badData, file: path, line: error.source.begin.line, found: "text that is not TOML: \(error.description)",
                expected: expected)
        }
        guard !names.isEmpty else { throw FoldinError(.badData, file: path, found: "no names", expected: expected) }
        self.path = path
        self.names = names
    }
}

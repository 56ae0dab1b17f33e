import FoldinInteractions
import Foundation
import TOMLKit

/// Names of tensors from a TOML file: the article's name by the name that a `state_dict` of another make has.
///
///     "q_layers.0.weight" = "encode.q_layers.linear_0.weight"
///     "num_batches" = ""                                        # left out
///
/// Quotes around the left side may be left out, and tables may stand for the beginning of names.
public struct TensorNamesFile: Sendable {
    public let path: String
    /// The article's name by the file's name; empty for a tensor that is left out.
    public let names: [String: String]

    /// Reads a file.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, or `badData` with the line for what is no TOML or no text.
    public init(contentsOf path: String) throws {
        let expected = "lines such as \"q_layers.0.weight\" = \"encode.q_layers.linear_0.weight\""
        let data = try MappedFile.data(at: path, expected: "tensor names in a TOML file")
        guard let text = String(data: data, encoding: .utf8) else {
            throw FoldinError(.badData, file: path, found: "bytes that are no UTF-8", expected: expected)
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
                        .badData, file: path, found: "\(prefix + key) with a value that is no text", expected: expected)
                }
            }
        }
        do {
            try collect(TOMLTable(string: text), "")
        } catch let error as TOMLParseError {
            throw FoldinError(
                .badData, file: path, line: error.source.begin.line, found: "what TOML cannot be: \(error.description)",
                expected: expected)
        }
        guard !names.isEmpty else { throw FoldinError(.badData, file: path, found: "no names", expected: expected) }
        self.path = path
        self.names = names
    }
}

import FoldinInteractions
import FoldinSupport
import FoldinTraining
import Foundation
import TOMLKit

/// Training options from a TOML file, whose top level has the names of the flags without dashes, and `preset`.
///
///     preset = "liang-vae"
///     hidden = [600, 300]
///     learning-rate = 5e-4
///
/// Every option that `TrainingPlan` declares is a key.
public struct OptionsFile: Sendable {
    /// One setting of the file.
    public struct Setting: Sendable, Equatable {
        /// The option's name.
        public let name: String
        /// The value as `TrainingPlan.set` reads it: a list is joined by commas.
        public let text: String
        /// The line in the file, from 1.
        public let line: Int
    }

    /// The path of the file.
    public let path: String
    /// All settings but the preset, in the order of their lines.
    public let settings: [Setting]
    /// The preset that the settings override; nil if the file names none.
    public let preset: String?

    /// Reads a file.
    ///
    /// Names and values are checked by `apply(to:)`.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, or of kind `badData` with the line for text that is not TOML or a value that is neither a
    ///   text, a number nor a list of them.
    public init(contentsOf path: String) throws {
        let data = try MappedFile.data(at: path, expected: "options in a TOML file")
        guard let text = String(data: data, encoding: .utf8) else {
            throw FoldinError(.badData, file: path, found: "bytes that are not UTF-8", expected: "options in a TOML file")
        }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw FoldinError(
                .badData, file: path, line: error.source.begin.line, found: "text that is not TOML: \(error.description)",
                expected: "lines such as latent = 200")
        }
        self.path = path
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let all = try table.keys.map { name in
            // TOML's parser does not give the line of a value.
            let line = lines.firstIndex { OptionsFile.key(of: $0) == name }.map { $0 + 1 }
            guard let value = OptionsFile.text(of: table[name]) else {
                let type = table[name]?.type.description ?? "nothing"
                throw FoldinError(
                    .badData, file: path, line: line ?? lines.firstIndex { $0.contains("[\(name)") }.map { $0 + 1 },
                    found: "\(name) as \(type.first.map { "aeiou".contains($0) } == true ? "an" : "a") \(type)",
                    expected: "a text, a number or a list of numbers")
            }
            return Setting(name: name, text: value, line: line ?? 1)
        }.sorted { ($0.line, $0.name) < ($1.line, $1.name) }
        preset = all.first { $0.name == "preset" }?.text
        settings = all.filter { $0.name != "preset" }
    }

    /// Sets the options of the file in `plan`. The preset is not applied: call `TrainingPlan.apply(preset:)` before.
    ///
    /// - Throws: `FoldinError` of kind `badData` with the line, for an unknown name or an invalid value.
    public func apply(to plan: inout TrainingPlan) throws {
        for setting in settings {
            do {
                try plan.set(setting.name, to: setting.text)
            } catch let error as FoldinError {
                throw FoldinError(.badData, file: path, line: setting.line, found: error.found, expected: error.expected)
            }
        }
    }

    /// The name before the equals sign; nil for a line without one.
    private static func key(of line: Substring) -> String? {
        line.firstIndex(of: "=").map { line[..<$0].trimmingCharacters(in: .whitespaces.union(["\"", "'"])) }
    }

    private static func text(of value: TOMLValueConvertible?) -> String? {
        if let text = value?.string { return text }
        if let number = value?.int { return String(number) }
        if let number = value?.double { return String(number) }
        guard let array = value?.array else { return nil }
        let elements = array.map { $0.array == nil ? text(of: $0) : nil }
        guard !elements.contains(nil) else { return nil }
        return elements.isEmpty ? "none" : elements.compactMap { $0 }.joined(separator: ",")
    }
}

import Foldin
import FoldinSupport
import Foundation

/// A file that recommendations are written to.
struct RecommendationFile {
    let path: String
    /// CSV or JSON lines; CSV for a table.
    let format: RecommendCommand.Format
    /// Whether it is a Parquet file.
    let isTable: Bool

    /// - Parameters:
    ///   - path: the file.
    ///   - format: the format of `--format`, which the ending of the file's name must not contradict.
    /// - Throws: `FoldinError` of kind `usage`.
    init(_ path: String, _ format: RecommendCommand.Format) throws {
        self.path = path
        let known: [String: RecommendCommand.Format] = ["parquet": .csv, "csv": .csv, "jsonl": .jsonLines, "ndjson": .jsonLines]
        let ending = (path as NSString).pathExtension.lowercased()
        isTable = ending == "parquet"
        guard let named = known[ending] ?? (format == .text ? nil : format) else {
            throw FoldinError(
                .usage, file: path, found: ending.isEmpty ? "a name without an ending" : "the ending .\(ending)",
                expected: ".parquet, .csv, .jsonl, or --format csv or json-lines")
        }
        guard format == .text || format == named, format == .text || !isTable else {
            throw FoldinError(
                .usage, file: path, found: "--format \(format.rawValue) for a file of another format", expected: "one of them")
        }
        self.format = named
    }

    /// Writes the lines that `body` gives to its argument, completely or not at all.
    ///
    /// - Parameters:
    ///   - ids: the ids of the items; a table has whole numbers if all are spelled as such.
    ///   - users: the users, for the same; nil for one without an id.
    ///   - body: gives lines without their ends.
    func write(ids: Vocabulary, users: Histories?, _ body: (_ write: @escaping (String) throws -> Void) throws -> Void) throws {
        guard isTable else {
            try AtomicFile.writeTexts(to: path) { write in try body { try write($0 + "\n") } }
            return
        }
        func isInteger(_ id: String) -> Bool { Int64(id).map { "\($0)" == id } ?? false }
        let hasIntegerUsers =
            users.map { users in (0..<users.count).allSatisfy { users[$0].user.map(isInteger) ?? true } } ?? true
        let columns = [
            ("user", hasIntegerUsers ? "BIGINT" : "VARCHAR"), ("rank", "INTEGER"),
            ("item", ids.ids.allSatisfy(isInteger) ? "BIGINT" : "VARCHAR"), ("score", "FLOAT"), ("title", "VARCHAR"),
        ]
        try DuckDB.writeParquet(to: path, columns: columns.map { (name: $0.0, type: $0.1) }) { write in
            try body { write($0 + "\n") }
        }
    }
}

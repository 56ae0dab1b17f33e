import Foundation

/// DuckDB, by which tables are read as CSV and written: its command, or its Python package, which also reads Arrow files.
///
/// Neither is a part of Foldin. It is looked for when a table is first met.
package struct DuckDB: Sendable {
    /// A column of a table and its type in SQL.
    package struct Column: Sendable, Equatable, Decodable {
        package let name: String
        let type: String
        /// The name in the header, if it is another one.
        private var alias: String?

        /// The same column with another name in the header.
        package func named(_ alias: String) -> Column {
            var column = self
            column.alias = alias
            return column
        }

        /// Whether it can be read: not a structure, a map or bytes. Of a list each element is a row.
        package var isReadable: Bool {
            !["STRUCT", "MAP", "UNION", "BLOB", "BIT"].contains { type.hasPrefix($0) } && (!type.hasSuffix("]") || isList)
        }

        /// Whether each row has many values.
        private var isList: Bool { type.hasSuffix("[]") && !type.dropLast(2).hasSuffix("]") && !type.contains("(") }

        /// Whether the values are whole numbers.
        package var isInteger: Bool { ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"].contains { type == $0 || type == "U\($0)" } }

        /// The column in SQL: times as milliseconds since 1970, and a truth value as 0 or 1.
        var expression: String {
            let name = DuckDB.identifier(name)
            let value =
                if isList {
                    "unnest(\(name))"
                } else if type == "DATE" || type.hasPrefix("TIMESTAMP") {
                    "epoch_ms(\(name)\(type.hasPrefix("TIMESTAMP_") ? "::TIMESTAMP" : ""))"
                } else if type == "BOOLEAN" {
                    "\(name)::INTEGER"
                } else {
                    name
                }
            return "\(value) AS \(DuckDB.identifier(alias ?? self.name))"
        }
    }

    /// The program and its first arguments; the SQL follows, and the files of an Arrow table.
    private let command: [String]

    /// Finds DuckDB.
    ///
    /// - Parameter kind: the kind of table that is to be read.
    /// - Throws: `FoldinError` of kind `missingInput` that says what to install.
    package init(for kind: TableFile.Kind, path: String) throws {
        let environment = ProcessInfo.processInfo.environment
        if kind == .parquet, let named = environment["FOLDIN_DUCKDB"] ?? Self.program("duckdb", environment) {
            command = [named, "-init", "/dev/null", "-c"]
            return
        }
        let modules = kind == .parquet ? "duckdb" : "duckdb, pyarrow.dataset"
        if let python = Self.program("python3", environment), Self.imports(modules, python) {
            command = [python, "-c", Self.script]
            return
        }
        throw FoldinError(
            .missingInput, file: path,
            found: kind == .parquet ? "a Parquet file without DuckDB" : "an Arrow file without its Python packages",
            expected: kind == .parquet
                ? "the command duckdb, or python3 with the package duckdb: 'pip install duckdb-cli' installs the command"
                : "python3 with the packages duckdb and pyarrow: 'pip install duckdb pyarrow'")
    }

    /// Runs SQL; the files are those of a table of Arrow.
    private static let script = [
        "import sys, duckdb",
        "if len(sys.argv) > 2:",
        "    import pyarrow.dataset",
        "    arrow_files = pyarrow.dataset.dataset(sys.argv[2:], format='ipc')",
        "duckdb.execute(sys.argv[1])",
    ].joined(separator: "\n")

    private static func imports(_ modules: String, _ python: String) -> Bool {
        guard let child = try? ChildProcess([python, "-c", "import \(modules)"], for: python) else { return false }
        return (try? child.text()) != nil
    }

    /// The path of a program, which is looked for as a shell does.
    private static func program(_ name: String, _ environment: [String: String]) -> String? {
        (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func identifier(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    private static func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    private func start(_ sql: String, _ table: TableFile) throws -> ChildProcess {
        try ChildProcess(command + [sql] + (table.kind == .arrow ? table.files : []), for: table.path)
    }

    private func relation(_ table: TableFile) -> String {
        table.kind == .arrow ? "arrow_files" : "read_parquet([\(table.files.map(Self.literal).joined(separator: ", "))])"
    }

    /// The columns of a table.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a damaged file.
    package func columns(of table: TableFile) throws -> [Column] {
        // Names may hold anything: JSON keeps each on one line.
        let sql =
            "COPY (SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM \(relation(table)))) TO '/dev/stdout' (FORMAT json)"
        return try start(sql, table).text().split(separator: "\n").map {
            try JSONDecoder().decode(Column.self, from: Data($0.utf8))
        }
    }

    /// The rows of some columns as CSV with a header, in the order of the files.
    package func rows(of table: TableFile, _ columns: [Column]) throws -> ChildProcess {
        try start(
            "COPY (SELECT \(columns.map(\.expression).joined(separator: ", ")) FROM \(relation(table))) TO '/dev/stdout' (FORMAT csv, HEADER)",
            table)
    }

    /// Writes a Parquet file, completely or not at all.
    ///
    /// - Parameters:
    ///   - path: the file; one that exists is replaced, see ``AtomicFile``.
    ///   - columns: the names of the columns and their types in SQL.
    ///   - body: gives rows of CSV, without a header, to its argument.
    /// - Throws: `FoldinError` of kind `missingInput` without DuckDB, `cannotCreate`, `writeFailed`, and what `body` throws.
    package static func writeParquet(
        to path: String, columns: [(name: String, type: String)], _ body: (_ write: @escaping (String) -> Void) throws -> Void
    ) throws {
        let duckDB = try DuckDB(for: .parquet, path: path)
        let types = columns.map { "\(literal($0.name)): \(literal($0.type))" }.joined(separator: ", ")
        let sql =
            "COPY (SELECT * FROM read_csv('/dev/stdin', header = false, delim = ',', quote = '\"', escape = '\"', auto_detect = false, "
            + "columns = {\(types)})) TO '/dev/stdout' (FORMAT parquet)"
        try AtomicFile.write(to: path) { sink in
            let child = try ChildProcess(duckDB.command + [sql], for: path, isFed: true, writingTo: sink.descriptor)
            try body { text in
                var text = text
                text.withUTF8 { child.write(UnsafeRawBufferPointer($0)) }
            }
            try child.finish()
        }
    }
}

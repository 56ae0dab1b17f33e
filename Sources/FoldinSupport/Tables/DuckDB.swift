import CArrow
import CDuckDB
import Foundation

/// DuckDB, by which tables are read as CSV and written: its command, or its Python package, which also reads Arrow files; and its library, from which
/// the numbers of a Parquet file are taken without text.
///
/// None is a part of Foldin. They are looked for when a table is first met.
package struct DuckDB: Sendable {
    /// A column of a table and its type in SQL.
    package struct Column: Sendable, Equatable, Decodable {
        package let name: String
        let type: String
        /// The name in the header, if it is another one.
        private var alias: String?

        init(name: String, type: String) { (self.name, self.type) = (name, type) }

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

        /// Whether the values are whole numbers of up to 64 bits with a sign.
        package var isInteger: Bool { isNarrow || elementType == "BIGINT" || elementType == "UINTEGER" }
        /// Whether they are such of up to 32 bits.
        fileprivate var isNarrow: Bool { ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"].contains(elementType) }
        fileprivate var isNumber: Bool {
            isInteger || ["FLOAT", "DOUBLE", "BOOLEAN", "UBIGINT"].contains(elementType) || elementType.hasPrefix("DECIMAL")
        }
        fileprivate var isTime: Bool { type == "DATE" || type.hasPrefix("TIMESTAMP") }
        private var elementType: String { isList ? String(type.dropLast(2)) : type }

        /// The column in SQL: times as milliseconds since 1970, and a truth value as 0 or 1.
        var expression: String { "\(value) AS \(DuckDB.identifier(alias ?? name))" }

        fileprivate var value: String {
            let name = DuckDB.identifier(name)
            if isList { return "unnest(\(name))" }
            if isTime { return "epoch_ms(\(name)\(type.hasPrefix("TIMESTAMP_") ? "::TIMESTAMP" : ""))" }
            return type == "BOOLEAN" ? "\(name)::INTEGER" : name
        }
    }

    /// The program and its first arguments; the SQL follows, and the files of an Arrow table. Empty if there is the library only.
    private let command: [String]
    /// Whether its library serves for what can be read without text.
    package let hasLibrary: Bool

    /// Finds DuckDB.
    ///
    /// - Parameter kind: the kind of table that is to be read.
    /// - Throws: `FoldinError` of kind `missingInput` that says what to install.
    package init(for kind: TableFile.Kind, path: String) throws {
        let environment = ProcessInfo.processInfo.environment
        hasLibrary = kind == .parquet && foldin_duckdb_is_available()
        if kind == .parquet, let named = environment["FOLDIN_DUCKDB"] ?? Self.program("duckdb", environment) {
            command = [named, "-init", "/dev/null", "-c"]
            return
        }
        let modules = kind == .parquet ? "duckdb" : "duckdb, pyarrow.dataset"
        if let python = Self.program("python3", environment), Self.imports(modules, python) {
            command = [python, "-c", Self.script]
            return
        }
        if hasLibrary {
            command = []
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
        guard !command.isEmpty else {
            throw FoldinError(
                .missingInput, file: table.path, found: "a Parquet file that is read as text, with DuckDB's library alone",
                expected: "the command duckdb too: 'pip install duckdb-cli' installs it")
        }
        return try ChildProcess(command + [sql] + (table.kind == .arrow ? table.files : []), for: table.path)
    }

    private func relation(_ table: TableFile) -> String {
        table.kind == .arrow ? "arrow_files" : Self.relation(table.files[...])
    }

    /// The rows of Parquet files.
    private static func relation(_ files: ArraySlice<String>) -> String {
        "read_parquet([\(files.map(literal).joined(separator: ", "))])"
    }

    /// The columns of a table.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a damaged file.
    package func columns(of table: TableFile) throws -> [Column] {
        let names = "SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM \(relation(table)))"
        if hasLibrary {
            var columns: [Column] = []
            let stream = try query(names, table)
            try stream.withEachBatch { batch in
                let (texts, types) = (ArrowTexts(batch, 0), ArrowTexts(batch, 1))
                columns += (0..<Int(batch.length)).map { Column(name: texts[$0], type: types[$0]) }
            }
            return columns
        }
        // Names may hold anything: JSON keeps each on one line.
        return try start("COPY (\(names)) TO '/dev/stdout' (FORMAT json)", table).text().split(separator: "\n").map {
            try JSONDecoder().decode(Column.self, from: Data($0.utf8))
        }
    }

    /// The rows of some columns as CSV with a header, in the order of the files.
    package func rows(of table: TableFile, _ columns: [Column]) throws -> ChildProcess {
        try start(
            "COPY (SELECT \(columns.map(\.expression).joined(separator: ", ")) FROM \(relation(table))) TO '/dev/stdout' (FORMAT csv, HEADER)",
            table)
    }

    /// The rows of ids, a rating and a time from DuckDB's library, in parts that follow each other; nil without the library, or if a column is of a
    /// type that has to be read as text.
    ///
    /// Ids become whole numbers or texts, ratings floats, and times whole numbers: milliseconds if they are times or dates.
    ///
    /// - Parameter count: the most parts, each of which may be read by a thread of its own.
    package func numbers(
        of table: TableFile, user: Column, item: Column, rating: Column?, time: Column?, parts count: Int
    ) throws -> [ArrowBatches]? {
        guard hasLibrary, rating?.isNumber ?? true, time.map({ $0.isInteger || $0.isTime }) ?? true else { return nil }
        func selected(_ column: Column, as type: String) -> String {
            "(\(column.value))::\(type) AS \(DuckDB.identifier(column.name))"
        }
        let columns =
            [user, item].map { selected($0, as: $0.isInteger ? ($0.isNarrow ? "INTEGER" : "BIGINT") : "VARCHAR") }
            + [rating].compactMap { $0 }.map { selected($0, as: "FLOAT") }
            + [time].compactMap { $0 }.map { selected($0, as: "BIGINT") }
        let hasNumbers = [user, item, rating, time].contains { $0?.name == "file_row_number" }
        return try parts(of: table, count, hasNumbers: hasNumbers).map { part in
            let batches = try query("SELECT \(columns.joined(separator: ", ")) FROM \(part.relation)", table)
            batches.firstRow = part.firstRow
            return batches
        }
    }

    /// Divides the rows of a table: a file by the numbers of its rows, unless a column has the name of these; several files by their number.
    private func parts(of table: TableFile, _ count: Int, hasNumbers: Bool) throws -> [(relation: String, firstRow: Int)] {
        func rows(_ relation: String) throws -> Int {
            var number = 0
            try query("SELECT count(*)::BIGINT AS rows FROM \(relation)", table).withEachBatch { batch in
                number = Int(batch.children?[0]?.pointee.buffers?[1]?.load(as: Int64.self) ?? 0)
            }
            return number
        }
        let all = relation(table)
        let total = try rows(all)
        // Below a million rows a second thread is not worth its start.
        let parts = min(count, max(1, total >> 20), table.files.count > 1 ? table.files.count : count)
        guard parts > 1, !hasNumbers else { return [(all, 0)] }
        if table.files.count == 1 {
            let numbered = "\(all.dropLast()), file_row_number = true)"
            return (0..<parts).map { part in
                let (start, end) = (total * part / parts, total * (part + 1) / parts)
                return ("\(numbered) WHERE file_row_number >= \(start) AND file_row_number < \(end)", start)
            }
        }
        var found: [(relation: String, firstRow: Int)] = []
        var firstRow = 0
        for part in 0..<parts {
            let files = table.files[table.files.count * part / parts..<table.files.count * (part + 1) / parts]
            let relation = Self.relation(files)
            found.append((relation, firstRow))
            if part < parts - 1 { firstRow += try rows(relation) }
        }
        return found
    }

    private func query(_ sql: String, _ table: TableFile) throws -> ArrowBatches {
        var stream = ArrowArrayStream()
        var error: UnsafeMutablePointer<CChar>?
        defer { free(error) }
        guard foldin_duckdb_query(sql, &stream, &error) == 0 else {
            throw FoldinError(
                .badData, file: table.path, found: error.map { String(cString: $0) } ?? "a query that failed",
                expected: "a table that DuckDB can read")
        }
        return ArrowBatches(taking: &stream, path: table.path)
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

import FoldinInteractions
import FoldinSupport

/// The histories of many users, read from a file.
///
/// The layout is recognised by the contents unless it is given; `notes` states what was recognised.
public struct Histories: Sendable {
    /// The layouts of a file of histories.
    public enum Format: String, Sendable, CaseIterable {
        /// One history per line: ids separated by commas, tabs or blanks, see ``IdList``. A blank line is an empty history.
        case lines
        /// Rows of a user and an item below a header, separated by commas, tabs, semicolons or `|`: one history per user, in the order of
        /// the users' first rows.
        case csv
        /// One JSON value per line: an array of ids, or an object with `user` and `history` (or `items`).
        case jsonLines = "json-lines"
    }

    /// The items that one user liked.
    public struct History: Sendable, Equatable {
        /// The user's id; nil if the file has none.
        public let user: String?
        /// The number of the history's first line in the file, from 1.
        public let line: Int
        /// The item ids in the order of the file, including ids that the model does not know.
        public let ids: [String]
    }

    /// The layout of the file.
    public let format: Format
    /// How the file was read: sentences to show to a user.
    public private(set) var notes: [String] = []
    /// Whether any history has a user id.
    public private(set) var hasUsers = false

    private let items: Vocabulary
    private var users: [String?] = []
    private var lines: [Int] = []
    /// The items of each history: indices, or `-1 - n` for the unknown id `unknown[n]`.
    private var rows: [[Int32]] = []
    private var unknown: [String] = []

    /// Reads the histories in the file `path`; `-` is standard input.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - format: the layout; recognised if nil.
    ///   - items: the ids that the model knows.
    /// - Throws: `FoldinError` of kind `missingInput`; of kind `badData` with the line for invalid contents, and with a reason for a file
    ///   that can be read in more than one layout.
    public init(contentsOf path: String, as format: Format? = nil, known items: Vocabulary) throws {
        if let table = try TableFile(path) {
            try self.init(table, items)
            return
        }
        let file = try MappedFile(contentsOf: path)
        self = try file.withBytes { bytes in
            let lines = TextLines(bytes, of: path)
            return try Histories(lines, path, try format ?? HistoryLayout(lines, path, items).format, items)
        }
    }

    /// The number of histories.
    public var count: Int { rows.count }

    /// The number of ids in all histories, duplicates included.
    public var idCount: Int { rows.reduce(0) { $0 + $1.count } }

    /// The history at a place, from 0.
    public subscript(index: Int) -> History {
        let ids = rows[index].map { $0 >= 0 ? items[Int($0)] : unknown[-1 - Int($0)] }
        return History(user: users[index], line: lines[index], ids: ids)
    }

    private init(_ lines: TextLines, _ path: String, _ format: Format, _ items: Vocabulary) throws {
        self.format = format
        self.items = items
        let how =
            switch format {
            case .lines: try readLines(lines, path)
            case .csv: try readRows(lines, path)
            case .jsonLines: try readJSON(lines, path)
            }
        try finish(path, how)
    }

    /// Adds the note about what was read.
    private mutating func finish(_ path: String, _ how: String) throws {
        hasUsers = users.contains { $0 != nil }
        guard !rows.isEmpty else {
            throw FoldinError(.badData, file: path, found: "an empty file", expected: "one history per line")
        }
        let (histories, ids) = (count == 1 ? "1 history" : "\(count) histories", idCount == 1 ? "1 id" : "\(idCount) ids")
        notes.insert("read as \(how): \(histories), \(ids)", at: 0)
    }

    /// The index of a known id; the code of a new unknown id otherwise, see `rows`.
    private mutating func code(of id: String) -> Int32 {
        if let index = items.index(of: id) { return Int32(index) }
        unknown.append(id)
        return -Int32(unknown.count)
    }

    private mutating func append(_ user: String?, _ line: Int, _ ids: [String]) {
        users.append(user)
        lines.append(line)
        let row = ids.map { code(of: $0) }
        rows.append(row)
    }
}

/// One reader for each layout; it appends the histories and returns a description of the layout.
extension Histories {
    private mutating func readLines(_ lines: TextLines, _ path: String) throws -> String {
        var blankLines: [Int] = []
        var oneIds: [String] = []
        var splitIds: [String] = []
        try lines.forEachLine { number, line in
            // Blank lines at the end are not histories.
            if TextLines.isBlank(line) {
                blankLines.append(number)
                return true
            }
            for blank in blankLines { append(nil, blank, []) }
            blankLines.removeAll()
            do throws(IdField.Fault) {
                let list = try IdList(line: line, known: items)
                append(nil, number, list.ids)
                if list.isOneId { oneIds += list.ids }
                splitIds += list.splitIds
            } catch {
                throw error.error(.badData, file: path, line: number, in: line)
            }
            return true
        }
        if !oneIds.isEmpty {
            notes.append("read as one id each: \(oneIds.quoted(first: 3)); put ids with commas in double quotes")
        }
        if !splitIds.isEmpty {
            notes.append("split at commas: \(splitIds.quoted(first: 3)); put ids with commas in double quotes")
        }
        return "lines, one history per line"
    }

    private mutating func readRows(_ lines: TextLines, _ path: String) throws -> String {
        var rows = RowPlaces()
        try readRows(lines, path, &rows)
        guard let columns = rows.columns else { return "csv" }
        if columns.names.count > 2 { notes.append("all rows count as liked; only these two columns are read") }
        return "csv, rows of the columns \(columns.names[columns.user].quoted) and \(columns.names[columns.item].quoted)"
    }

    /// What is known while rows are read.
    private struct RowPlaces {
        var columns: HistoryColumns?
        /// The history of each user id.
        var histories: [[UInt8]: Int] = [:]
        /// The number of the line before the next one to be read.
        var line = 0
    }

    /// Reads rows, the first of which is the header if the columns are not known yet.
    private mutating func readRows(_ lines: TextLines, _ path: String, _ rows: inout RowPlaces) throws {
        let before = rows.line
        try lines.forEachLine { place, line in
            let number = before + place
            rows.line = number
            if TextLines.isBlank(line) { return true }
            guard let columns = rows.columns else {
                rows.columns = try Self.columns(lines, path, items)
                return true
            }
            let fields: [IdField]
            do throws(IdField.Fault) {
                fields = try IdField.split(line) { $0 == columns.delimiter }
            } catch {
                throw error.error(.badData, file: path, line: number, in: line)
            }
            guard fields.count > max(columns.user, columns.item), !fields[columns.user].id.isEmpty,
                !fields[columns.item].id.isEmpty
            else {
                let text = String(decoding: line.prefix(60), as: UTF8.self).escapedForTerminal
                throw FoldinError(
                    .badData, file: path, line: number, found: "'\(text)'",
                    expected: "a user in column \(columns.user + 1) and an item in column \(columns.item + 1)")
            }
            let user = fields[columns.user].id
            let key = Array(user.utf8)
            if rows.histories[key] == nil {
                rows.histories[key] = self.rows.count
                append(user, number, [])
            }
            let item = code(of: fields[columns.item].id)
            if let place = rows.histories[key] { self.rows[place].append(item) }
            return true
        }
    }

    /// Reads the histories of a table: rows of a user and an item, or of a user and a list of items. A few megabytes of it are in memory.
    private init(_ table: TableFile, _ items: Vocabulary) throws {
        format = .csv
        self.items = items
        let engine = try DuckDB(for: table.kind, path: table.path)
        let all = try engine.columns(of: table).filter(\.isReadable)
        func known(_ names: [String]) -> [DuckDB.Column] { all.filter { names.contains(HistoryColumns.normalized($0.name)) } }
        let named = known(HistoryColumns.itemNames)
        let columns =
            known(HistoryColumns.userNames)
            + (named.isEmpty ? known(["history", "items"]).prefix(1).map { $0.named("item") } : named)
        guard columns.count > 1 else {
            throw FoldinError(
                .badData, file: table.path, found: "the columns \(all.map(\.name).quoted(first: 10))",
                expected: "a user and an item column, such as user and item")
        }
        // The header is not one of the table's rows.
        var rows = RowPlaces(line: -1)
        try engine.rows(of: table, columns).forEachStretch(pieceSize: 16 << 20, path: table.path) { stretch in
            try readRows(TextLines(stretch, of: table.path), table.path, &rows)
        }
        try finish(table.path, "\(table.kind.rawValue), rows of \(columns.map(\.name).joined(separator: " and "))")
    }

    /// The user and item columns by the file's header.
    private static func columns(_ lines: TextLines, _ path: String, _ items: Vocabulary) throws -> HistoryColumns {
        try lines.withSample { sample in
            guard let (number, header) = sample.first else {
                throw FoldinError(
                    .badData, file: path, found: "an empty file", expected: "a header with a user and an item column")
            }
            guard let columns = HistoryColumns(header: header, sample: sample.dropFirst().map(\.line)[...], known: items) else {
                let text = String(decoding: header.prefix(80), as: UTF8.self).escapedForTerminal
                throw FoldinError(
                    .badData, file: path, line: number, found: "'\(text)'",
                    expected: "a header with a user and an item column, such as user,item")
            }
            return columns
        }
    }

    private mutating func readJSON(_ lines: TextLines, _ path: String) throws -> String {
        var others: [String] = []
        try lines.forEachLine { number, line in
            if TextLines.isBlank(line) { return true }
            do throws(JSONHistory.Fault) {
                let history = try JSONHistory(line)
                append(history.user, number, history.ids)
                for name in history.otherMembers where !others.contains(name) { others.append(name) }
            } catch {
                throw FoldinError(.badData, file: path, line: number, found: error.found, expected: error.expected)
            }
            return true
        }
        if !others.isEmpty { notes.append("members that are ignored: \(others.quoted(first: 3))") }
        return "json-lines"
    }
}

import FoldinInteractions
import FoldinSupport

/// What many people liked, read from a file.
///
/// The layout is recognised by the contents unless it is given; `notes` says what was found.
public struct Histories: Sendable {
    /// The layouts of a file of histories.
    public enum Format: String, Sendable, CaseIterable {
        /// A history a line: ids separated by commas, tabs or blanks, see `IdList`. A blank line is an empty history.
        case lines
        /// Rows of a user and an item below a header, separated by commas, tabs, semicolons or `|`; a history for each user, in the order
        /// of their first rows.
        case csv
        /// A JSON value a line: an array of ids, or an object with `user` and `history` (or `items`).
        case jsonLines = "json-lines"
    }

    /// What one person liked.
    public struct History: Sendable, Equatable {
        /// The person's id, where the file has one.
        public let user: String?
        /// The line of the file, from 1; of several the first.
        public let line: Int
        /// The item ids in the order of the file, known to the model or not.
        public let ids: [String]
    }

    /// The layout that was read.
    public let format: Format
    /// How the file was read, for people: one sentence each.
    public private(set) var notes: [String] = []
    /// Whether the histories have user ids.
    public private(set) var hasUsers = false

    private let items: Vocabulary
    private var users: [String?] = []
    private var lines: [Int] = []
    /// Of each history its items: indices, or -1 - n for the unknown id n.
    private var rows: [[Int32]] = []
    private var unknown: [String] = []

    /// Reads the histories in the file `path`; `-` is standard input.
    ///
    /// - Parameters:
    ///   - format: how to read it; recognised when nil.
    ///   - items: the ids that the model knows.
    /// - Throws: `FoldinError`: `missingInput`; `badData` with the line for what cannot be read, and for a file that may be meant
    ///   in more than one way.
    public init(contentsOf path: String, as format: Format? = nil, known items: Vocabulary) throws {
        let file = try MappedFile(contentsOf: path)
        self = try file.withBytes { bytes in
            let lines = TextLines(bytes, of: path)
            return try Histories(lines, path, try format ?? HistoryLayout(lines, path, items).format, items)
        }
    }

    public var count: Int { rows.count }

    /// The ids that were read, repeats included.
    public var idCount: Int { rows.reduce(0) { $0 + $1.count } }

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
        hasUsers = users.contains { $0 != nil }
        guard !rows.isEmpty else {
            throw FoldinError(.badData, file: path, found: "an empty file", expected: "a history a line")
        }
        let (histories, ids) = (count == 1 ? "1 history" : "\(count) histories", idCount == 1 ? "1 id" : "\(idCount) ids")
        notes.insert("read as \(how): \(histories), \(ids)", at: 0)
    }

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

/// The layouts: each reader appends the histories and says how it read.
extension Histories {
    private mutating func readLines(_ lines: TextLines, _ path: String) throws -> String {
        var blankLines: [Int] = []
        var oneIds: [String] = []
        var splitIds: [String] = []
        try lines.forEachLine { number, line in
            // Blank lines at the end are no histories.
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
            notes.append("taken as one id each: \(oneIds.quoted(first: 3)); put ids with commas in double quotes")
        }
        if !splitIds.isEmpty {
            notes.append("split at commas: \(splitIds.quoted(first: 3)); put ids with commas in double quotes")
        }
        return "lines, a history a line"
    }

    private mutating func readRows(_ lines: TextLines, _ path: String) throws -> String {
        var columns: HistoryColumns?
        var places: [[UInt8]: Int] = [:]
        try lines.forEachLine { number, line in
            if TextLines.isBlank(line) { return true }
            guard let columns else {
                columns = try Self.columns(lines, path, items)
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
            if places[key] == nil {
                places[key] = rows.count
                append(user, number, [])
            }
            let item = code(of: fields[columns.item].id)
            if let place = places[key] { rows[place].append(item) }
            return true
        }
        guard let columns else { return "csv" }
        if columns.names.count > 2 { notes.append("all rows count as liked; columns but these two are not looked at") }
        return "csv, rows of the columns \(columns.names[columns.user].quoted) and \(columns.names[columns.item].quoted)"
    }

    /// The columns that the file's first line names.
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
        if !others.isEmpty { notes.append("members that are not looked at: \(others.quoted(first: 3))") }
        return "json-lines"
    }
}

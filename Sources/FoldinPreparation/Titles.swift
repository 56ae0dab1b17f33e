import FoldinInteractions
import Foundation

/// Titles by raw item id.
public struct Titles: Sendable {
    /// The file they came from, if any.
    public let source: PreparationRecord.Source?
    /// The column or key that holds the ids, if it has a name, such as `parent_asin`.
    public private(set) var idName: String?
    private var ids = IdTable()
    private var titles: [String] = []

    /// Titles that are at hand already.
    public init(_ titles: [String: String]) {
        source = nil
        for (id, title) in titles.sorted(by: { $0.key < $1.key }) { add(Array(id.utf8), title) }
    }

    /// Reads a file of titles: MovieLens's `movies.csv`, `movies.dat` or `u.item`, RecBole's `.item`, Netflix's `movie_titles.csv`, Amazon's
    /// metadata or other JSON lines, or any delimited file. Any of them may be compressed with gzip; `-` is standard input.
    ///
    /// - Parameters:
    ///   - id: the column or key of the item ids; recognised by its name if nil.
    ///   - title: the column or key of the titles, likewise.
    ///   - encoding: nil for UTF-8, with ISO-8859-1 for each line that is not valid UTF-8.
    ///   - delimiter: what separates columns; recognised if nil.
    ///
    /// Columns may be numbers from 1; without a header give both so. Of an id that comes twice the first title counts. Throws `FoldinError` of
    /// kind `missingInput` or, with the line, `badData`, also if the columns cannot be known.
    public init(
        contentsOf path: String, id: DelimitedColumns.Column? = nil, title: DelimitedColumns.Column? = nil,
        encoding: TextEncoding? = nil, delimiter: String? = nil
    ) throws {
        let file = try MappedFile(contentsOf: path)
        var bytes: [UInt8] = []
        func check(_ bytes: UnsafeRawBufferPointer) throws {
            guard let finding = FileSignature.finding(bytes) else { return }
            throw FoldinError(.badData, file: path, found: finding.name, expected: finding.advice)
        }
        try file.withBytes(check)
        try LineSource(file).forEachStretch { bytes.append(contentsOf: $0) }
        try bytes.withUnsafeBytes(check)
        source = PreparationRecord.Source(
            name: (path as NSString).lastPathComponent, sha256: file.withBytes(Checksum.sha256), format: "titles")
        let lines = Self.lines(of: bytes, encoding)
        guard let first = lines.first(where: { !$0.isBlank }) else {
            throw FoldinError(.badData, file: path, found: "an empty file", expected: "an item id and a title a line")
        }
        let start = first.drop { $0 == 32 || $0 == 9 }.first
        if start == UInt8(ascii: "{"), delimiter == nil {
            try readJSON(lines, id, title, path)
        } else if start == UInt8(ascii: "["), delimiter == nil {
            throw FoldinError(
                .badData, file: path, line: 1, found: "a JSON array",
                expected: "one JSON object per line; jq -c '.[]' writes an array so")
        } else {
            let columns = try TitleColumns(first, id, title, delimiter, path)
            idName = columns.idName
            try readColumns(lines, columns, path)
        }
        guard !titles.isEmpty else {
            throw FoldinError(.badData, file: path, found: "no titles", expected: "at least one item with an id and a title")
        }
    }

    public var count: Int { titles.count }

    /// The title of an item, or nil if it is not known.
    public subscript(id: String) -> String? {
        var table = ids
        var id = id
        let code = id.withUTF8 { table.code(of: UnsafeRawBufferPointer($0)) }
        return Int(code) < titles.count ? titles[Int(code)] : nil
    }

    /// The titles of many items, nil where one is not known.
    func titles(of wanted: [String]) -> [String?] {
        var table = ids
        return wanted.map { id in
            var id = id
            let code = Int(id.withUTF8 { table.code(of: UnsafeRawBufferPointer($0)) })
            return code < titles.count ? titles[code] : nil
        }
    }

    /// Lines in UTF-8 without line ends.
    private static func lines(of bytes: [UInt8], _ encoding: TextEncoding?) -> [[UInt8]] {
        bytes.split(separator: 10, omittingEmptySubsequences: false).map { line in
            let line = line.last == 13 ? line.dropLast() : line
            if let encoding { return encoding.utf8(line) }
            return String(validating: line, as: UTF8.self) == nil ? TextEncoding.latin1.utf8(line) : Array(line)
        }
    }

    private mutating func add(_ id: [UInt8], _ title: String) {
        let trimmed = id.drop { $0 == 32 || $0 == 9 }.reversed().drop { $0 == 32 || $0 == 9 }.reversed()
        let code = Array(trimmed).withUnsafeBytes { ids.code(of: $0) }
        if Int(code) == titles.count { titles.append(title) }
    }

    private mutating func readColumns(_ lines: [[UInt8]], _ columns: TitleColumns, _ path: String) throws {
        var isHeader = columns.hasHeader
        var place = 0
        while place < lines.count {
            let start = place
            let record = columns.record(lines, &place)
            if record.isBlank { continue }
            if isHeader {
                isHeader = false
                continue
            }
            let fields = columns.fields(record)
            guard fields.count > max(columns.item, columns.title), !fields[columns.item].isBlank else {
                throw FoldinError(
                    .badData, file: path, line: start + 1, found: "'\(String(decoding: record.prefix(60), as: UTF8.self))'",
                    expected: "an item id in column \(columns.item + 1) and a title in column \(columns.title + 1)")
            }
            add(fields[columns.item], String(decoding: fields[columns.title], as: UTF8.self))
        }
    }

    private mutating func readJSON(
        _ lines: [[UInt8]], _ id: DelimitedColumns.Column?, _ title: DelimitedColumns.Column?, _ path: String
    ) throws {
        func names(_ column: DelimitedColumns.Column?) throws -> [String]? {
            switch column {
            case .name(let name): return [name]
            case .number(let number):
                throw FoldinError(
                    .usage, file: path, found: "the column number \(number) for JSON lines", expected: "a key, such as title")
            case nil: return nil
            }
        }
        var idNames = try names(id)
        var titleNames = try names(title)
        for (index, line) in lines.enumerated() where !line.isBlank {
            var values: [String: [UInt8]] = [:]
            do {
                try line.withUnsafeBytes { bytes in
                    var object = JSONLine(bytes)
                    try object.forEachMember { (key, value) throws(RowFault) in
                        try Self.collect(key, value, bytes, prefix: "", into: &values)
                    }
                }
            } catch let fault as RowFault {
                throw fault.error(file: path, line: index + 1)
            }
            if idNames == nil || titleNames == nil {
                let keys = values.keys.sorted()
                func known(_ names: [String]) -> [String]? { ColumnNames.place(of: names, in: keys).map { [keys[$0]] } }
                // The first object that has both names settles them.
                guard let item = idNames ?? known(ColumnNames.titleKeys), let text = titleNames ?? known(ColumnNames.title) else {
                    if known(ColumnNames.titleKeys) != nil { continue }
                    throw FoldinError(
                        .badData, file: path, line: index + 1,
                        found: "an object with " + keys.prefix(20).map { "'\($0.prefix(40))'" }.joined(separator: ", "),
                        expected: "keys known for an item and its title; --title-id-column and --title-column name them")
                }
                (idNames, titleNames) = (item, text)
            }
            guard let item = idNames?.lazy.compactMap({ values[$0] }).first, !item.isBlank,
                let text = titleNames?.lazy.compactMap({ values[$0] }).first
            else { continue }
            add(item, String(decoding: text, as: UTF8.self))
        }
        idName = idNames?.first
    }

    /// Notes strings and numbers by their keys, those inside objects after a point.
    private static func collect(
        _ key: UnsafeRawBufferPointer, _ value: JSONLine.Value, _ line: UnsafeRawBufferPointer, prefix: String,
        into values: inout [String: [UInt8]]
    ) throws(RowFault) {
        let name = prefix + String(decoding: key, as: UTF8.self)
        switch value {
        case .string(let range, let hasEscapes):
            let bytes = UnsafeRawBufferPointer(rebasing: line[range])
            if values[name] == nil { values[name] = hasEscapes ? try JSONLine.unescaped(bytes) : Array(bytes) }
        case .word(let range):
            let isNumber = line[range].allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
            if isNumber, values[name] == nil { values[name] = Array(line[range]) }
        case .object(let range) where prefix.count < 60:
            var inner = JSONLine(line, at: range.lowerBound, end: range.upperBound)
            var found = values
            try inner.forEachMember { (key, value) throws(RowFault) in
                try collect(key, value, line, prefix: name + ".", into: &found)
            }
            values = found
        case .object, .array: break
        }
    }
}

extension Collection<UInt8> {
    fileprivate var isBlank: Bool { allSatisfy { $0 == 32 || $0 == 9 || $0 == 13 } }
}

extension ColumnNames {
    /// Names of item ids in a file of titles, where `id` can be nothing else.
    static let titleKeys = item + ["id"]
}

/// Where a titles file keeps ids and titles.
private struct TitleColumns {
    private var delimiter: Delimiter
    private(set) var hasHeader = false
    private(set) var item = 0
    private(set) var title = 1
    private(set) var idName: String?
    /// Whether the title goes on to the end of the line, delimiters included.
    private var takesRest = false

    init(
        _ first: [UInt8], _ id: DelimitedColumns.Column?, _ title: DelimitedColumns.Column?, _ delimiterText: String?,
        _ path: String
    ) throws {
        delimiter = try Delimiter(delimiterText ?? ",", file: path)
        var listed: [String] = []
        for text in delimiterText.map({ [$0] }) ?? ["::", "\t", ";", "|", ","] {
            delimiter = try Delimiter(text, file: path)
            let names = fields(first).map { String(decoding: $0, as: UTF8.self).trimmingBlanks }
            guard names.count >= 2 else { continue }
            if names.count > listed.count { listed = names }
            if try resolve(names, text, id, title, path) { return }
        }
        let shown = listed.prefix(20).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
        throw FoldinError(
            .badData, file: path, line: 1,
            found: listed.isEmpty ? "'\(String(decoding: first.prefix(60), as: UTF8.self))'" : "the columns \(shown)",
            expected:
                "columns known for an item and its title; --title-id-column and --title-column name them, or number them from 1")
    }

    /// Finds the columns in the first line; false if they cannot be known.
    private mutating func resolve(
        _ names: [String], _ delimiterText: String, _ id: DelimitedColumns.Column?, _ title: DelimitedColumns.Column?,
        _ path: String
    ) throws -> Bool {
        let isTyped = names.allSatisfy { $0.contains(":") && !$0.hasPrefix(":") && !$0.contains(" ") }
        let plain = isTyped ? names.map { String($0.prefix { $0 != ":" }) } : names
        func place(_ column: DelimitedColumns.Column?, _ known: [String]) -> Int? {
            switch column {
            case .number(let number): plain.indices.contains(number - 1) ? number - 1 : nil
            case .name(let name): plain.firstIndex(of: name) ?? ColumnNames.place(of: [ColumnNames.canonical(name)], in: plain)
            case nil: ColumnNames.place(of: known, in: plain)
            }
        }
        if case .number(let item) = id, case .number(let text) = title {
            guard plain.indices.contains(item - 1), plain.indices.contains(text - 1) else { return false }
            (self.item, self.title) = (item - 1, text - 1)
            // A header is one whose id or title column has a name that is known.
            hasHeader =
                ColumnNames.titleKeys.contains(ColumnNames.canonical(plain[item - 1]))
                || ColumnNames.title.contains(ColumnNames.canonical(plain[text - 1]))
            if hasHeader { idName = plain[item - 1] }
            return true
        }
        if let item = place(id, ColumnNames.titleKeys), let text = place(title, ColumnNames.title), item != text {
            (self.item, self.title, hasHeader, idName) = (item, text, true, plain[item])
            return true
        }
        guard id == nil, title == nil else { return false }
        let isNumbered = Int(names[0]) != nil
        switch delimiterText {
        case "::" where isNumbered: return true
        // MovieLens's u.item: number, title, dates, address and genres.
        case "|" where isNumbered && names.count >= 3: return true
        // Netflix's movie_titles.csv: number, year, title with its commas.
        case "," where isNumbered && names.count >= 3 && (names[1] == "NULL" || names[1].count == 4 && Int(names[1]) != nil):
            (self.title, takesRest) = (2, true)
            return true
        default: return false
        }
    }

    func fields(_ record: [UInt8]) -> [[UInt8]] {
        let fields = record.withUnsafeBytes { delimiter.fields(of: $0, allowsBackslash: true) }
        guard takesRest, fields.count > title else { return fields }
        let parts = record.split(separator: UInt8(ascii: ","), maxSplits: title, omittingEmptySubsequences: false)
        return fields[..<title] + [Array(parts[title])]
    }

    /// The record that begins at line `place`, and moves there past it: more lines while a quoted field is open, up to 64 KB. A quote that
    /// nobody closes is a character of its line.
    func record(_ lines: [[UInt8]], _ place: inout Int) -> [UInt8] {
        let first = lines[place]
        place += 1
        guard state(of: first) == .open else { return first }
        var record = first
        for next in place..<lines.count {
            record += [10] + lines[next]
            let state = state(of: record)
            if state == .malformed || record.count > 1 << 16 { break }
            if state == .whole {
                place = next + 1
                return record
            }
        }
        return first
    }

    private enum RecordState { case whole, open, malformed }

    /// Whether all quoted fields are closed, one is open at the end, or something follows a closing quote.
    private func state(of record: [UInt8]) -> RecordState {
        guard record.contains(34) else { return .whole }
        return record.withUnsafeBytes { bytes in
            var (isQuoted, isFieldStart) = (false, true)
            var place = 0
            while place < bytes.count {
                let byte = bytes[place]
                if isQuoted {
                    let isPair = place + 1 < bytes.count && bytes[place + 1] == 34 && (byte == 34 || byte == UInt8(ascii: "\\"))
                    place += isPair ? 2 : 1
                    guard byte == 34, !isPair else { continue }
                    isQuoted = false
                    while place < bytes.count, bytes[place] == 32, delimiter.count(in: bytes, at: place) == 0 { place += 1 }
                    if place < bytes.count, delimiter.count(in: bytes, at: place) == 0 { return .malformed }
                    continue
                }
                let count = delimiter.count(in: bytes, at: place)
                if byte == 34, isFieldStart { isQuoted = true }
                isFieldStart = count > 0 || isFieldStart && byte == 32
                place += max(1, count)
            }
            return isQuoted ? .open : .whole
        }
    }
}

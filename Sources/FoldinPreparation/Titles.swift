import FoldinInteractions
import FoldinSupport
import Foundation

/// Titles by raw item id.
public struct Titles: Sendable {
    /// The file, if the titles were read from one.
    public let source: PreparationRecord.Source?
    /// The path of that file.
    let path: String?
    /// The column or key that holds the ids, if it has a name, such as `parent_asin`.
    public private(set) var idName: String?
    private var ids = IdTable()
    private var titles: [String] = []

    /// Titles from memory.
    public init(_ titles: [String: String]) {
        (source, path) = (nil, nil)
        for (id, title) in titles.sorted(by: { $0.key < $1.key }) { add(Array(id.utf8), title) }
    }

    /// Reads a file of titles: MovieLens's `movies.csv`, `movies.dat` or `u.item`, RecBole's `.item`, Netflix's `movie_titles.csv`, Amazon's
    /// metadata or other JSON lines, or any delimited file. Any of them may be compressed with gzip; `-` is standard input.
    ///
    /// - Parameters:
    ///   - path: the file, or `-` for standard input.
    ///   - id: the column or key of the item ids; recognised by its name if nil.
    ///   - title: the column or key of the titles; recognised by its name if nil.
    ///   - encoding: nil for UTF-8, with ISO-8859-1 for each line that is not valid UTF-8.
    ///   - delimiter: what separates columns; recognised if nil.
    ///
    /// Columns may be numbers from 1; without a header both must be. If an id is repeated, the first title counts. Throws `FoldinError` of
    /// kind `missingInput` or, with the line, `badData`, also if the columns are not known.
    public init(
        contentsOf path: String, id: DelimitedColumns.Column? = nil, title: DelimitedColumns.Column? = nil,
        encoding: TextEncoding? = nil, delimiter: String? = nil
    ) throws {
        let file = try LineSource(path)
        var bytes: [UInt8] = []
        try file.forEachStretch { bytes.append(contentsOf: $0) }
        try bytes.withUnsafeBytes { try FileSignature.refuse($0, file: path) }
        self.path = path
        source = file.sources(format: "titles")[0]
        let lines = Self.lines(of: bytes, encoding)
        guard let first = lines.first(where: { !$0.isBlankLine }) else {
            throw FoldinError(.badData, file: path, found: "an empty file", expected: "one item id and title per line")
        }
        let start = first.drop { $0 == 32 || $0 == 9 }.first
        if start == UInt8(ascii: "{"), delimiter == nil {
            try readJSON(lines, id, title, path)
        } else if start == UInt8(ascii: "["), delimiter == nil {
            throw LayoutSample.jsonArray(in: path)
        } else {
            let columns = try TitleColumns(first, id, title, delimiter, path)
            idName = columns.idName
            try readColumns(lines, columns, path)
        }
        guard !titles.isEmpty else {
            throw FoldinError(.badData, file: path, found: "no titles", expected: "at least one item with an id and a title")
        }
    }

    /// The number of titles.
    public var count: Int { titles.count }

    /// The title of an item, or nil if it is not known.
    public subscript(id: String) -> String? {
        var table = ids
        var id = id
        let code = id.withUTF8 { table.code(of: UnsafeRawBufferPointer($0)) }
        return Int(code) < titles.count ? titles[Int(code)] : nil
    }

    /// The titles of many items, nil where one is not known.
    func titles(of items: [String]) -> [String?] {
        var table = ids
        return items.map { id in
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
            if record.isBlankLine { continue }
            if isHeader {
                isHeader = false
                continue
            }
            let fields = columns.fields(record)
            guard fields.count > max(columns.item, columns.title), !fields[columns.item].isBlankLine else {
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
        for (index, line) in lines.enumerated() where !line.isBlankLine {
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
                // The first object that has both names decides.
                guard let item = idNames ?? known(ColumnNames.titleKeys), let text = titleNames ?? known(ColumnNames.title) else {
                    if known(ColumnNames.titleKeys) != nil { continue }
                    throw FoldinError(
                        .badData, file: path, line: index + 1,
                        found: "an object with " + keys.prefix(20).map { "'\($0.prefix(40))'" }.joined(separator: ", "),
                        expected: "keys known for an item and its title", reason: .unknownTitleColumns)
                }
                (idNames, titleNames) = (item, text)
            }
            guard let item = idNames?.lazy.compactMap({ values[$0] }).first, !item.isBlankLine,
                let text = titleNames?.lazy.compactMap({ values[$0] }).first
            else { continue }
            add(item, String(decoding: text, as: UTF8.self))
        }
        idName = idNames?.first
    }

    /// Records strings and numbers by their keys, those inside objects after a point.
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
    var isBlankLine: Bool { allSatisfy { $0 == 32 || $0 == 9 || $0 == 13 } }
}

extension ColumnNames {
    /// Names of item ids in a file of titles, in which `id` can only mean the item.
    static let titleKeys = item + ["id"]
}

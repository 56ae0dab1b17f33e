import FoldinInteractions
import Foundation

/// Titles by raw item id.
public struct Titles: Sendable {
    /// The file they came from, if any.
    public let source: PreparationRecord.Source?
    private var ids = IdTable()
    private var titles: [String] = []

    /// Titles that are at hand already.
    public init(_ titles: [String: String]) {
        source = nil
        for (id, title) in titles.sorted(by: { $0.key < $1.key }) { add(Array(id.utf8), title) }
    }

    /// Reads a file of titles: MovieLens's `movies.csv`, `movies.dat` or `u.item`, RecBole's `.item`, Amazon's metadata as
    /// JSON lines, or a CSV or TSV file whose header has an item and a title column. Any of them may be compressed with gzip.
    ///
    /// The layout is recognised by the contents. A file that is not UTF-8 as a whole is read as ISO-8859-1. Of an id that
    /// comes twice the first title counts. Throws `FoldinError` of kind `missingInput` or, with the line, `badData`.
    public init(contentsOf path: String) throws {
        let file = try MappedFile(contentsOf: path)
        var bytes: [UInt8] = []
        try LineSource(file).forEachStretch { bytes.append(contentsOf: $0) }
        if String(validating: bytes, as: UTF8.self) == nil {
            bytes = bytes.flatMap { $0 < 0x80 ? [$0] : [0xC0 | $0 >> 6, 0x80 | $0 & 0x3F] }
        }
        source = PreparationRecord.Source(
            name: (path as NSString).lastPathComponent, sha256: file.withBytes(Checksum.sha256), format: "titles")
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { $0.last == 13 ? $0.dropLast() : $0 }
        guard let first = lines.first(where: { !$0.isEmpty }) else {
            throw FoldinError(.badData, file: path, found: "an empty file", expected: "an item id and a title a line")
        }
        if first.first == UInt8(ascii: "{") {
            try readJSON(lines, path)
        } else {
            try readColumns(lines, try TitleColumns(first, path), path)
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

    private mutating func add(_ id: [UInt8], _ title: String) {
        let code = id.withUnsafeBytes { ids.code(of: $0) }
        if Int(code) == titles.count { titles.append(title) }
    }

    private mutating func readColumns(_ lines: [ArraySlice<UInt8>], _ columns: TitleColumns, _ path: String) throws {
        var isHeader = columns.hasHeader
        for (index, line) in lines.enumerated() where !line.isEmpty {
            if isHeader {
                isHeader = false
                continue
            }
            let fields = line.withUnsafeBytes {
                DelimitedParser.fields($0, columns.delimiter, allowsQuotes: columns.delimiter == [UInt8(ascii: ",")])
            }
            guard fields.count > max(columns.item, columns.title), !fields[columns.item].isEmpty else {
                throw FoldinError(
                    .badData, file: path, line: index + 1, found: "'\(String(decoding: line.prefix(60), as: UTF8.self))'",
                    expected: "an item id in column \(columns.item + 1) and a title in column \(columns.title + 1)")
            }
            add(Array(fields[columns.item].utf8), fields[columns.title])
        }
    }

    private mutating func readJSON(_ lines: [ArraySlice<UInt8>], _ path: String) throws {
        for (index, line) in lines.enumerated() where !line.isEmpty {
            var id: [UInt8]?
            var title: [UInt8]?
            do {
                try line.withUnsafeBytes { bytes in
                    var object = JSONLine(bytes)
                    try object.forEachMember { (key, value) throws(RowFault) in
                        guard case .string(let range, _) = value else { return }
                        let isTitle = key.elementsEqual("title".utf8)
                        guard isTitle || key.elementsEqual("asin".utf8) || key.elementsEqual("parent_asin".utf8) else { return }
                        let text = try JSONLine.unescaped(UnsafeRawBufferPointer(rebasing: bytes[range]))
                        if isTitle { title = title ?? text } else { id = id ?? text }
                    }
                }
            } catch let fault as RowFault {
                throw fault.error(file: path, line: index + 1)
            }
            if let id, let title, !id.isEmpty { add(id, String(decoding: title, as: UTF8.self)) }
        }
    }
}

/// Where a titles file keeps ids and titles.
private struct TitleColumns {
    var delimiter: [UInt8] = []
    var hasHeader = false
    var item = 0
    var title = 1

    private static let itemNames = [
        "movieId", "item_id", "itemId", "movie_id", "item", "asin", "parent_asin", "sid", "iid", "id",
    ]
    private static let titleNames = ["title", "movie_title", "name", "item_title", "Title"]

    init(_ first: ArraySlice<UInt8>, _ path: String) throws {
        for delimiter in ["::", "\t", "|", ","] {
            let names = first.withUnsafeBytes {
                DelimitedParser.fields($0, Array(delimiter.utf8), allowsQuotes: delimiter == ",")
            }
            guard names.count >= 2 else { continue }
            self.delimiter = Array(delimiter.utf8)
            let plain = delimiter == "\t" ? names.map { String($0.prefix { $0 != ":" }) } : names
            if let item = Self.itemNames.lazy.compactMap({ plain.firstIndex(of: $0) }).first,
                let title = Self.titleNames.lazy.compactMap({ plain.firstIndex(of: $0) }).first
            {
                (self.item, self.title, hasHeader) = (item, title, true)
            }
            return
        }
        throw FoldinError(
            .badData, file: path, line: 1, found: "'\(String(decoding: first.prefix(60), as: UTF8.self))'",
            expected: "an item id and a title separated by a comma, a tab, '|' or '::'")
    }
}

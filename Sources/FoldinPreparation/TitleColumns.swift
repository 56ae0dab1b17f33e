import FoldinInteractions
import FoldinSupport

/// The columns of ids and titles in a file of titles.
struct TitleColumns {
    private var delimiter: Delimiter
    private(set) var hasHeader = false
    private(set) var item = 0
    private(set) var title = 1
    private(set) var idName: String?
    /// Whether the title extends to the end of the line, delimiters included.
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
            expected: "columns known for an item and its title", reason: .unknownTitleColumns)
    }

    /// Finds the columns in the first line; false if they are not known.
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
            // It is a header if the id or title column has a known name.
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

    /// The record that begins at line `place`, which is moved past it: several lines while a quoted field is open, up to 64 KB. A quote
    /// without a closing quote is an ordinary character.
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

    private func state(of record: [UInt8]) -> Delimiter.RecordState {
        record.contains(34) ? record.withUnsafeBytes { delimiter.state(of: $0, allowsBackslash: true) } : .whole
    }
}

import FoldinInteractions
import FoldinSupport
import Foundation

/// The beginning of a ratings file and what the caller says about its layout: the evidence by which formats are recognised.
///
/// Holds a pointer to the file's bytes, which are valid during the call that passes the sample.
public struct LayoutSample {
    /// The file as the caller named it.
    public let path: String
    /// What the caller says about the layout.
    public let hints: LayoutHints
    /// How values are written and which rows are read.
    public let options: ReadingOptions
    /// The first line that is not blank, without its line end.
    public let firstLine: UnsafeRawBufferPointer
    /// The file's bytes from the first line that is not blank, decompressed; not always the whole file.
    let bytes: UnsafeRawBufferPointer

    /// A sample whose `bytes` begin with a line that is not blank.
    init(path: String, bytes: UnsafeRawBufferPointer, hints: LayoutHints, options: ReadingOptions) {
        (self.path, self.bytes, self.hints, self.options) = (path, bytes, hints, options)
        firstLine = Self.line(of: bytes, at: 0).text
    }

    /// Up to `count` of the first lines that are not blank, without line ends; no more than begin in the first megabyte.
    public func lines(_ count: Int) -> [UnsafeRawBufferPointer] {
        var lines: [UnsafeRawBufferPointer] = []
        var place = 0
        while place < bytes.count, lines.count < count, place < 1 << 20 {
            let (line, next) = Self.line(of: bytes, at: place)
            if !line.isBlankLine { lines.append(line) }
            place = next
        }
        return lines
    }

    /// The fields of `line` between delimiters, without quotes and without blanks around them; empty if `delimiter` cannot be one.
    public func fields(of line: UnsafeRawBufferPointer, delimiter: String) -> [String] {
        guard let delimiter = try? Delimiter(delimiter, file: path) else { return [] }
        return delimiter.fields(of: UnsafeRawBufferPointer(rebasing: line.prefix(100_000)), allowsQuotes: options.allowsQuotes)
            .map { String(decoding: options.encoding.utf8($0), as: UTF8.self).trimmingBlanks }
    }

    /// The line at `start` without its line end, and where the next line begins.
    static func line(of bytes: UnsafeRawBufferPointer, at start: Int) -> (text: UnsafeRawBufferPointer, next: Int) {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        var end =
            rest.baseAddress.flatMap { base in
                memchr(base, 10, rest.count).map { UnsafeRawPointer($0) - base }
            } ?? rest.count
        let next = min(end + 1, rest.count)
        if end > 0, rest[end - 1] == 13 { end -= 1 }
        return (UnsafeRawBufferPointer(rebasing: rest[..<end]), start + next)
    }

    /// The record at `start` without its line end, and where the next begins. It is longer than a line if quotes enclose line breaks.
    func record(at start: Int, _ delimiter: Delimiter) -> (text: UnsafeRawBufferPointer, next: Int) {
        let first = Self.line(of: bytes, at: start)
        guard options.allowsQuotes, first.text.contains(34) else { return first }
        let limit = min(bytes.count, start + DelimitedParser.quoteLimit)
        guard let newline = delimiter.recordEnd(in: UnsafeRawBufferPointer(rebasing: bytes[start..<limit])) else { return first }
        let place = start + newline
        let end = newline > 0 && bytes[place - 1] == 13 ? place - 1 : place
        return (UnsafeRawBufferPointer(rebasing: bytes[start..<end]), place + 1)
    }

    // MARK: Evidence

    /// Whether the caller says nothing about delimiter, users and items.
    var leavesColumnsOpen: Bool { hints.delimiter == nil && hints.user == nil && hints.item == nil }

    /// Whether the caller says nothing but the name of the ids in the file of titles.
    var hasNoHints: Bool { hints == LayoutHints(titleKey: hints.titleKey) }

    private var firstByte: UInt8? { firstLine.first { $0 != 32 && $0 != 9 } }

    /// Whether lines are JSON objects.
    var isJSON: Bool { hints.isJSON ?? (hints.delimiter == nil && firstByte == UInt8(ascii: "{")) }

    /// Whether one of some delimiters separates fields of the first line.
    func isSeparated(by delimiters: String...) -> Bool {
        delimiters.contains { fields(of: firstLine, delimiter: $0).count >= 2 }
    }

    /// Whether `field` is a number with the decimal separator of the options.
    func isNumber(_ field: String) -> Bool {
        options.decimalSeparator == .comma ? Double(field.replacingOccurrences(of: ",", with: ".")) != nil : Double(field) != nil
    }

    /// Whether `field` is a date.
    func isDate(_ field: String) -> Bool {
        Array(field.utf8).withUnsafeBytes { TimeNotation.milliseconds($0) != nil }
    }

    // MARK: Messages

    /// Refuses what no format can have: a JSON array, and lines that end in a carriage return alone.
    func refuseUnreadableLines() throws {
        if isJSON { return }
        if firstByte == UInt8(ascii: "["), hints.delimiter == nil { throw Self.jsonArray(in: path) }
        if firstLine.dropLast().contains(13), !firstLine.contains(34) {
            throw error(
                "lines that end in a carriage return alone", "lines that end in LF or CRLF; tr '\\r' '\\n' converts them")
        }
    }

    /// The error for a file that is one JSON array.
    static func jsonArray(in path: String) -> FoldinError {
        FoldinError(
            .badData, file: path, line: 1, found: "a JSON array",
            expected: "one JSON object per line; jq -c '.[]' converts an array")
    }

    /// The error for a file that no format recognises.
    var unrecognised: FoldinError {
        error(described([DelimitedColumns.whitespace]), "a layout that can be recognised", .unknownLayout)
    }

    /// An error about the first line.
    func error(_ found: String, _ expected: String, _ reason: FoldinError.Reason? = nil) -> FoldinError {
        FoldinError(.badData, file: path, line: 1, found: found, expected: expected, reason: reason)
    }

    /// The beginning of the first line.
    var excerpt: String {
        String(String(decoding: options.encoding.utf8(firstLine.prefix(100_000)), as: UTF8.self).prefix(80))
    }

    /// The first line as columns by the first of `delimiters` that separates it, otherwise an excerpt of it.
    func described(_ delimiters: [String]) -> String {
        for delimiter in delimiters where delimiter != DelimitedColumns.whitespace || delimiters.count == 1 {
            let names = fields(of: firstLine, delimiter: delimiter)
            if names.count >= 2 {
                return "\(names.count) columns separated by \(Delimiter.shown(delimiter)): \(Self.listed(names))"
            }
        }
        return "'\(excerpt)'"
    }

    /// The first 20 of some names, in quotes.
    static func listed(_ names: [String]) -> String {
        let shown = names.prefix(20).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
        return names.count > 20 ? shown + ", …" : shown
    }

    /// Notes on columns that could hold users, items or ratings as well as the `chosen` ones, which are those of user, item and rating in this
    /// order.
    func notes(on names: [String], besides chosen: [String?]) -> [RatingsLayout.Note] {
        let roles: [(name: String, reason: FoldinError.Reason, known: [String], hint: DelimitedColumns.Column?)] = [
            ("users", .otherUserColumns, ColumnNames.user, hints.user),
            ("items", .otherItemColumns, ColumnNames.item, hints.item),
            ("ratings", .otherRatingColumns, ColumnNames.rating, hints.rating),
        ]
        return zip(roles, chosen).compactMap { role, chosen in
            guard role.hint == nil, let chosen else { return nil }
            let others = names.filter { $0 != chosen && role.known.contains(ColumnNames.canonical($0)) }
            if others.isEmpty { return nil }
            return RatingsLayout.Note("\(role.name) are by '\(chosen)' and not by \(Self.listed(others))", reason: role.reason)
        }
    }
}

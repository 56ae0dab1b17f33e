import FoldinInteractions
import FoldinSupport
import Foundation

/// The layout of a file of histories, recognised by its first lines.
struct HistoryLayout {
    let format: Histories.Format

    /// Recognises the layout.
    ///
    /// - Throws: `FoldinError` of kind `badData` if the lines can be read in more than one layout.
    init(_ lines: TextLines, _ path: String, _ items: Vocabulary) throws {
        format = try lines.withSample { try Detection(path: path, items: items).format(of: $0) }
    }
}

extension FoldinError.Reason {
    /// A file of histories can be read in more than one layout.
    public static let ambiguousHistories = FoldinError.Reason("ambiguous-histories")
    /// A file of histories has rows of a prepared directory, whose indices may be taken for ids.
    public static let historiesOfIndices = FoldinError.Reason("histories-of-indices")
    /// A file of histories looks like rows of a user and an item with no header that can be read; its lines may be histories.
    public static let historiesMayBeLines = FoldinError.Reason("histories-may-be-lines")
}

/// Recognises the layout of a sample of lines.
private struct Detection {
    typealias Sample = [(number: Int, line: UnsafeRawBufferPointer)]

    let path: String
    let items: Vocabulary

    func format(of sample: Sample) throws -> Histories.Format {
        guard let (number, line) = sample.first else { return .lines }
        let list = try? IdList(line: line, known: items)
        let isKnown = list?.ids.contains { items.index(of: $0) != nil } ?? false
        let start = line.first { !IdField.isBlank($0) }
        if start == UInt8(ascii: "[") || start == UInt8(ascii: "{") {
            let isJSON = (try? JSONHistory(line)) != nil
            if isJSON, isKnown { throw ambiguous(number, line, "JSON or ids with brackets: json-lines or lines") }
            // A line that is neither is reported as invalid JSON.
            if isJSON || !isKnown { return .jsonLines }
        }
        if HistoryColumns(header: line, sample: [], known: items) != nil {
            if isKnown { throw ambiguous(number, line, "a header or ids: csv or lines") }
            try checkForIndices(number, line)
            return .csv
        }
        if !isKnown { try checkForHeader(number, line) }
        try checkForRows(sample)
        return .lines
    }

    /// Throws for the rows of a prepared directory, which hold indices instead of ids.
    private func checkForIndices(_ number: Int, _ line: UnsafeRawBufferPointer) throws {
        let file = URL(filePath: path)
        let isRowFile = ["train", "_tr", "_te"].contains { file.deletingPathExtension().lastPathComponent.hasSuffix($0) }
        let ids = file.deletingLastPathComponent().appending(path: "unique_sid.txt").path(percentEncoded: false)
        guard isRowFile, FileManager.default.fileExists(atPath: ids) else { return }
        throw FoldinError(
            .badData, file: path, line: number, found: "rows of a prepared directory, which have indices for users and items",
            expected: "rows with the ids themselves", reason: .historiesOfIndices)
    }

    /// Throws for a line that looks like a header that cannot be read.
    private func checkForHeader(_ number: Int, _ line: UnsafeRawBufferPointer) throws {
        let fields = (try? IdField.split(line) { ",\t;|".utf8.contains($0) }) ?? []
        let isUser = fields.count > 1 && fields.contains { HistoryColumns.userNames.contains(HistoryColumns.normalized($0.id)) }
        guard isUser || HistoryColumns.isBlankSeparated(line) else { return }
        throw FoldinError(
            .badData, file: path, line: number, found: "'\(Self.excerpt(line))', which looks like a header",
            expected: "columns such as user,item with a comma, tab, semicolon or | between", reason: .historiesMayBeLines)
    }

    /// Throws for lines that look like rows of a user and an item, or of a user and items, without a header.
    private func checkForRows(_ sample: Sample) throws {
        let lists = sample.compactMap { try? IdList(line: $0.line, known: items).ids }
        guard lists.count == sample.count, lists.count >= 3, lists.allSatisfy({ $0.count > 1 }) else { return }
        let expected = "a header such as user,item if lines are rows of a user and an item"
        let isUnknown = lists.allSatisfy { items.index(of: $0[0]) == nil }
        let others = lists.joined().count - lists.count
        let known = lists.reduce(0) { count, list in count + list.dropFirst().count { items.index(of: $0) != nil } }
        if isUnknown, 2 * known >= others {
            throw FoldinError(
                .badData, file: path, line: sample[0].number,
                found: "lines whose first column is not an item, such as \(lists[0][0].quoted)", expected: expected,
                reason: .historiesMayBeLines)
        }
        let width = lists[0].count
        let runs = 1 + zip(lists, lists.dropFirst()).count { !$0[0].utf8.elementsEqual($1[0].utf8) }
        if lists.count >= 6, width <= 4, lists.allSatisfy({ $0.count == width }), 2 * runs <= lists.count {
            throw FoldinError(
                .badData, file: path, line: sample[0].number,
                found: "lines of \(width) columns, the first the same for several lines, such as \(lists[0][0].quoted)",
                expected: expected, reason: .historiesMayBeLines)
        }
    }

    private func ambiguous(_ number: Int, _ line: UnsafeRawBufferPointer, _ readings: String) -> FoldinError {
        FoldinError(
            .badData, file: path, line: number, found: "'\(Self.excerpt(line))', which may be \(readings)",
            expected: "a file of one of these layouts only", reason: .ambiguousHistories)
    }

    private static func excerpt(_ line: UnsafeRawBufferPointer) -> String {
        String(decoding: line.prefix(60), as: UTF8.self).escapedForTerminal
    }
}

import FoldinInteractions
import FoldinSupport

/// A file of item ids, one per line, such as a shop's list of items in stock.
///
/// The whole line without blanks at its ends is the id, including commas and other blanks. An id in double quotes is read as in CSV. Blank
/// lines are skipped.
public struct IdFile: Sendable, Equatable {
    /// The ids that the model knows, in the order of the file.
    public private(set) var known: [String] = []
    /// The other ids, in the order of the file.
    public private(set) var unknown: [String] = []

    /// Reads a file of ids; `items` are the ids that the model knows.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, or of kind `badData` with the line: for text that is not UTF-8, for a double quote that
    ///   is not closed, and for a line that is not a known id but begins with one and a comma, as rows of several columns do.
    public init(contentsOf path: String, known items: Vocabulary) throws {
        let file = try MappedFile(contentsOf: path)
        try file.withBytes { bytes in
            try TextLines(bytes, of: path).forEachLine { number, line in
                try take(line, number, path, items)
                return true
            }
        }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer, _ number: Int, _ path: String, _ items: Vocabulary) throws {
        func isKnown(_ id: String) -> Bool { items.index(of: id) != nil }
        let field: IdField
        do throws(IdField.Fault) {
            // Without a separator the line is one field.
            field = try IdField.split(line) { _ in false }[0]
        } catch {
            let whole = String(decoding: line, as: UTF8.self)
            guard isKnown(whole) else { throw error.error(.badData, file: path, line: number, in: line) }
            known.append(whole)
            return
        }
        guard !field.isEmpty else { return }
        if isKnown(field.id) {
            known.append(field.id)
            return
        }
        let columns = (try? IdField.split(line) { $0 == IdField.comma || $0 == IdField.tab }) ?? []
        if columns.count > 1, isKnown(columns[0].id) {
            throw FoldinError(
                .badData, file: path, line: number, found: "the id \(columns[0].id.quoted) and more after it",
                expected: "one id per line, in double quotes if it has a comma")
        }
        unknown.append(field.id)
    }
}

import FoldinInteractions

/// A list of item ids written on one line: `Portal,"Half-Life 2, Episode 0"`.
///
/// Ids are comma-separated values as of RFC 4180. An id with a comma, with blanks at its ends or with a double quote at its beginning is in
/// double quotes, and a double quote inside those is doubled. Blanks around an id and empty fields are ignored.
public struct IdList: Sendable, Equatable {
    /// The ids in the order of the text, duplicates included.
    public private(set) var ids: [String] = []
    /// Whether the whole text was read as one id although it has separators, because the whole is known and no part of it is.
    public private(set) var isOneId = false
    /// Known ids that were split at their commas because they are not in quotes: the whole text, or ids with a part that is not known.
    public private(set) var splitIds: [String] = []

    /// Reads the ids in a value of the command line; a line break separates ids like a comma.
    ///
    /// The known ids `items` affect only `isOneId` and `splitIds`.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a double quote that is not closed or that is followed by text.
    public init(_ text: String, known items: Vocabulary) throws {
        var text = text
        self = try text.withUTF8 { bytes in
            let line = UnsafeRawBufferPointer(bytes)
            do throws(IdField.Fault) {
                return try IdList(line, items, isLine: false)
            } catch {
                throw error.error(.usage, in: line)
            }
        }
    }

    /// Reads the ids in a line of a file: separated by tabs or commas, or by blanks if the line has neither of these and no quotes.
    ///
    /// In a line with tabs an id may have commas. In a line with commas, tabs or quotes an id may have blanks; it is split at them only if the
    /// whole is unknown and each word is known.
    init(line: UnsafeRawBufferPointer, known items: Vocabulary) throws(IdField.Fault) {
        try self.init(line, items, isLine: true)
    }

    private init(_ text: UnsafeRawBufferPointer, _ items: Vocabulary, isLine: Bool) throws(IdField.Fault) {
        let whole = Self.trimmed(text)
        let fields: [IdField]
        do throws(IdField.Fault) {
            fields = try IdField.split(text) { byte in
                byte == IdField.comma || (isLine ? byte == IdField.tab : byte == 10 || byte == 13)
            }
        } catch {
            // `"Cheese" 11` is not a valid field, but may be an id.
            guard items.index(of: whole) != nil else { throw error }
            ids = [whole]
            isOneId = true
            return
        }
        let isPlain = isLine && fields.count == 1 && !text.contains(IdField.quote)
        let hasTabs = isLine && fields.contains { $0.separator == IdField.tab }
        var group: [IdField] = []
        for field in fields {
            group.append(field)
            guard field.separator == nil || hasTabs && field.separator == IdField.tab else { continue }
            take(group, of: text, items, isLine: isLine, isPlain: isPlain, hasTabs: hasTabs)
            group.removeAll(keepingCapacity: true)
        }
    }

    /// Adds the ids of the fields between two tabs, or of all fields.
    private mutating func take(
        _ group: [IdField], of text: UnsafeRawBufferPointer, _ items: Vocabulary, isLine: Bool, isPlain: Bool, hasTabs: Bool
    ) {
        func isKnown(_ id: String) -> Bool { items.index(of: id) != nil }
        let fields = group.filter { !$0.isEmpty }
        if group.count > 1, let first = group.first, let last = group.last {
            let whole = String(decoding: text[first.range.lowerBound..<last.range.upperBound], as: UTF8.self)
            let isPartKnown = fields.contains { isKnown($0.id) }
            if isKnown(whole), hasTabs || !isPartKnown {
                ids.append(whole)
                isOneId = isOneId || !hasTabs
                return
            }
            if hasTabs, fields.count > 1, !isPartKnown, !fields.contains(where: \.isQuoted) {
                ids.append(whole)
                return
            }
            findSplitIds(fields, text, items)
            if isKnown(whole), !splitIds.contains(where: { $0.utf8.elementsEqual(whole.utf8) }) { splitIds.append(whole) }
        }
        for field in fields {
            guard isLine, !field.isQuoted, !isKnown(field.id) else {
                ids.append(field.id)
                continue
            }
            let words = field.id.utf8.split(whereSeparator: IdField.isBlank).map { String(Substring($0)) }
            if isPlain || words.allSatisfy(isKnown) { ids += words } else { ids.append(field.id) }
        }
    }

    /// Finds known ids that were split at commas and have an unknown part.
    private mutating func findSplitIds(_ fields: [IdField], _ text: UnsafeRawBufferPointer, _ items: Vocabulary) {
        let isUnknown = fields.map { !$0.isQuoted && items.index(of: $0.id) == nil }
        for first in fields.indices where !fields[first].isQuoted {
            for last in fields.indices.dropFirst(first + 1).prefix(7) {
                guard !fields[last].isQuoted else { break }
                guard isUnknown[first...last].contains(true) else { continue }
                let whole = String(decoding: text[fields[first].range.lowerBound..<fields[last].range.upperBound], as: UTF8.self)
                if items.index(of: whole) != nil { splitIds.append(whole) }
            }
        }
    }

    private static func trimmed(_ text: UnsafeRawBufferPointer) -> String {
        var range = 0..<text.count
        while let first = range.first, IdField.isBlank(text[first]) { range = first + 1..<range.upperBound }
        while let last = range.last, IdField.isBlank(text[last]) { range = range.lowerBound..<last }
        return String(decoding: text[range], as: UTF8.self)
    }
}

import FoldinInteractions

/// Item ids that somebody wrote on one line: `Portal,"Half-Life 2, Episode 0"`.
///
/// Ids are comma-separated values as of RFC 4180: an id with a comma, with blanks at its ends or with a double quote at its beginning
/// stands in double quotes, and a double quote inside those is doubled. Blanks around an id and empty places are passed over.
public struct IdList: Sendable, Equatable {
    /// The ids in the order given, repeats included.
    public private(set) var ids: [String] = []
    /// Whether the whole text was taken as one id, although it could be split: no part of it is known, and the whole is.
    public private(set) var isOneId = false
    /// Known ids that stand in the text without quotes and were split at their commas: the whole text, or those of which a part is not
    /// known.
    public private(set) var splitIds: [String] = []

    /// The ids in a value of the command line; a line break separates as a comma does. Which ids are known decides only about
    /// `isOneId` and `splitIds`.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a double quote that is not closed or has text after it.
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

    /// The ids in a line of a file: separated by tabs, by commas, or, where there are neither and no quotes, by blanks.
    ///
    /// In a line with tabs an id may have commas. Blanks inside an id are part of it in a line with commas, tabs or quotes; only where the
    /// whole is unknown and each word is known, they separate.
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
            // `"Cheese" 11` is no field, but may be an id.
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

    /// Takes what stands between two tabs, or all.
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

    /// Finds known ids of which an unknown field is a part.
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

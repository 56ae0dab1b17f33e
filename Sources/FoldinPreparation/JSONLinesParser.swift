import FoldinInteractions
import FoldinSupport

/// Parses one JSON object per line, such as Amazon's reviews, and dictionaries as Python prints them.
struct JSONLinesParser: RatingsParser {
    let keys: JSONKeys
    let options: ReadingOptions
    private let notation: TimeNotation
    private let root: Node
    /// Whether a key leads into an array, each of whose elements is a row.
    private let hasArrays: Bool

    /// A key on the path to the values to read, and the slots of its value.
    private struct Node: Sendable {
        var slots: [Int] = []
        var children: [(key: [UInt8], node: Node)] = []

        mutating func add(_ path: Substring, slot: Int) {
            guard !path.isEmpty else { return slots.append(slot) }
            let key = path.prefix { $0 != "." }
            let rest = path.dropFirst(key.count + 1)
            if let index = children.firstIndex(where: { $0.key.elementsEqual(key.utf8) }) {
                children[index].node.add(rest, slot: slot)
            } else {
                var node = Node()
                node.add(rest, slot: slot)
                children.append((Array(key.utf8), node))
            }
        }
    }

    /// The values found in a row, by slot: user, item, rating, time, then the columns to filter by.
    private struct Found {
        var values: [JSONLine.Value?]
        /// An array whose elements are rows of their own.
        var rows: (node: Node, range: Range<Int>)?
    }

    private enum Slot { static let user = 0, item = 1, rating = 2, timestamp = 3, first = 4 }

    var appliesFilters: Bool { true }
    var hasRatings: Bool { keys.rating != nil }
    var usesCalendar: Bool { notation == .calendar }

    /// A parser that reads times in the notation of `firstObject`, the bytes of a line.
    ///
    /// Throws `FoldinError` of kind `usage` if a filter names a column by number.
    init(_ keys: JSONKeys, _ options: ReadingOptions, firstObject: UnsafeRawBufferPointer, file: String) throws {
        self.keys = keys
        self.options = options
        var root = Node()
        root.add(keys.user[...], slot: Slot.user)
        root.add(keys.item[...], slot: Slot.item)
        if let rating = keys.rating { root.add(rating[...], slot: Slot.rating) }
        if options.keepsTimestamps, let timestamp = keys.timestamp { root.add(timestamp[...], slot: Slot.timestamp) }
        for (place, filter) in options.keep.enumerated() {
            guard case .name(let name) = filter.column else {
                throw FoldinError(
                    .usage, file: file, found: "a number of a column for JSON lines", expected: "a key, such as event",
                    reason: .columnNumberForKeys)
            }
            root.add(name[...], slot: Slot.first + place)
        }
        self.root = root
        (notation, hasArrays) = Self.shape(of: firstObject, root, count: Slot.first + options.keep.count)
    }

    private static func shape(of line: UnsafeRawBufferPointer, _ root: Node, count: Int) -> (TimeNotation, hasArrays: Bool) {
        var found = Found(values: Array(repeating: nil, count: count))
        var object = JSONLine(line)
        guard (try? object.forEachMember { (key, value) throws(RowFault) in try collect(key, value, root, line, &found) }) != nil
        else { return (.number, false) }
        let hasArrays = found.rows != nil
        if found.values[Slot.timestamp] == nil, let nested = found.rows {
            var element = found
            var array = JSONLine(line, at: nested.range.lowerBound)
            try? array.forEachElement { (value) throws(RowFault) in
                if element.values[Slot.timestamp] == nil { try take(value, nested.node, line, &element) }
            }
            found = element
        }
        guard case .string(let range, _) = found.values[Slot.timestamp] else { return (.number, hasArrays) }
        return (TimeNotation(of: UnsafeRawBufferPointer(rebasing: line[range])), hasArrays)
    }

    var layout: String {
        var parts = ["user '\(keys.user)'", "item '\(keys.item)'"]
        if let rating = keys.rating { parts.append("rating '\(rating)'") }
        if let timestamp = keys.timestamp {
            parts.append("time '\(timestamp)'" + (options.keepsTimestamps ? "" : " (not needed)"))
        }
        return "one object per line; " + parts.joined(separator: ", ")
    }

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
        try forEachLine(of: block, &rows) { (line, rows) throws(RowFault) in try parse(line, into: &rows) }
    }

    private func parse(_ line: UnsafeRawBufferPointer, into rows: inout RatingsBlock) throws(RowFault) {
        var found = Found(values: Array(repeating: nil, count: Slot.first + options.keep.count))
        var object = JSONLine(line)
        try object.forEachMember { (key, value) throws(RowFault) in try Self.collect(key, value, root, line, &found) }
        guard let nested = found.rows else { return try add(found, line, &rows) }
        guard hasArrays else {
            throw RowFault(bytes: line[nested.range], expected: "a string or a number, as in the first object, not an array")
        }
        // If one row of a line is malformed, none of its rows is read.
        let (known, times, skipped) = (rows.users.count, rows.timestamps.count, rows.notKept)
        do throws(RowFault) {
            var array = JSONLine(line, at: nested.range.lowerBound)
            try array.forEachElement { (value) throws(RowFault) in
                var element = found
                try Self.take(value, nested.node, line, &element)
                try add(element, line, &rows)
            }
        } catch {
            rows.users.removeSubrange(known...)
            rows.items.removeSubrange(known...)
            if hasRatings { rows.ratings.removeSubrange(known...) }
            rows.timestamps.removeSubrange(times...)
            rows.notKept = skipped
            throw error
        }
    }

    /// Records the value of a key if it, or something inside it, is to be read.
    private static func collect(
        _ key: UnsafeRawBufferPointer, _ value: JSONLine.Value, _ node: Node, _ line: UnsafeRawBufferPointer, _ found: inout Found
    ) throws(RowFault) {
        guard let child = node.children.first(where: { key.elementsEqual($0.key) })?.node else { return }
        try take(value, child, line, &found)
    }

    private static func take(
        _ value: JSONLine.Value, _ node: Node, _ line: UnsafeRawBufferPointer, _ found: inout Found
    ) throws(RowFault) {
        switch value {
        case .array(let range):
            guard found.rows == nil else {
                throw RowFault(found: "two arrays on the path to the columns", expected: "one array, whose elements are rows")
            }
            found.rows = (node, range)
        case .object(let range) where !node.children.isEmpty:
            var object = JSONLine(line, at: range.lowerBound, end: range.upperBound)
            try object.forEachMember { (key, value) throws(RowFault) in try collect(key, value, node, line, &found) }
        default:
            // If a key is repeated, the first value counts.
            for slot in node.slots where found.values[slot] == nil { found.values[slot] = value }
        }
    }

    private func add(_ found: Found, _ line: UnsafeRawBufferPointer, _ rows: inout RatingsBlock) throws(RowFault) {
        for (place, filter) in options.keep.enumerated() {
            guard let value = found.values[Slot.first + place], filter.values.contains(try text(of: value, line)) else {
                rows.notKept += 1
                return
            }
        }
        func value(_ slot: Int, _ key: String) throws(RowFault) -> JSONLine.Value {
            guard let value = found.values[slot] else { throw RowFault(bytes: line, expected: "an object with \(key)") }
            return value
        }
        let rating: Float? =
            if let key = keys.rating {
                try Field.rating(
                    bytes(of: value(Slot.rating, key), line, "a rating, a number", allowsWords: false), options.decimalSeparator)
            } else { nil }
        let time: Int64? =
            if options.keepsTimestamps, let key = keys.timestamp {
                try notation.time(bytes(of: value(Slot.timestamp, key), line, "a time", allowsWords: false))
            } else { nil }
        let (userValue, itemValue) = (try value(Slot.user, keys.user), try value(Slot.item, keys.item))
        try checkId(userValue, line, "a user id")
        try checkId(itemValue, line, "an item id")
        let user = try code(of: userValue, line, &rows.userIds, "a user")
        rows.items.append(try code(of: itemValue, line, &rows.itemIds, "an item"))
        rows.users.append(user)
        if let rating { rows.ratings.append(rating) }
        if let time { rows.timestamps.append(time) }
    }

    /// The bytes of a string or a number in the line. The words null, true and false are neither.
    private func bytes(
        of value: JSONLine.Value, _ line: UnsafeRawBufferPointer, _ expected: String, allowsWords: Bool
    ) throws(RowFault) -> UnsafeRawBufferPointer {
        switch value {
        case .string(let range, _): return UnsafeRawBufferPointer(rebasing: line[range])
        case .word(let range):
            let word = line[range]
            guard allowsWords || word.first.map({ $0 == 45 || (48...57).contains($0) }) == true else {
                throw RowFault(bytes: word, expected: expected)
            }
            return UnsafeRawBufferPointer(rebasing: word)
        case .object, .array: throw RowFault(found: "an object or array", expected: expected)
        }
    }

    private func checkId(_ value: JSONLine.Value, _ line: UnsafeRawBufferPointer, _ expected: String) throws(RowFault) {
        let bytes = try bytes(of: value, line, expected + ", a string or a number", allowsWords: false)
        if case .word = value, !bytes.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }) {
            throw RowFault(bytes: bytes, expected: expected + ", a string or a number")
        }
    }

    /// The text that a value is compared as.
    private func text(of value: JSONLine.Value, _ line: UnsafeRawBufferPointer) throws(RowFault) -> String {
        let bytes = try bytes(of: value, line, "a value to filter by", allowsWords: true)
        guard case .string(_, hasEscapes: true) = value else {
            return String(decoding: options.encoding.utf8(bytes), as: UTF8.self)
        }
        return String(decoding: try JSONLine.unescaped(bytes, options.encoding), as: UTF8.self)
    }

    private func code(
        of value: JSONLine.Value, _ line: UnsafeRawBufferPointer, _ table: inout IdTable, _ kind: StaticString
    ) throws(RowFault) -> UInt32 {
        let bytes = try bytes(of: value, line, "\(kind) id", allowsWords: false)
        guard case .string(_, hasEscapes: true) = value else { return try Field.code(of: bytes, options.encoding, &table, kind) }
        let unescaped = try JSONLine.unescaped(bytes, options.encoding)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: unescaped.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: unescaped)
        return try Field.code(of: UnsafeRawBufferPointer(copy), .utf8, &table, kind)
    }
}

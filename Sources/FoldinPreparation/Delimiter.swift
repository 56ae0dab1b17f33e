import FoldinInteractions

/// What separates columns.
struct Delimiter: Sendable, Equatable {
    let first: UInt8
    /// The second byte, or 0.
    let second: UInt8
    /// Any number of blanks and tabs.
    let isWhitespace: Bool

    /// The delimiter that `text` writes. Throws `FoldinError` of kind `usage` if it cannot be one.
    init(_ text: String, file: String) throws {
        isWhitespace = text == DelimitedColumns.whitespace
        guard !isWhitespace else {
            (first, second) = (32, 0)
            return
        }
        let bytes = Array(text.utf8)
        // Letters, digits and what numbers are written with cannot stand between fields.
        let reserved = Set("\n\r\".+-_".utf8)
        func canDelimit(_ byte: UInt8) -> Bool {
            byte < 0x80 && !reserved.contains(byte) && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte)
                && !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20)
        }
        guard bytes.count == 1 || bytes.count == 2, bytes.allSatisfy(canDelimit) else {
            throw FoldinError(
                .usage, file: file, found: "the delimiter '\(text)'",
                expected: "whitespace, or one or two ASCII characters that are no letters, digits, quotes, points or signs")
        }
        first = bytes[0]
        second = bytes.count == 2 ? bytes[1] : 0
    }

    /// How people are told of it: `tab`, `','`.
    static func shown(_ text: String) -> String {
        switch text {
        case "\t": "a tab"
        case " ": "a blank"
        case DelimitedColumns.whitespace: "blanks"
        default: "'\(text)'"
        }
    }

    /// How many bytes of a delimiter stand at `place`, 0 for none.
    func count(in line: UnsafeRawBufferPointer, at place: Int) -> Int {
        if isWhitespace {
            var end = place
            while end < line.count, line[end] == 32 || line[end] == 9 { end += 1 }
            return end - place
        }
        guard line[place] == first else { return 0 }
        if second == 0 { return 1 }
        return place + 1 < line.count && line[place + 1] == second ? 2 : 0
    }

    /// The fields of a record without its line end, without quotes.
    ///
    /// Lenient, for headers and titles: a field whose quotes are not closed before a delimiter is taken as it stands. With
    /// `allowsBackslash`, a quote after a backslash inside quotes is one of the text.
    func fields(of line: UnsafeRawBufferPointer, allowsQuotes: Bool = true, allowsBackslash: Bool = false) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        var place = 0
        if isWhitespace, !line.isEmpty { place = count(in: line, at: 0) }
        while true {
            if allowsQuotes,
                let (field, end) = (allowsBackslash ? quoted(line, at: place, true) : nil) ?? quoted(line, at: place, false)
            {
                fields.append(field)
                place = end
            } else {
                let start = place
                while place < line.count, count(in: line, at: place) == 0 { place += 1 }
                fields.append(Array(line[start..<place]))
            }
            guard place < line.count else { return fields }
            place += count(in: line, at: place)
            if isWhitespace, place == line.count { return fields }
        }
    }

    /// The quoted field at `start` and where it ends; nil if there is none that a delimiter or the end of the line follows.
    private func quoted(_ line: UnsafeRawBufferPointer, at start: Int, _ allowsBackslash: Bool) -> (field: [UInt8], end: Int)? {
        var place = start
        while place < line.count, line[place] == 32, first != 32 || isWhitespace { place += 1 }
        guard place < line.count, line[place] == 34 else { return nil }
        place += 1
        var field: [UInt8] = []
        while place < line.count {
            if allowsBackslash, line[place] == UInt8(ascii: "\\"), place + 1 < line.count, line[place + 1] == 34 {
                field.append(34)
                place += 2
            } else if line[place] != 34 {
                field.append(line[place])
                place += 1
            } else if place + 1 < line.count, line[place + 1] == 34 {
                field.append(34)
                place += 2
            } else {
                return end(of: line, after: place + 1).map { (field, $0) }
            }
        }
        return nil
    }

    /// Where the field ends if nothing but blanks stands between `place` and a delimiter or the end of the line.
    private func end(of line: UnsafeRawBufferPointer, after place: Int) -> Int? {
        var end = place
        while end < line.count, line[end] == 32, count(in: line, at: end) == 0 { end += 1 }
        return end == line.count || count(in: line, at: end) > 0 ? end : nil
    }
}

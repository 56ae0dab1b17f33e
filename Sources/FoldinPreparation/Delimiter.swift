import FoldinInteractions
import FoldinSupport

/// What separates columns.
struct Delimiter: Sendable, Equatable {
    let first: UInt8
    /// The second byte, or 0.
    let second: UInt8
    /// Whether it is any number of blanks and tabs.
    let isWhitespace: Bool

    /// The delimiter that `text` describes. Throws `FoldinError` of kind `usage` if it cannot be one.
    init(_ text: String, file: String) throws {
        isWhitespace = text == DelimitedColumns.whitespace
        guard !isWhitespace else {
            (first, second) = (32, 0)
            return
        }
        let bytes = Array(text.utf8)
        // Letters, digits and the signs in numbers cannot separate fields.
        let reserved = Set("\n\r\".+-_".utf8)
        func canDelimit(_ byte: UInt8) -> Bool {
            byte < 0x80 && !reserved.contains(byte) && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte)
                && !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20)
        }
        guard bytes.count == 1 || bytes.count == 2, bytes.allSatisfy(canDelimit) else {
            throw FoldinError(
                .usage, file: file, found: "the delimiter '\(text)'",
                expected: "whitespace, or one or two ASCII characters other than letters, digits, quotes, points and signs")
        }
        first = bytes[0]
        second = bytes.count == 2 ? bytes[1] : 0
    }

    /// The delimiter in a message: `a tab`, `','`.
    static func shown(_ text: String) -> String {
        switch text {
        case "\t": "a tab"
        case " ": "a blank"
        case DelimitedColumns.whitespace: "blanks"
        default: "'\(text)'"
        }
    }

    /// The length in bytes of the delimiter at `place`, 0 for none.
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
    /// Lenient, for headers and titles: a field whose quotes are not closed before a delimiter is taken literally. With
    /// `allowsBackslash`, a quote after a backslash inside quotes belongs to the text.
    func fields(of line: UnsafeRawBufferPointer, allowsQuotes: Bool = true, allowsBackslash: Bool = false) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        var place = 0
        if isWhitespace, !line.isEmpty { place = count(in: line, at: 0) }
        while true {
            let quoted =
                !allowsQuotes
                ? nil
                : (allowsBackslash ? quotedField(in: line, at: place, allowsBackslash: true) : nil)
                    ?? quotedField(in: line, at: place, allowsBackslash: false)
            if let (field, end) = quoted {
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
}

import FoldinInteractions
import FoldinSupport

/// A field of a line of separated values, quoted as in RFC 4180.
///
/// Blanks (spaces and tabs) around a field are not part of it. A field that begins with a double quote ends at the next one that is not
/// doubled. Inside an unquoted field a double quote is an ordinary character.
package struct IdField {
    /// Why the line cannot be split, with the place where the quoted field begins.
    package enum Fault: Error {
        /// A quoted field without its closing quote.
        case unclosedQuote(at: Int)
        /// A quoted field with something other than a separator after it.
        case textAfterQuote(at: Int)
    }

    /// The field's text without quotes.
    package let id: String
    /// Its place in the line, including quotes.
    let range: Range<Int>
    let isQuoted: Bool
    /// The separator after it; nil at the end of the line.
    let separator: UInt8?

    var isEmpty: Bool { !isQuoted && range.isEmpty }

    /// The fields of `line`; one empty field for an empty line.
    package static func split(_ line: UnsafeRawBufferPointer, at isSeparator: (UInt8) -> Bool) throws(Fault) -> [IdField] {
        var fields: [IdField] = []
        var place = 0
        func skipBlanks() { while place < line.count, isBlank(line[place]), !isSeparator(line[place]) { place += 1 } }
        while true {
            skipBlanks()
            let start = place
            let id: String
            var end = start
            let isQuoted = place < line.count && line[place] == quote
            if isQuoted {
                id = try quoted(line, &place)
                end = place
                skipBlanks()
                guard place == line.count || isSeparator(line[place]) else { throw .textAfterQuote(at: start) }
            } else {
                while place < line.count, !isSeparator(line[place]) { place += 1 }
                end = place
                while end > start, isBlank(line[end - 1]) { end -= 1 }
                id = String(decoding: line[start..<end], as: UTF8.self)
            }
            let separator = place < line.count ? line[place] : nil
            fields.append(IdField(id: id, range: start..<end, isQuoted: isQuoted, separator: separator))
            guard separator != nil else { return fields }
            place += 1
        }
    }

    /// The text of the quoted field that begins at `place`; moves `place` past the field.
    private static func quoted(_ line: UnsafeRawBufferPointer, _ place: inout Int) throws(Fault) -> String {
        let start = place
        var bytes: [UInt8] = []
        place += 1
        while place < line.count {
            let byte = line[place]
            place += 1
            if byte == quote {
                guard place < line.count, line[place] == quote else { return String(decoding: bytes, as: UTF8.self) }
                place += 1
            }
            bytes.append(byte)
        }
        throw .unclosedQuote(at: start)
    }

    static let quote = UInt8(ascii: "\"")
    static let comma = UInt8(ascii: ",")
    static let tab = UInt8(ascii: "\t")

    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == tab }
}

extension IdField.Fault {
    /// The error for `line`.
    func error(_ kind: FoldinError.Kind, file: String? = nil, line number: Int? = nil, in line: UnsafeRawBufferPointer)
        -> FoldinError
    {
        let (start, what) =
            switch self {
            case .unclosedQuote(let start): (start, "a double quote that is not closed")
            case .textAfterQuote(let start): (start, "more text after a closing double quote")
            }
        let text = String(decoding: line[start...].prefix(60), as: UTF8.self)
        return FoldinError(
            kind, file: file, line: number, found: "\(what): \(text.escapedForTerminal)",
            expected: "a double quote at both ends of an id, and each double quote inside it doubled")
    }
}

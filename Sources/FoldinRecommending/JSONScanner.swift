import FoldinSupport

/// Reads JSON (RFC 8259) value by value; numbers are returned as they are written.
struct JSONScanner {
    typealias Fault = JSONHistory.Fault

    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next byte that is not a blank; nil at the end.
    mutating func peek() -> UInt8? {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        return place < bytes.count ? bytes[place] : nil
    }

    /// The next characters, for messages.
    var excerpt: String {
        let rest = String(decoding: bytes[place...].prefix(40), as: UTF8.self).escapedForTerminal
        return rest.isEmpty ? "the end of the line" : rest
    }

    /// Skips blanks and this character; throws if another one is there.
    mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard let byte = peek(), byte == UInt8(ascii: character) else {
            throw Fault(found: "'\(excerpt)' in JSON", expected: "'\(character)'")
        }
        place += 1
    }

    /// A string without its quotes and escapes.
    mutating func string(_ expected: String) throws(Fault) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw Fault(found: "'\(excerpt)'", expected: expected) }
        place += 1
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20: throw Fault(found: "a control character in a JSON string", expected: "an escape such as \\n")
            default: text.append(byte)
            }
        }
        throw Fault(found: "a JSON string that is not closed", expected: "a double quote at its end")
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(Fault) {
        let escape = place < bytes.count ? bytes[place] : 0
        place += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if UTF16.isLeadSurrogate(units[0]), bytes[place...].starts(with: "\\u".utf8) {
                place += 2
                units.append(try unit())
            }
            guard let character = String(validating: units, as: UTF16.self) else {
                throw Fault(found: "half a character, \\u\(String(units[0], radix: 16)), in JSON", expected: "a surrogate pair")
            }
            text += character.utf8
        default: throw Fault(found: "an escape in JSON that does not exist", expected: "one such as \\n or \\u00e9")
        }
    }

    private mutating func unit() throws(Fault) -> UInt16 {
        let digits = bytes[min(place, bytes.count)...].prefix(4)
        guard digits.count == 4, digits.allSatisfy(Self.isHexadecimal),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Fault(found: "an escape in JSON that is cut short", expected: "four hexadecimal digits after \\u") }
        place += 4
        return unit
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// A number as it is written.
    mutating func number() throws(Fault) -> String {
        let start = place
        func digits() -> Int {
            let first = place
            while place < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[place] { place += 1 }
            return place - first
        }
        func take(_ characters: String) -> Bool {
            guard place < bytes.count, characters.utf8.contains(bytes[place]) else { return false }
            place += 1
            return true
        }
        _ = take("-")
        let first = place
        var isNumber = digits() > 0 && (bytes[first] != UInt8(ascii: "0") || place == first + 1)
        if isNumber, take(".") { isNumber = digits() > 0 }
        if isNumber, take("eE") {
            _ = take("+-")
            isNumber = digits() > 0
        }
        guard isNumber else {
            place = start
            throw Fault(found: "'\(excerpt)'", expected: "a JSON number")
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// Skips a value of any kind.
    mutating func skipValue(depth: Int = 0) throws(Fault) {
        guard depth < 100 else { throw Fault(found: "JSON nested 100 deep", expected: "less") }
        switch peek() {
        case UInt8(ascii: "\"")?: _ = try string("a string")
        case UInt8(ascii: "{")?: try skipMembers("{", "}", depth: depth)
        case UInt8(ascii: "[")?: try skipMembers("[", "]", depth: depth)
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: _ = try number()
        default:
            for word in ["true", "false", "null"] where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return
            }
            throw Fault(found: "'\(excerpt)'", expected: "a JSON value")
        }
    }

    private mutating func skipMembers(_ open: Unicode.Scalar, _ close: Unicode.Scalar, depth: Int) throws(Fault) {
        try expect(open)
        guard peek() != UInt8(ascii: close) else { return try expect(close) }
        while true {
            if open == "{" {
                _ = try string("a member's name in double quotes")
                try expect(":")
            }
            try skipValue(depth: depth + 1)
            guard peek() == UInt8(ascii: ",") else { break }
            try expect(",")
        }
        try expect(close)
    }
}

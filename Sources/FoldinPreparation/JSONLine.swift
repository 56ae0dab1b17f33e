/// Reads the members of a JSON object on one line without allocating.
///
/// Also reads dictionaries as Python prints them: strings in single quotes or with the prefix `u`, and `None`, `True` and `False`.
struct JSONLine {
    /// The value of a member, as a range of the line.
    enum Value {
        /// The characters between the quotes, and whether there are escapes among them.
        case string(Range<Int>, hasEscapes: Bool)
        /// A number, true, false or null.
        case word(Range<Int>)
        /// From brace to brace.
        case object(Range<Int>)
        /// From bracket to bracket.
        case array(Range<Int>)
    }

    let bytes: UnsafeRawBufferPointer
    private var place: Int
    private let end: Int
    /// Whether only blanks may follow the object.
    private let isWhole: Bool

    init(_ bytes: UnsafeRawBufferPointer) {
        (self.bytes, place, end, isWhole) = (bytes, 0, bytes.count, true)
    }

    /// The object or array that begins at `start`; ranges count from the beginning of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, at start: Int, end: Int? = nil) {
        (self.bytes, place, self.end, isWhole) = (bytes, start, end ?? bytes.count, false)
    }

    /// Calls `body` with the key and the value of each member of the object.
    mutating func forEachMember(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: Value) throws(RowFault) -> Void
    ) throws(RowFault) {
        skipBlanks()
        try take(UInt8(ascii: "{"), "a JSON object")
        skipBlanks()
        if peek == UInt8(ascii: "}") {
            place += 1
        } else {
            while true {
                skipBlanks()
                guard case .string(let key, _) = try value() else { throw fault("a key in double quotes") }
                skipBlanks()
                try take(UInt8(ascii: ":"), "a colon after the key")
                skipBlanks()
                let value = try value()
                try body(UnsafeRawBufferPointer(rebasing: bytes[key]), value)
                skipBlanks()
                if peek == UInt8(ascii: ",") {
                    place += 1
                } else {
                    try take(UInt8(ascii: "}"), "a comma or the end of the object")
                    break
                }
            }
        }
        skipBlanks()
        if isWhole, place < end { throw fault("one JSON object per line") }
    }

    /// Calls `body` with each element of the array.
    mutating func forEachElement(_ body: (Value) throws(RowFault) -> Void) throws(RowFault) {
        try take(UInt8(ascii: "["), "an array")
        skipBlanks()
        if peek == UInt8(ascii: "]") { return }
        while true {
            skipBlanks()
            try body(try value())
            skipBlanks()
            if peek == UInt8(ascii: ",") {
                place += 1
            } else {
                return try take(UInt8(ascii: "]"), "a comma or the end of the array")
            }
        }
    }

    /// The text of a string value in UTF-8, its escapes resolved. Throws if an escape is not one of JSON's or Python's.
    static func unescaped(_ text: UnsafeRawBufferPointer, _ encoding: TextEncoding = .utf8) throws(RowFault) -> [UInt8] {
        var result: [UInt8] = []
        var place = 0
        func number(_ digits: Int, at start: Int) -> UInt32? {
            guard start + digits <= text.count else { return nil }
            let slice = text[start..<start + digits]
            guard slice.allSatisfy({ (48...57).contains($0) || (97...102).contains($0 | 0x20) }) else { return nil }
            return UInt32(String(decoding: slice, as: UTF8.self), radix: 16)
        }
        func append(_ code: UInt32) throws(RowFault) {
            guard let scalar = Unicode.Scalar(code) else { throw RowFault(bytes: text, expected: "a whole pair of surrogates") }
            result.append(contentsOf: Array(String(Character(scalar)).utf8))
        }
        while place < text.count {
            guard text[place] == UInt8(ascii: "\\"), place + 1 < text.count else {
                let run = text[place...].prefix { $0 != UInt8(ascii: "\\") }
                let count = max(1, run.count)
                result.append(contentsOf: encoding.utf8(text[place..<place + count]))
                place += count
                continue
            }
            let escape = text[place + 1]
            place += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "'"): result.append(escape)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "u"):
                guard var code = number(4, at: place) else {
                    throw RowFault(bytes: text, expected: "four hexadecimal digits after \\u")
                }
                place += 4
                if code & 0xFC00 == 0xD800, place + 1 < text.count, text[place] == UInt8(ascii: "\\"),
                    text[place + 1] == UInt8(ascii: "u"), let low = number(4, at: place + 2), low & 0xFC00 == 0xDC00
                {
                    code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
                    place += 6
                }
                try append(code)
            case UInt8(ascii: "x"), UInt8(ascii: "U"):
                // These are Python's.
                let digits = escape == UInt8(ascii: "x") ? 2 : 8
                guard let code = number(digits, at: place) else { throw RowFault(bytes: text, expected: "one of JSON's escapes") }
                place += digits
                try append(code)
            default: throw RowFault(bytes: text, expected: "one of JSON's escapes")
            }
        }
        return result
    }

    private var peek: UInt8? { place < end ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while place < end, [32, 9, 13].contains(bytes[place]) { place += 1 }
    }

    private mutating func take(_ byte: UInt8, _ expected: String) throws(RowFault) {
        guard peek == byte else { throw fault(expected) }
        place += 1
    }

    private func fault(_ expected: String) -> RowFault {
        if place >= end { return RowFault(found: "the end of the line", expected: expected) }
        return RowFault(bytes: bytes[place..<end].prefix(40), expected: expected)
    }

    /// Whether a string begins here: a quote, perhaps after Python's `u`.
    private var quotePlace: Int? {
        guard let first = peek else { return nil }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") { return place }
        guard first == UInt8(ascii: "u"), place + 1 < end else { return nil }
        return bytes[place + 1] == UInt8(ascii: "\"") || bytes[place + 1] == UInt8(ascii: "'") ? place + 1 : nil
    }

    private mutating func value() throws(RowFault) -> Value {
        if let quote = quotePlace { return try string(from: quote) }
        switch peek {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let (start, isObject) = (place, peek == UInt8(ascii: "{"))
            var depth = 0
            repeat {
                if let quote = quotePlace {
                    _ = try string(from: quote)
                    continue
                }
                switch peek {
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case nil: throw fault("the end of the object or array")
                default: break
                }
                place += 1
            } while depth > 0
            return isObject ? .object(start..<place) : .array(start..<place)
        default:
            let start = place
            while let byte = peek, byte > 32, ![UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 58].contains(byte) {
                place += 1
            }
            guard place > start else { throw fault("a value") }
            return .word(start..<place)
        }
    }

    private mutating func string(from quotePlace: Int) throws(RowFault) -> Value {
        let quote = bytes[quotePlace]
        place = quotePlace + 1
        let start = place
        var hasEscapes = false
        while place < end {
            let byte = bytes[place]
            if byte == quote {
                place += 1
                return .string(start..<place - 1, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                place += 1
            }
            place += 1
        }
        place = end
        throw fault("a closing quote on the same line")
    }
}

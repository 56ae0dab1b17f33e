/// Walks the members of a JSON object that stands on one line, without building anything.
struct JSONLine {
    /// The value of a member, as it stands in the line.
    enum Value {
        /// The characters between the quotes, and whether there are escapes among them.
        case string(Range<Int>, hasEscapes: Bool)
        /// A number, true, false or null.
        case word(Range<Int>)
        /// An object or an array.
        case other
    }

    let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

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
        if place < bytes.count { throw fault("one JSON object a line") }
    }

    /// The text of a string value, its escapes resolved. Throws if an escape is none of JSON's.
    static func unescaped(_ text: UnsafeRawBufferPointer) throws(RowFault) -> [UInt8] {
        var result: [UInt8] = []
        var place = 0
        func unit(_ start: Int) -> UInt32? {
            guard start + 4 <= text.count else { return nil }
            return UInt32(String(decoding: text[start..<start + 4], as: UTF8.self), radix: 16)
        }
        while place < text.count {
            guard text[place] == UInt8(ascii: "\\"), place + 1 < text.count else {
                result.append(text[place])
                place += 1
                continue
            }
            let escape = text[place + 1]
            place += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "u"):
                guard var code = unit(place) else { throw RowFault(bytes: text, expected: "four hexadecimal digits after \\u") }
                place += 4
                if code & 0xFC00 == 0xD800, place + 1 < text.count, text[place] == UInt8(ascii: "\\"),
                    text[place + 1] == UInt8(ascii: "u"), let low = unit(place + 2), low & 0xFC00 == 0xDC00
                {
                    code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
                    place += 6
                }
                guard let scalar = Unicode.Scalar(code) else {
                    throw RowFault(bytes: text, expected: "a whole pair of surrogates")
                }
                result.append(contentsOf: Array(String(Character(scalar)).utf8))
            default: throw RowFault(bytes: text, expected: "one of JSON's escapes")
            }
        }
        return result
    }

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while place < bytes.count, [32, 9, 13].contains(bytes[place]) { place += 1 }
    }

    private mutating func take(_ byte: UInt8, _ expected: String) throws(RowFault) {
        guard peek == byte else { throw fault(expected) }
        place += 1
    }

    private func fault(_ expected: String) -> RowFault {
        if place >= bytes.count { return RowFault(found: "the end of the line", expected: expected) }
        return RowFault(bytes: bytes[place...].prefix(40), expected: expected)
    }

    private mutating func value() throws(RowFault) -> Value {
        switch peek {
        case UInt8(ascii: "\""): return try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            repeat {
                switch peek {
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: "\""):
                    _ = try string()
                    continue
                case nil: throw fault("the end of the object or array")
                default: break
                }
                place += 1
            } while depth > 0
            return .other
        default:
            let start = place
            while let byte = peek, byte > 32, ![UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains(byte) {
                place += 1
            }
            guard place > start else { throw fault("a value") }
            return .word(start..<place)
        }
    }

    private mutating func string() throws(RowFault) -> Value {
        place += 1
        let start = place
        var hasEscapes = false
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                place += 1
                return .string(start..<place - 1, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                place += 1
            }
            place += 1
        }
        place = bytes.count
        throw fault("a closing quote on the same line")
    }
}

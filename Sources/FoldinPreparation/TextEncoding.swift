/// The character encoding of a text file.
public enum TextEncoding: String, Sendable, CaseIterable {
    /// UTF-8.
    case utf8 = "utf-8"
    /// ISO-8859-1 (Latin 1).
    case latin1 = "iso-8859-1"
    /// Windows-1252, which adds typographic quotes, dashes and the euro sign to ISO-8859-1.
    case windows1252 = "windows-1252"

    /// The encoding of that name in any common spelling; nil if there is none.
    public init?(name: String) {
        switch name.lowercased().filter({ $0.isLetter || $0.isNumber }) {
        case "utf8", "utf8sig": self = .utf8
        case "iso88591", "latin1", "l1": self = .latin1
        case "windows1252", "cp1252", "ansi": self = .windows1252
        default: return nil
        }
    }

    /// The characters of 0x80 to 0x9F; bytes that Windows-1252 does not define are kept.
    private static let windows: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E,
        0x0178,
    ]

    /// `bytes` in UTF-8. Bytes of a UTF-8 text stay as they are, valid or not.
    func utf8(_ bytes: some Collection<UInt8>) -> [UInt8] {
        if self == .utf8 { return Array(bytes) }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 8)
        for byte in bytes {
            guard byte >= 0x80 else {
                result.append(byte)
                continue
            }
            let value = self == .windows1252 && byte < 0xA0 ? Self.windows[Int(byte) - 0x80] : UInt32(byte)
            if value < 0x800 {
                result.append(UInt8(0xC0 | value >> 6))
            } else {
                result.append(UInt8(0xE0 | value >> 12))
                result.append(UInt8(0x80 | value >> 6 & 0x3F))
            }
            result.append(UInt8(0x80 | value & 0x3F))
        }
        return result
    }
}

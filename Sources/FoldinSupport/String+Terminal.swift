extension String {
    /// The text with characters that could steer a terminal or reorder a line written as escapes: a line break as `\\n`, an escape
    /// character as `\\u{1B}`.
    public var escapedForTerminal: String {
        guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.steersTerminal: result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The same of several lines, whose breaks and tabs stay: what names and titles in them have of these must be escaped before.
    public var escapedLinesForTerminal: String {
        guard unicodeScalars.contains(where: { $0.steersTerminal && $0 != "\n" && $0 != "\t" }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar == "\n" || scalar == "\t" || !scalar.steersTerminal {
                result.unicodeScalars.append(scalar)
            } else {
                result += String(scalar).escapedForTerminal
            }
        }
        return result
    }

    /// A JSON text that says the same without any such character: JSON itself escapes those below U+0020 only. Its own breaks of lines stay.
    public var escapedJSONForTerminal: String {
        guard unicodeScalars.contains(where: { $0.steersTerminal && $0 != "\n" }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar == "\n" || !scalar.steersTerminal {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether it is a control character, a separator of lines, or a mark that changes the direction of text.
    fileprivate var steersTerminal: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFFF9...0xFFFB: true
        default: false
        }
    }
}

extension String {
    /// The text with control characters and marks that reorder text written as escapes: a line break as `\\n`, an escape character as
    /// `\\u{1B}`. Such characters could change how a terminal shows other text.
    public var escapedForTerminal: String {
        guard unicodeScalars.contains(where: \.isUnsafeForTerminal) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.isUnsafeForTerminal: result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text as `escapedForTerminal` has it, but with its line breaks and tabs. Those of names and titles must be escaped before they
    /// are inserted.
    public var escapedLinesForTerminal: String {
        guard unicodeScalars.contains(where: { $0.isUnsafeForTerminal && $0 != "\n" && $0 != "\t" }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar == "\n" || scalar == "\t" || !scalar.isUnsafeForTerminal {
                result.unicodeScalars.append(scalar)
            } else {
                result += String(scalar).escapedForTerminal
            }
        }
        return result
    }

    /// This JSON text with such characters as JSON escapes, which have the same meaning. JSON itself requires escapes only below U+0020.
    /// Line breaks between values stay.
    public var escapedJSONForTerminal: String {
        guard unicodeScalars.contains(where: { $0.isUnsafeForTerminal && $0 != "\n" }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar == "\n" || !scalar.isUnsafeForTerminal {
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
    fileprivate var isUnsafeForTerminal: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFFF9...0xFFFB: true
        default: false
        }
    }
}

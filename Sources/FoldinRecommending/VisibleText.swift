extension String {
    /// With control characters as escapes (`\u{1B}`), for terminals: C0, DEL, C1, line and paragraph separators, and what changes the
    /// direction of the text around it.
    package var visible: String {
        guard unicodeScalars.contains(where: Self.isControl) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if Self.isControl(scalar) {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// In double quotes, without control characters and no longer than 80 characters, for messages.
    package var shown: String { "\"" + (count > 80 ? String(prefix(80)) + "…" : self).visible + "\"" }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension [String] {
    /// The first `count` in quotes, for messages; `…` when there are more.
    package func shown(_ count: Int) -> String {
        prefix(count).map(\.shown).joined(separator: ", ") + (self.count > count ? ", …" : "")
    }
}

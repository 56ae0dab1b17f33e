extension String {
    /// The text in double quotes, for messages: its first 80 Unicode scalars, control characters as escapes.
    package var quoted: String {
        let scalars = unicodeScalars
        let isShort = scalars.count <= 80
        let text = isShort ? self : String(String.UnicodeScalarView(scalars.prefix(80))) + "…"
        return "\"" + text.escapedForTerminal + "\""
    }
}

extension [String] {
    /// The first `count` texts in quotes, separated by commas; `…` at the end when there are more.
    package func quoted(first count: Int) -> String {
        prefix(count).map(\.quoted).joined(separator: ", ") + (self.count > count ? ", …" : "")
    }
}

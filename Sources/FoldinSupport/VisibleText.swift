extension String {
    /// In double quotes, without control characters and no longer than 80 characters, for messages.
    package var shown: String { "\"" + (count > 80 ? String(prefix(80)) + "…" : self).escapedForTerminal + "\"" }
}

extension [String] {
    /// The first `count` in quotes, for messages; `…` when there are more.
    package func shown(_ count: Int) -> String {
        prefix(count).map(\.shown).joined(separator: ", ") + (self.count > count ? ", …" : "")
    }
}

extension String {
    /// In quotes and without control characters, for messages.
    var quoted: String {
        "\"" + String(unicodeScalars.prefix(60).map { $0.value < 32 || $0.value == 127 ? "\u{FFFD}" : Character($0) }) + "\""
    }

    /// The names nearest to this one, which is none of them, for messages: `anneal-cap or anneal`; nil when none is near.
    func suggestions(among names: [String]) -> String? {
        let near = names.map { ($0, editDistance(to: $0)) }
            .filter { $0.1 <= max(2, count / 3) || (count > 2 && $0.0.contains(self)) }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        return near.isEmpty ? nil : near.prefix(3).map(\.0).joined(separator: " or ")
    }

    /// The fewest insertions, deletions and replacements of characters that make `other` of this (Levenshtein 1966).
    private func editDistance(to other: String) -> Int {
        let (a, b) = (Array(self.prefix(100)), Array(other))
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (letter == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}

import Foldin

/// What to tell people of how ratings files were read: columns taken by their order alone, and malformed rows passed over.
struct ReadingNotes {
    private(set) var lines: [String] = []

    init(of ratings: Ratings) {
        for (layout, path) in zip(ratings.layouts, ratings.paths) {
            if layout.isByPosition {
                lines.append(
                    "\(path): nothing names the columns; by their order: \(layout.description). "
                        + "--user-column, --item-column, … with --no-header say otherwise")
            }
            lines += layout.notes.map { "\(path): \($0)" }
        }
        let bad = ratings.badRows
        guard bad.count > 0 else { return }
        let shown = bad.first.count
        lines.append("\(bad.count) malformed rows were passed over" + (shown < bad.count ? "; the first \(shown):" : ":"))
        lines += bad.first.map { "  \($0)" }
    }

    func forEach(_ body: (String) -> Void) { lines.forEach(body) }
}

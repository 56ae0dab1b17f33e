import Foldin

/// Notes on how ratings files were read: columns recognised by their order alone, and malformed rows that were skipped.
struct ReadingNotes {
    private(set) var lines: [String] = []

    init(of ratings: Ratings) {
        for (layout, path) in zip(ratings.layouts, ratings.paths) {
            if layout.isByPosition {
                lines.append(
                    "\(path): nothing names the columns; by their order: \(layout.description). "
                        + "--no-header with --user-column, --item-column, … gives another order")
            }
            lines += layout.notes.map { "\(path): \($0.textWithAdvice)" }
        }
        let bad = ratings.badRows
        guard bad.count > 0 else { return }
        let shown = bad.first.count
        lines.append("\(bad.count) malformed rows were skipped" + (shown < bad.count ? "; the first \(shown):" : ":"))
        lines += bad.first.map { "  \($0.descriptionWithAdvice)" }
    }

    func forEach(_ body: (String) -> Void) { lines.forEach(body) }
}

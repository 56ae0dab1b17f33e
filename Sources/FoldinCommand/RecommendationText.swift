import Foldin
import Foundation

/// Formats recommendations as a table or as CSV.
enum RecommendationText {
    /// The note about a list whose scores are all equal.
    static let equalScores = "all scores are equal: the order is that of the catalogue"

    /// Rank, score, id and title in columns; control characters as escapes.
    static func table(_ items: [Recommendation]) -> String {
        let names = items.map(\.item.escapedForTerminal)
        let width = names.map(\.count).max() ?? 0
        return zip(items, names).enumerated().map { index, row in
            let (item, name) = row
            let start = String(format: "%4d %9.4f  ", index + 1, item.score) + name
            guard let title = item.title else { return start }
            return start + String(repeating: " ", count: width - name.count) + "  " + title.escapedForTerminal
        }.joined(separator: "\n")
    }

    /// The first row of `rows(_:of:)`.
    static let header = "user,rank,item,score,title"

    /// One CSV row per item; a row with the user alone if there are no items.
    static func rows(_ items: [Recommendation], of user: String) -> String {
        guard !items.isEmpty else { return field(user) + ",,,," }
        return items.enumerated().map { index, item in
            "\(field(user)),\(index + 1),\(field(item.item)),\(item.score),\(field(item.title ?? ""))"
        }.joined(separator: "\n")
    }

    /// A field of RFC 4180: in quotes if it has a separator, a quote, a line break, or blanks at its ends.
    static func field(_ text: String) -> String {
        let bytes = text.utf8
        let isPlain =
            !bytes.contains { [0x22, 0x2C, 0x0A, 0x0D, 0x09].contains($0) } && bytes.first != 0x20 && bytes.last != 0x20
        guard !isPlain else { return text }
        return "\"" + String(decoding: bytes.flatMap { $0 == 0x22 ? [$0, $0] : [$0] }, as: UTF8.self) + "\""
    }
}

extension [Recommendation] {
    /// Whether there are several items and all have the same score.
    var areAllEqual: Bool { count > 1 && allSatisfy { $0.score == self[0].score } }
}

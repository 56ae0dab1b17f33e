import Foldin
import Foundation

/// What `foldin prepare` did, for people and for machines.
struct PreparationSummary: Encodable {
    let out: String
    let counts: [String: Int]
    let options: [String: String]
    let sources: [PreparationRecord.Source]
    /// The share of all pairs of users and items that interact, from 0 to 1.
    let sparsity: Double
    /// Held-out interactions that are in training, shown when judged, or in validation and test; nil for a split that divides users, which
    /// cannot have any.
    let leaked: [String: Int]?

    init(_ record: PreparationRecord, leakage: Leakage?, out: String) {
        self.out = out
        counts = record.counts
        options = record.options
        sources = record.sources
        leaked = leakage.map { ["training": $0.inTraining, "fold-in": $0.inFoldIn, "validation": $0.inValidation] }
        let pairs = Double(counts["users"] ?? 0) * Double(counts["items-all"] ?? counts["items"] ?? 0)
        sparsity = pairs > 0 ? Double(counts["interactions"] ?? 0) / pairs : 0
    }

    /// Says what leaked.
    private static func sentence(_ leaked: [String: Int]) -> String {
        let found = leaked.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if found.isEmpty { return "none: no held-out row is in training, shown when judged, or in both validation and test" }
        return "held-out rows that are also in " + found.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }

    var text: String {
        var lines: [String] = []
        let percent = String(format: "%.3f", sparsity * 100)
        lines.append(
            "After filtering, there are \(counts["interactions"] ?? 0) watching events from \(counts["users"] ?? 0) users and "
                + "\(counts["items-all"] ?? counts["items"] ?? 0) items (sparsity: \(percent)%)")
        func line(_ label: String, _ text: String) {
            lines.append(label.padding(toLength: 12, withPad: " ", startingAt: 0) + text)
        }
        func number(_ name: String) -> Int { counts[name] ?? 0 }
        line(
            "read",
            "\(number("rows")) rows, \(number("rows-below-rating")) not above the rating, \(number("duplicates")) repeated")
        line("train", "\(number("train-interactions")) rows, \(number("train-users")) users, \(number("items")) items")
        for part in ["validation", "test"] {
            line(
                part,
                "\(number(part + "-fold-in-interactions")) + \(number(part + "-held-out-interactions")) rows, "
                    + "\(number(part + "-users")) users")
        }
        if let unknown = counts["test-rows-of-items-not-in-train"], unknown > 0 {
            line(
                "",
                "\(unknown) test rows are of \(number("test-items-not-in-train")) items without training rows: they count as misses"
            )
        }
        if let users = counts["test-users-not-in-train"], users > 0 { line("", "\(users) test users have no training rows") }
        for part in ["validation", "test"] {
            if let users = counts[part + "-users-without-history"], users > 0 {
                line("", "\(users) users of \(part) have no earlier rows and are left out")
            }
            if let rows = counts[part + "-rows-of-unknown-items"], rows > 0 {
                line("", "\(rows) \(part) rows are of items without training rows and are left out")
            }
        }
        if let later = counts["train-rows-after-first-test-row"], later > 0 {
            line("", "\(later) training rows are later than the first test row")
        }
        if let leaked { line("leakage", PreparationSummary.sentence(leaked)) }
        if let titles = counts["titles"] { line("titles", "\(titles) of \(number("items")) items") }
        line("written", out)
        return lines.joined(separator: "\n")
    }
}

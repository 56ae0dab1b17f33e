import Foldin
import Foundation

/// What `foldin prepare` did, as text and as JSON.
struct PreparationSummary: Encodable {
    let out: String
    let counts: [String: Int]
    let options: [String: String]
    let sources: [PreparationRecord.Source]
    /// The share of all pairs of users and items that interact, from 0 to 1.
    let sparsity: Double
    /// Held-out interactions that are also in training, among the fold-in items, or in validation and test; nil for a split that divides
    /// users, which cannot have any.
    let leaked: [String: Int]?
    /// In which direction these change the figures.
    let leakSentences: [String]
    /// Users and items with too few interactions.
    let droppedUsers: Int
    let droppedItems: Int
    /// How each file was read.
    let layouts: [Layout]
    /// Counts of the rows of the training files, or of the only ones: `read`, the rows left out by reason, and `interactions`, the others.
    let rows: [String: Int]
    /// What is wrong with the first three malformed rows that were skipped.
    let badRows: [String]
    /// What the user should check.
    let notes: [String]

    /// How a file was read.
    struct Layout: Encodable {
        let file: String
        let format: String
        let columns: String
        /// Whether columns were recognised by their order alone.
        let byPosition: Bool
    }

    /// `dataset` is nil for a split that divides users, which has no leakage.
    init(_ record: PreparationRecord, _ ratings: Ratings, test: Ratings?, titles: Titles?, dataset: PreparedDataset?, out: String)
    {
        self.out = out
        counts = record.counts
        (droppedUsers, droppedItems) = (record.dropped["users"] ?? 0, record.dropped["items"] ?? 0)
        options = record.options
        sources = record.sources
        let leakages = dataset.map { (validation: $0.validationLeakage, test: $0.testLeakage) }
        leaked = leakages.map { Leakage(validation: $0.validation, test: $0.test) }.map {
            ["training": $0.inTraining, "fold-in": $0.inFoldIn, "validation": $0.inValidation]
        }
        leakSentences =
            (leakages?.validation.sentences(of: .validation, rows: dataset?.validation.heldOut.count ?? 0) ?? [])
            + (leakages?.test.sentences(of: .test, rows: dataset?.test.heldOut.count ?? 0) ?? [])
        let pairs = Double(counts["users"] ?? 0) * Double(counts["items-all"] ?? counts["items"] ?? 0)
        sparsity = pairs > 0 ? Double(counts["interactions"] ?? 0) / pairs : 0
        layouts = ([ratings] + [test].compactMap { $0 }).flatMap { part in
            zip(part.layouts, part.paths).map { layout, path in
                Layout(file: path, format: layout.format.name, columns: layout.description, byPosition: layout.isByPosition)
            }
        }
        rows = Self.rows(record, ratings)
        badRows = (ratings.badRows.first + (test?.badRows.first ?? [])).map(\.descriptionWithAdvice)
        notes = Self.notes(record, ratings, test, titles)
    }

    private static func rows(_ record: PreparationRecord, _ ratings: Ratings) -> [String: Int] {
        var rows = [
            "read": ratings.count + ratings.badRows.count + ratings.notKeptCount, "malformed": ratings.badRows.count,
            "not-kept": ratings.notKeptCount, "not-above-the-rating": record.counts["rows-below-rating"] ?? 0,
            "repeated": record.counts["duplicates"] ?? 0,
        ]
        rows["of-dropped-items"] = record.dropped["rows-of-dropped-items"] ?? 0
        rows["of-dropped-users"] = record.dropped["rows-of-dropped-users"] ?? 0
        rows["interactions"] = rows.reduce(0) { $1.key == "read" ? $0 + $1.value : $0 - $1.value }
        return rows
    }

    /// What the user should check.
    private static func notes(
        _ record: PreparationRecord, _ ratings: Ratings, _ test: Ratings?, _ titles: Titles?
    ) -> [String] {
        var notes = ReadingNotes(of: ratings).lines + (test.map { ReadingNotes(of: $0).lines } ?? [])
        let counts = record.counts
        if let rating = ratings.onlyRating, ratings.count > 1 {
            notes.append("every rating is \(rating): the rating column has no information")
        }
        if ratings.userCount == 1, ratings.count > 1 { notes.append("there is one user only: is the user column the right one?") }
        if ratings.itemCount == 1, ratings.count > 1 { notes.append("there is one item only: is the item column the right one?") }
        if let titles, counts["titles"] == 0 {
            let users = ratings.usersTitled(by: titles)
            notes.append(
                users > 0
                    ? "no item has a title, but \(users) users have: user and item columns seem to be exchanged"
                    : "no item has a title: the ids of the titles" + (titles.idName.map { " ('\($0)')" } ?? "")
                        + " differ from those of the items; --title-id-column or --item-column may name columns that match")
        }
        for part in ["validation", "test"] {
            let users = counts[part + "-users"] ?? 0
            if users > 0, counts[part + "-held-out-interactions"] == 0, counts["test-users-not-in-train"] == nil {
                notes.append("\(part): no user has held-out items; users with fewer than 5 items keep them all")
            }
        }
        return notes
    }

    var text: String {
        var lines: [String] = []
        let percent = String(format: "%.3f", sparsity * 100)
        lines.append(
            "After filtering, there are \(counts["interactions"] ?? 0) interactions from \(counts["users"] ?? 0) users and "
                + "\(counts["items-all"] ?? counts["items"] ?? 0) items (sparsity: \(percent)%)")
        func line(_ label: String, _ text: String) {
            lines.append(label.padding(toLength: 12, withPad: " ", startingAt: 0) + text.escapedForTerminal)
        }
        func number(_ name: String) -> Int { counts[name] ?? 0 }
        for layout in layouts {
            line("layout", (layouts.count > 1 ? layout.file + ": " : "") + "\(layout.format): \(layout.columns)")
        }
        var read = ["\(rows["read"] ?? 0) rows"]
        func leftOut(_ name: String, _ text: String) {
            if let count = rows[name], count > 0 { read.append("\(count) \(text)") }
        }
        leftOut("malformed", "malformed")
        leftOut("not-kept", "not among the values to keep")
        if options["rating-above"] != nil { read.append("\(number("rows-below-rating")) not above the rating") }
        read.append("\(number("duplicates")) repeated")
        leftOut("of-dropped-items", "of dropped items")
        leftOut("of-dropped-users", "of dropped users")
        line("read", read.joined(separator: ", "))
        for (kind, dropped) in [("item", droppedItems), ("user", droppedUsers)] where dropped > 0 {
            let fewest = options["min-\(kind)-interactions"] ?? ""
            let all = dropped + (kind == "user" ? number("users") : number("items-all"))
            line("", "\(dropped) of \(all) \(kind)s dropped: fewer than \(fewest) \(kind == "user" ? "items" : "users")")
        }
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
        if leaked != nil {
            let none = "none: no held-out row is in training, among the fold-in items, or in both validation and test"
            line("leakage", leakSentences.first ?? none)
            for sentence in leakSentences.dropFirst() { line("", sentence) }
        }
        if let titles = counts["titles"] { line("titles", "\(titles) of \(number("items")) items") }
        line("written", out)
        return lines.joined(separator: "\n")
    }
}

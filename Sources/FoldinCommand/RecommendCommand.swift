import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin recommend`: items for people, known by what they liked.
struct RecommendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend", abstract: "Recommend items to people the model has never met.",
        discussion: """
            A history is a list of item ids that somebody liked: --history '260,"Half-Life 2, Episode 0"'. An id with a comma stands in \
            double quotes, a double quote inside those is doubled, and blanks around an id are no part of it. Ids of a history that the \
            model does not know are named and passed over; an empty history gets the most popular items. --history, --exclude and \
            --allow may be repeated.

            --histories reads many. As lines each line is a history: ids separated by commas or tabs, or by blanks where there are \
            neither and no quotes. As csv a header names a user and an item column (user,item; userId,movieId; customer_id,sku; …), and \
            each user's rows are a history. As json-lines a line is an array of ids or an object such as \
            {"user": "u1", "history": ["a", "b"]}; an integer is an id by its digits. Which of them it is, is recognised and said on \
            standard error; what may be meant in two ways is refused until --histories-format says which.

            --format csv prints user,rank,item,score,title, and json-lines an object a history with its "user": the user's id, or the \
            number of the history's line where there is none. A history without any known id is named on standard error; it has a row \
            without items there. --json prints json-lines without "user" where the file has none.

            The best score comes first, equal scores by the item's index: in the order of first appearance in the training data.
            """)

    /// How recommendations are printed.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, csv
        case jsonLines = "json-lines"
    }

    @Argument(help: ArgumentHelp("A model file.", valueName: "model")) var model: String
    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("What the person liked.", valueName: "id,id,…"))
    var history: [String] = []
    @Option(help: ArgumentHelp("A file of many people's histories; - for standard input.", valueName: "file"))
    var histories: String?
    @Option(help: ArgumentHelp("How --histories is read. (default: recognised by its first lines)", valueName: "format"))
    var historiesFormat: Histories.Format?
    @Option(help: "How many items to recommend.") var top = 10
    @OptionGroup var filter: ItemFilterOptions
    @Option(help: "How recommendations are printed.") var format = Format.text
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print JSON: one document for --history, one a line for --histories.") var json = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top: found \(top); expected at least 1") }
    }

    func run() throws {
        try checkOptions()
        let trained = try TrainedModel(contentsOf: model)
        try trained.checkScores(file: model, workers: work.workers)
        let recommender = Recommender(trained, workers: work.workers)
        var printer = RecommendationPrinter(format: json ? nil : format, top: top)
        if let histories {
            try recommend(
                to: try Histories(contentsOf: histories, as: historiesFormat, known: recommender.ids), histories, &printer,
                recommender)
        } else {
            try recommendToOne(&printer, recommender)
        }
    }

    /// Not a `validate()`, whose errors come before that of an unknown option.
    private func checkOptions() throws {
        func refuse(_ found: String, _ expected: String) -> FoldinError { FoldinError(.usage, found: found, expected: expected) }
        if history.isEmpty == (histories == nil) {
            throw refuse(history.isEmpty ? "neither" : "both", "either --history or --histories")
        }
        if histories == nil, historiesFormat != nil {
            throw refuse("--histories-format without --histories", "the file of histories as well")
        }
        if json, format != .text { throw refuse("--json with --format \(format.rawValue)", "one of them") }
        let standardInputs = ([histories].compactMap { $0 } + filter.excludeFile + filter.allowFile).count { $0 == "-" }
        if standardInputs > 1 { throw refuse("standard input (-) for \(standardInputs) files", "at most one") }
    }

    private func recommendToOne(_ printer: inout RecommendationPrinter, _ recommender: Recommender) throws {
        let list = try WrittenIds(history, "--history", recommender)
        let (excluded, allowed) = try filter.items(of: recommender)
        switch try recommender.recommendations(top, for: [list.ids], excluding: excluded, allowing: allowed)[0] {
        case .success(let recommended):
            if list.ids.isEmpty { Console.note("the history is empty: these are the most popular items") }
            if !recommended.unknown.isEmpty {
                Console.note("not known to the model: \(recommended.unknown.map(\.escapedForTerminal).joined(separator: ", "))")
                let hints = list.hints(for: recommended.unknown, recommender)
                if !hints.isEmpty { Console.note("--history: " + hints.dropFirst(2)) }
            }
            if let shortfall = printer.shortfall(recommended, allowed) { Console.note(shortfall) }
            if recommended.items.areAllEqual { Console.note(RecommendationText.equalScores) }
            try printer.begin()
            try printer.show(recommended, user: nil, number: 1, isOnly: true)
        case .failure(let error):
            throw error.with(expected: error.expected + list.hints(for: list.ids, recommender))
        }
    }

    private func recommend(
        to people: Histories, _ path: String, _ printer: inout RecommendationPrinter, _ recommender: Recommender
    ) throws {
        for note in people.notes { Console.note("\(path): \(note)") }
        let (excluded, allowed) = try filter.items(of: recommender)
        var failures = 0
        var notes = RepeatedNotes(path: path)
        try printer.begin()
        // A thousand at a time: results come as they are made, and memory stays that of one block.
        for start in stride(from: 0, to: people.count, by: 1000) where Console.isRead {
            let block = (start..<min(people.count, start + 1000)).map { people[$0] }
            let outcomes = try recommender.recommendations(
                top, for: block.map(\.ids), excluding: excluded, allowing: allowed)
            for (person, outcome) in zip(block, outcomes) {
                let place = "\(path):\(person.line): "
                switch outcome {
                case .success(let recommended):
                    if person.ids.isEmpty { notes.add("empty histories got the most popular items", person.line) }
                    if !recommended.unknown.isEmpty {
                        let named = recommended.unknown.prefix(20).map(\.escapedForTerminal).joined(separator: ", ")
                        Console.note(place + "not known to the model: \(named)\(recommended.unknown.count > 20 ? ", …" : "")")
                    }
                    if let shortfall = printer.shortfall(recommended, allowed) { notes.add(shortfall, person.line) }
                    if recommended.items.areAllEqual { notes.add(RecommendationText.equalScores, person.line) }
                    try printer.show(recommended, user: person.user, number: person.line)
                case .failure(let error):
                    failures += 1
                    Console.failure(error.with(file: path, line: person.line))
                    try printer.showNothing(unknown: person.ids, user: person.user, number: person.line)
                }
            }
        }
        notes.show()
        if failures == people.count { throw ExitCode(65) }
    }
}

extension Histories.Format: ExpressibleByArgument {}

/// Notes that come again and again: each is said once, with how often and where first.
private struct RepeatedNotes {
    let path: String
    private var notes: [(text: String, count: Int, line: Int)] = []

    init(path: String) { self.path = path }

    mutating func add(_ text: String, _ line: Int) {
        if let place = notes.firstIndex(where: { $0.text == text }) {
            notes[place].count += 1
        } else {
            notes.append((text, 1, line))
        }
    }

    func show() {
        for note in notes {
            Console.note("\(path):\(note.line): \(note.text)" + (note.count > 1 ? " (so for \(note.count) histories)" : ""))
        }
    }
}

/// Prints lists of recommendations one after the other.
private struct RecommendationPrinter {
    /// Nil for `--json`.
    let format: RecommendCommand.Format?
    let top: Int
    private var isFirst = true

    init(format: RecommendCommand.Format?, top: Int) { (self.format, self.top) = (format, top) }

    /// An object of `--format json-lines`; of `--json` where there are users.
    private struct Line: Encodable {
        let user: String?
        let items: [Recommendation]
        let unknown: [String]
    }

    /// Prints what comes before the lists.
    func begin() throws {
        if format == .csv { try Console.rows(RecommendationText.header) }
    }

    /// What is said of a list shorter than was asked for; nil of any other.
    func shortfall(_ recommended: Recommendations, _ allowed: [String]?) -> String? {
        let count = recommended.items.count
        guard count < top else { return nil }
        return "only \(count) item\(count == 1 ? " is" : "s are") left to recommend, fewer than \(top)"
            + (allowed == nil ? "" : "; \(Set(allowed ?? []).count) are allowed")
    }

    /// Prints a list: for the user `user`, or, where that is nil, the history of line `number`.
    mutating func show(_ recommended: Recommendations, user: String?, number: Int, isOnly: Bool = false) throws {
        defer { isFirst = false }
        switch format {
        case .text:
            if !isOnly { try Console.result((isFirst ? "" : "\n") + heading(user, number)) }
            if !recommended.items.isEmpty { try Console.result(RecommendationText.table(recommended.items)) }
        case .csv: try Console.rows(RecommendationText.rows(recommended.items, of: user ?? "\(number)"))
        case .jsonLines:
            try Console.json(Line(user: user ?? "\(number)", items: recommended.items, unknown: recommended.unknown))
        case nil: try Console.json(Line(user: user, items: recommended.items, unknown: recommended.unknown))
        }
    }

    /// Prints that there is no list; in text nothing.
    mutating func showNothing(unknown: [String], user: String?, number: Int) throws {
        guard format != .text else { return }
        try show(Recommendations(items: [], unknown: unknown), user: user, number: number)
    }

    private func heading(_ user: String?, _ number: Int) -> String { user.map(\.escapedForTerminal) ?? "history \(number)" }
}

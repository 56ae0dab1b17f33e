import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin recommend`: items for users from the items that they liked.
struct RecommendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend", abstract: "Recommend items to users from the items they liked.",
        discussion: """
            A history is a list of ids of items that a user liked: --history '260,"Half-Life 2, Episode 0"'. The user need not be in the \
            training data. An id with a comma is written in double quotes, a double quote inside those is doubled, and blanks around an \
            id are ignored. Unknown ids of a history are reported and ignored; an empty history gets the most popular items. --history, \
            --exclude and --allow may be repeated.

            --histories reads a file of many histories in one of three formats. lines: one history per line, ids separated by commas or \
            tabs, or by blanks if the line has neither of these and no quotes. csv: a header names a user and an item column (user,item; \
            userId,movieId; customer_id,sku; …), and the rows of a user are one history. json-lines: each line is an array of ids or an \
            object such as {"user": "u1", "history": ["a", "b"]}; an integer is the id with its digits. The format is recognised and \
            reported on standard error; a file with several possible formats is refused unless --histories-format is given. Parquet and Arrow \
            files are read if DuckDB is installed.

            --format csv prints user,rank,item,score,title. --format json-lines prints one object per history with its "user": the \
            user's id, or the number of the history's line if there is none. A history without any known id is reported on standard \
            error; its row or object has no items. --json prints json-lines without "user" if the file has no users.

            The best score comes first, equal scores by the item's index: in the order of first appearance in the training data.
            """)

    /// How recommendations are printed.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, csv
        case jsonLines = "json-lines"
    }

    @Argument(help: ArgumentHelp("A model file.", valueName: "model"), completion: .file(extensions: ["safetensors"]))
    var model: String
    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("The items that the user liked.", valueName: "id,id,…"))
    var history: [String] = []
    @Option(help: ArgumentHelp("A file of many users' histories; - for standard input.", valueName: "file"), completion: .file())
    var histories: String?
    @Option(help: ArgumentHelp("The format of --histories. (default: recognised by its first lines)", valueName: "format"))
    var historiesFormat: Histories.Format?
    @Option(help: "How many items to recommend.") var top = 10
    @OptionGroup var filter: ItemFilterOptions
    @Option(help: "How recommendations are printed.") var format = Format.text
    @Option(
        help: ArgumentHelp(
            "Write to a file instead, replaced when it is complete: Parquet, CSV or JSON lines by its ending (.parquet, .csv, .jsonl) or by --format.",
            valueName: "file"), completion: .file())
    var out: String?
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print JSON: one document for --history, one per line for --histories.") var json = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top: found \(top); expected at least 1") }
    }

    func run() throws {
        try checkOptions()
        let trained = try TrainedModel(contentsOf: model)
        try trained.checkScores(file: model, workers: work.workers)
        let recommender = Recommender(trained, workers: work.workers)
        let users = try histories.map { try Histories(contentsOf: $0, as: historiesFormat, known: recommender.ids) }
        guard let out else {
            try recommend(to: users, RecommendationPrinter(format: json ? nil : format, top: top), recommender)
            return
        }
        try Overlap.refuse(
            out,
            over: [Overlap.Input(model, "the model")]
                + [histories].compactMap { $0 }.map { Overlap.Input($0, "the file of histories") })
        let target = try RecommendationFile(out, format)
        try target.write(ids: recommender.ids, users: users) { write in
            var printer = RecommendationPrinter(format: target.format, top: top, hasHeader: !target.isTable)
            printer.write = write
            try recommend(to: users, printer, recommender)
        }
    }

    private func recommend(to users: Histories?, _ printer: RecommendationPrinter, _ recommender: Recommender) throws {
        var printer = printer
        if let users, let histories {
            try recommend(to: users, histories, &printer, recommender)
        } else {
            try recommendToOneUser(&printer, recommender)
        }
    }

    /// This is not in `validate()`, whose errors would hide that of an unknown option.
    private func checkOptions() throws {
        func refuse(_ found: String, _ expected: String) -> FoldinError { FoldinError(.usage, found: found, expected: expected) }
        if history.isEmpty == (histories == nil) {
            throw refuse(history.isEmpty ? "neither" : "both", "either --history or --histories")
        }
        if histories == nil, historiesFormat != nil {
            throw refuse("--histories-format without --histories", "the file of histories as well")
        }
        if json, out != nil { throw refuse("--json with --out", "--format json-lines") }
        if json, format != .text { throw refuse("--json with --format \(format.rawValue)", "one of them") }
        let standardInputs = ([histories].compactMap { $0 } + filter.excludeFile + filter.allowFile).count { $0 == "-" }
        if standardInputs > 1 { throw refuse("standard input (-) for \(standardInputs) files", "at most one") }
    }

    private func recommendToOneUser(_ printer: inout RecommendationPrinter, _ recommender: Recommender) throws {
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
        to users: Histories, _ path: String, _ printer: inout RecommendationPrinter, _ recommender: Recommender
    ) throws {
        for note in users.notes { Console.note("\(path): \(note)") }
        let (excluded, allowed) = try filter.items(of: recommender)
        var failures = 0
        var notes = RepeatedNotes(path: path)
        try printer.begin()
        // A thousand users at a time, so that results are printed early and memory is limited.
        for start in stride(from: 0, to: users.count, by: 1000) where Console.isRead {
            let block = (start..<min(users.count, start + 1000)).map { users[$0] }
            let outcomes = try recommender.recommendations(
                top, for: block.map(\.ids), excluding: excluded, allowing: allowed)
            for (history, outcome) in zip(block, outcomes) {
                let place = "\(path):\(history.line): "
                switch outcome {
                case .success(let recommended):
                    if history.ids.isEmpty { notes.add("empty histories got the most popular items", history.line) }
                    if !recommended.unknown.isEmpty {
                        let named = recommended.unknown.prefix(20).map(\.escapedForTerminal).joined(separator: ", ")
                        Console.note(place + "not known to the model: \(named)\(recommended.unknown.count > 20 ? ", …" : "")")
                    }
                    if let shortfall = printer.shortfall(recommended, allowed) { notes.add(shortfall, history.line) }
                    if recommended.items.areAllEqual { notes.add(RecommendationText.equalScores, history.line) }
                    try printer.show(recommended, user: history.user, number: history.line)
                case .failure(let error):
                    failures += 1
                    Console.failure(error.with(file: path, line: history.line))
                    try printer.showNothing(unknown: history.ids, user: history.user, number: history.line)
                }
            }
        }
        notes.show()
        if failures == users.count { throw ExitCode(65) }
    }
}

extension Histories.Format: ExpressibleByArgument {}

/// Notes that occur for many histories: each is printed once, with the number of histories and the first line.
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
            Console.note("\(path):\(note.line): \(note.text)" + (note.count > 1 ? " (the same for \(note.count) histories)" : ""))
        }
    }
}

/// Prints lists of recommendations, one after another.
private struct RecommendationPrinter {
    /// Nil for `--json`.
    let format: RecommendCommand.Format?
    let top: Int
    /// Whether CSV begins with the names of its columns.
    let hasHeader: Bool
    /// Writes lines to a file; nil for standard output.
    var write: ((String) throws -> Void)?
    private var isFirst = true

    init(format: RecommendCommand.Format?, top: Int, hasHeader: Bool = true) {
        (self.format, self.top, self.hasHeader) = (format, top, hasHeader)
    }

    /// An object of `--format json-lines` or `--json`.
    private struct Line: Encodable {
        let user: String?
        let items: [Recommendation]
        let unknown: [String]
    }

    /// Prints the text before the lists.
    func begin() throws {
        if format == .csv, hasHeader { try rows(RecommendationText.header) }
    }

    /// The note about a list that is shorter than requested; nil for any other list.
    func shortfall(_ recommended: Recommendations, _ allowed: [String]?) -> String? {
        let count = recommended.items.count
        guard count < top else { return nil }
        return "only \(count) item\(count == 1 ? " is" : "s are") left to recommend, fewer than \(top)"
            + (allowed == nil ? "" : "; \(Set(allowed ?? []).count) are allowed")
    }

    /// Prints the list of the user `user` or, if that is nil, of the history of line `number`.
    mutating func show(_ recommended: Recommendations, user: String?, number: Int, isOnly: Bool = false) throws {
        defer { isFirst = false }
        switch format {
        case .text:
            if !isOnly { try Console.result((isFirst ? "" : "\n") + heading(user, number)) }
            if !recommended.items.isEmpty { try Console.result(RecommendationText.table(recommended.items)) }
        case .csv: try rows(RecommendationText.rows(recommended.items, of: user ?? "\(number)"))
        case .jsonLines:
            let line = Line(user: user ?? "\(number)", items: recommended.items, unknown: recommended.unknown)
            try write.map { try $0(Console.document(line)) } ?? Console.json(line)
        case nil: try Console.json(Line(user: user, items: recommended.items, unknown: recommended.unknown))
        }
    }

    /// Prints that a history has no list; prints nothing as text.
    mutating func showNothing(unknown: [String], user: String?, number: Int) throws {
        guard format != .text else { return }
        try show(Recommendations(items: [], unknown: unknown), user: user, number: number)
    }

    private func rows(_ text: String) throws { try write.map { try $0(text) } ?? Console.rows(text) }

    private func heading(_ user: String?, _ number: Int) -> String { user.map(\.escapedForTerminal) ?? "history \(number)" }
}

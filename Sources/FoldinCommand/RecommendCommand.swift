import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin recommend`: items for people, known by what they liked.
struct RecommendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend", abstract: "Recommend items to people the model has never met.",
        discussion: """
            A history is a list of item ids that somebody liked. --histories reads one a line, ids separated by commas, tabs or \
            spaces. Ids the model does not know are named and passed over. With --json one document is printed for --history, and \
            one a line for --histories.
            """)

    @Argument(help: ArgumentHelp("A model file.", valueName: "model")) var model: String
    @Option(help: ArgumentHelp("What the person liked.", valueName: "id,id,…")) var history: String?
    @Option(help: ArgumentHelp("A file with a history a line.", valueName: "file")) var histories: String?
    @Option(help: "How many items to recommend.") var top = 10
    @Option(help: ArgumentHelp("Items not to recommend.", valueName: "id,id,…")) var exclude: String?
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top: found \(top); expected at least 1") }
        if (history == nil) == (histories == nil) {
            throw ValidationError("found \(history == nil ? "neither" : "both"); expected either --history or --histories")
        }
    }

    func run() throws {
        let recommender = Recommender(try TrainedModel(contentsOf: model), workers: work.workers)
        let excluded = exclude.map { ids(in: $0, separators: ",") } ?? []
        guard let histories else {
            let ids = ids(in: history ?? "", separators: ",")
            let outcome = try recommender.recommendations(top, for: [ids], excluding: excluded)[0].get()
            try show(outcome, of: recommender)
            return
        }
        guard let text = try? Data(contentsOf: URL(filePath: histories)) else {
            throw FoldinError(.missingInput, file: histories, found: "no file that can be read", expected: "a history a line")
        }
        let lines = String(decoding: text, as: UTF8.self).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let people = lines.last?.isEmpty == true ? lines.dropLast() : lines
        guard !people.isEmpty else {
            throw FoldinError(.badData, file: histories, found: "an empty file", expected: "a history a line")
        }
        // A thousand at a time: results come as they are made, and memory stays that of one block.
        var failures = 0
        for start in stride(from: 0, to: people.count, by: 1000) {
            let block = people[start..<min(people.count, start + 1000)]
            let outcomes = try recommender.recommendations(
                top, for: block.map { ids(in: $0, separators: ", \t") }, excluding: excluded)
            for (line, outcome) in zip(start + 1..<start + 1 + block.count, outcomes) {
                switch outcome {
                case .success(let recommendations):
                    if !json { Console.result(line == 1 ? "history 1" : "\nhistory \(line)") }
                    try show(recommendations, of: recommender)
                case .failure(let error):
                    failures += 1
                    let placed = FoldinError(
                        error.kind, file: histories, line: line, found: error.found, expected: error.expected)
                    Console.note("foldin: \(placed)")
                    if json {
                        try Console.json(Recommendations(items: [], unknown: ids(in: people[line - 1], separators: ", \t")))
                    }
                }
            }
        }
        if failures == people.count { throw ExitCode(65) }
    }

    private func ids(in text: some StringProtocol, separators: String) -> [String] {
        text.split { separators.contains($0) }.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private func show(_ outcome: Recommendations, of recommender: Recommender) throws {
        if !outcome.unknown.isEmpty {
            Console.note("not known to the model: \(outcome.unknown.joined(separator: ", "))")
        }
        if outcome.items.count < top {
            Console.note("only \(outcome.items.count) items are left to recommend, fewer than \(top)")
        }
        if json { try Console.json(outcome) } else { Console.result(outcome.items.table) }
    }
}

/// `foldin similar`: items like an item.
struct SimilarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similar", abstract: "Show the items that the model places nearest to an item.")

    @Argument(help: ArgumentHelp("A model file.", valueName: "model")) var model: String
    @Option(help: "The item's id.") var item: String
    @Option(help: "How many items to show.") var top = 10
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top: found \(top); expected at least 1") }
    }

    func run() throws {
        let items = try Recommender(try TrainedModel(contentsOf: model), workers: work.workers).similar(top, to: item)
        if json { try Console.json(items) } else { Console.result(items.table) }
    }
}

extension [Recommendation] {
    /// Rank, score, id and title in columns.
    fileprivate var table: String {
        let width = map(\.item.count).max() ?? 0
        return enumerated().map { index, recommendation in
            let rank = String(format: "%4d", index + 1)
            let score = String(format: "%9.4f", recommendation.score)
            let id = recommendation.item.padding(toLength: width, withPad: " ", startingAt: 0)
            return "\(rank) \(score)  " + (recommendation.title.map { "\(id)  \($0)" } ?? recommendation.item)
        }.joined(separator: "\n")
    }
}

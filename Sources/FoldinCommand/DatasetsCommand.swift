import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin datasets`: lists, downloads and makes ratings files.
struct DatasetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets",
        abstract: "List, fetch or make ratings files.",
        subcommands: [DatasetsListCommand.self, DatasetsFetchCommand.self, DatasetsMakeCommand.self])
}

/// `foldin datasets list`.
struct DatasetsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the published datasets that can be fetched and where they are.")

    @Flag(help: "Print the list as JSON.")
    var json = false

    private struct Row: Encodable {
        let name: String
        let description: String
        let address: String
        let local: String?
    }

    func run() throws {
        let rows = PublishedDataset.all.map {
            Row(name: $0.name, description: $0.description, address: $0.address, local: $0.localDirectory)
        }
        if json { return try Console.json(rows) }
        for row in rows {
            try Console.result(row.name.padding(toLength: 18, withPad: " ", startingAt: 0) + row.description)
            try Console.result(String(repeating: " ", count: 18) + (row.local.map { "here: " + $0 } ?? row.address))
        }
    }
}

/// `foldin datasets make`.
struct DatasetsMakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Write a synthetic ratings file of a given shape.",
        discussion:
            "The popularity of items follows Zipf's law, the activity of users is log-normal. The same seed gives the same file.")

    @Option(help: ArgumentHelp("Number of users.", valueName: "n"))
    var users: Int

    @Option(help: ArgumentHelp("Number of items.", valueName: "n"))
    var items: Int

    @Option(help: ArgumentHelp("Mean number of interactions per user.", valueName: "n"))
    var meanInteractions: Double

    @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "seed"))
    var seed: UInt64 = 98_765

    @Option(help: ArgumentHelp("The CSV file to write: userId,movieId,rating.", valueName: "file"), completion: .file())
    var out: String

    @Flag(help: "Print the counts as JSON.")
    var json = false

    @OptionGroup var workerOptions: WorkerOptions

    private struct Summary: Encodable {
        let path: String
        let rows: Int
        let users: Int
        let items: Int
    }

    func run() throws {
        let ratings = try SyntheticRatings(users: users, items: items, meanInteractions: meanInteractions, seed: seed)
        let rows = try ratings.write(to: out, workers: workerOptions.workers) { done in
            Console.progress("\(done) of \(users) users")
        }
        Console.progress("")
        if json {
            try Console.json(Summary(path: out, rows: rows, users: users, items: items))
        } else {
            try Console.result("\(out): \(rows) ratings from \(users) users of \(items) items")
        }
    }
}

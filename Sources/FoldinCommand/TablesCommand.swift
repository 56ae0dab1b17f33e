#if Experiments
import ArgumentParser
import Foldin
import FoldinExperiments
import Foundation

extension Table.Format: ExpressibleByArgument {}

/// `foldin tables`: prints a sweep's results as text.
struct TablesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tables", abstract: "Print a sweep's results as CSV, Markdown, LaTeX or JSON.",
        discussion: """
            best: the run of each model with the best validation metric, evaluated on the test users; the best model first. all: \
            every run. seeds: mean and standard error over the seeds of each configuration, the best first. --compare: the paired \
            t test of two runs on the same test users, the second minus the first; a run is given by its identifier in the table \
            of all runs, or the beginning of it. CSV and JSON call the two runs first and second.
            """)

    enum Kind: String, CaseIterable, ExpressibleByArgument { case best, all, seeds }

    @Argument(help: ArgumentHelp("A directory that foldin sweep wrote.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(help: "The table to print.") var show: Kind = .best
    @Option(parsing: .upToNextOption, help: ArgumentHelp("Two runs to compare instead.", valueName: "run")) var compare:
        [String] = []
    @Option(help: "The format of the text.") var format: Table.Format = .markdown

    func validate() throws {
        if !compare.isEmpty, compare.count != 2 {
            throw ValidationError("--compare: found \(compare.count) runs; expected two")
        }
    }

    func run() throws {
        let results = try SweepResults(contentsOf: directory)
        let table: Table
        if compare.count == 2 {
            let (first, second) = (try results.run(named: compare[0]), try results.run(named: compare[1]))
            // Tables for people have the runs' names; the columns of those for programs have the same names for any two runs.
            let isForPrograms = format == .csv || format == .json
            table =
                isForPrograms
                ? try results.comparisonTable(first, second)
                : try results.comparisonTable(first, second, names: (first.id, second.id))
        } else {
            switch show {
            case .best: table = results.bestTable
            case .all: table = results.allTable
            case .seeds: table = results.seedTable
            }
        }
        try Console.rows(String(table.text(as: format).dropLast()))
    }
}
#endif

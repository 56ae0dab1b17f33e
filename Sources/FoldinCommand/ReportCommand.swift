#if Experiments
import ArgumentParser
import Foldin
import FoldinExperiments
import Foundation

/// `foldin report`: writes a sweep's results as an HTML page.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Make one self-contained HTML page of a sweep's results.",
        discussion: """
            Summary, best settings, tables, figures, quality by users' activity and items' popularity, coverage, and recommendations \
            side by side. The figures need gnuplot; what follows them needs the prepared directory and the models.
            """)

    @Argument(help: ArgumentHelp("A directory that foldin sweep wrote.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(help: ArgumentHelp("The page to write.", valueName: "file"), completion: .file()) var out: String
    @Option(help: ArgumentHelp("The prepared directory. (default: the sweep's)", valueName: "dir"), completion: .directory)
    var data: String?
    @Option(help: ArgumentHelp("A directory for the figures as SVG and PNG files.", valueName: "dir"), completion: .directory)
    var figures: String?
    @OptionGroup var work: WorkerOptions

    func run() throws {
        let outputs = [out] + [figures].compactMap { $0 }
        for output in outputs { try check(output, data: data) }
        let results = try SweepResults(contentsOf: directory)
        for output in outputs { try check(output, data: results.sweep.dataDirectory) }
        let report = Report(results, dataset: try dataset(for: results.sweep), gnuplot: try gnuplot(), workers: work.workers)
        try AtomicFile.write(try report.html(), to: out)
        try Console.result(out)
        guard let figures, let gnuplot = report.gnuplot else { return }
        do {
            try FileManager.default.createDirectory(atPath: figures, withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: figures, found: "a path where a directory cannot be created",
                expected: "a directory for figures"
            )
        }
        for figure in results.figures {
            for format in Gnuplot.Format.allCases {
                let path = "\(figures)/\(figure.name).\(format.rawValue)"
                let picture = try gnuplot.draw(figure, as: format)
                try AtomicFile.write(to: path) { sink in try picture.withUnsafeBytes { try sink.write($0) } }
                try Console.result(path)
            }
        }
    }

    /// Throws if a path to write to is a file of the sweep or of the data, or in their folders.
    private func check(_ output: String, data: String?) throws {
        try Overlap.refuse(output, over: Sweep.files(in: directory).map { Overlap.Input($0, "the sweep's record") })
        for (folder, name) in [(directory + "/runs", "the sweep's runs"), (data, "the prepared directory")] {
            guard let folder, Overlap.contains(folder, output) else { continue }
            throw FoldinError(
                .usage, file: output, found: "a path in \(name) to write to", expected: "another path: \(folder) is read")
        }
    }

    /// The requested dataset; by default the sweep's, or nil if its directory does not exist.
    private func dataset(for sweep: StoredSweep) throws -> PreparedDataset? {
        guard data != nil || FileManager.default.fileExists(atPath: sweep.dataDirectory) else {
            Console.note("\(sweep.dataDirectory) does not exist: the page has no sections that need the dataset (--data)")
            return nil
        }
        let dataset = try PreparedDataset(contentsOf: data ?? sweep.dataDirectory)
        guard dataset.checksum == sweep.dataChecksum else {
            throw FoldinError(
                .badData, file: data ?? sweep.dataDirectory, found: "other data than the sweep was run on",
                expected: "the same prepared directory")
        }
        dataset.noteLeakage()
        return dataset
    }

    private func gnuplot() throws -> Gnuplot? {
        do {
            return try Gnuplot()
        } catch let error as FoldinError where figures == nil {
            Console.note("the page has no figures: \(error)")
            return nil
        }
    }
}
#endif

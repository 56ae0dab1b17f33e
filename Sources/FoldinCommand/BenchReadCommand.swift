import ArgumentParser
import Foldin
import Foundation

/// `foldin bench read`: times reading and parsing of a ratings file only.
struct BenchReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Time reading and parsing a ratings file.",
        discussion:
            "From opening the file to columns of numbered users, items and ratings in memory; nothing is filtered or written.")

    @Argument(help: ArgumentHelp("A ratings file, as for foldin prepare.", valueName: "ratings"), completion: .file())
    var ratings: String
    @Option(help: "How often to read it.") var rounds = 5
    @OptionGroup(title: "Layout of the file") var layout: LayoutOptions
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    private struct Report: Encodable {
        let rows: Int, bytes: Int, threads: Int, seconds: [Double]
        let medianSeconds: Double, leastSeconds: Double, megabytesPerSecond: Double
    }

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds: found \(rounds); expected at least 1") }
    }

    func run() throws {
        var rows = 0
        var seconds: [Double] = []
        for _ in 0..<rounds {
            let began = ContinuousClock.now
            let read = try Ratings(
                contentsOf: ratings, format: layout.knownFormat, hints: layout.hints(), options: layout.readingOptions(),
                workers: work.workers)
            seconds.append((ContinuousClock.now - began) / .seconds(1))
            rows = read.count
        }
        let size = try FileManager.default.attributesOfItem(atPath: ratings)[.size] as? Int ?? 0
        let median = seconds.sorted()[seconds.count / 2]
        let report = Report(
            rows: rows, bytes: size, threads: work.workers.count, seconds: seconds, medianSeconds: median,
            leastSeconds: seconds.min() ?? 0, megabytesPerSecond: (Double(size) / median / 1e6).rounded())
        if json {
            try Console.json(report)
        } else {
            try Console.result(
                "\(rows) rows, \(size.formattedBytes): median \(String(format: "%.3f", median)) s, \(Int(report.megabytesPerSecond)) MB/s, "
                    + "\(Int(Double(rows) / median)) rows/s, \(work.workers.count) threads")
        }
    }
}

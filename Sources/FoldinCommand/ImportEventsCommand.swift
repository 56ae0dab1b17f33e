#if Service
import ArgumentParser
import Foldin
import FoldinService

/// `foldin import-events`: a ratings file as events of a service.
struct ImportEventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-events", abstract: "Add the rows of a ratings file to the service's events.",
        discussion: """
            Reads the files that 'foldin prepare' reads. The service then has a history for the users of the file. All rows are added or none; \
            a row that is there already is not added again. Times are dates in ISO 8601 or numbers; numbers that are too large for \
            seconds are read as milliseconds, microseconds or nanoseconds. Rows of a file without times get the present time. The service may be running.
            """)

    @Argument(help: ArgumentHelp("The ratings file.", valueName: "ratings"), completion: .file()) var ratings: String
    @Option(
        help: ArgumentHelp("The database of 'foldin serve --events'; created when it does not exist.", valueName: "database"),
        completion: .file())
    var events: String
    @OptionGroup(title: "Layout of the file") var layout: LayoutOptions
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        Console.progress("reading \(ratings)")
        let rows = try Ratings(
            contentsOf: ratings, format: layout.knownFormat, hints: layout.hints(),
            options: layout.readingOptions(keepingTimestamps: true), workers: work.workers)
        ReadingNotes(of: rows).forEach(Console.note)
        let units = rows.timeUnit.rawValue
        Console.progress("adding \(rows.count) rows to \(events)")
        defer { Console.progress("") }
        let interrupt = Interrupt()
        // Ctrl-C is caught as long as the object exists.
        defer { withExtendedLifetime(interrupt) {} }
        let outcome: EventImport.Outcome
        do {
            outcome = try await EventImport.write(
                to: .sqlite(events), source: ratings, shouldStop: interrupt.question
            ) { add in
                try rows.forEachInteraction { user, item, rating, timestamp in
                    // By its decimal digits: 3.4 stays 3.4 in double precision.
                    let time = timestamp.map { Int(($0 >= 0 ? $0 : $0 - units + 1) / units) }
                    try add(user, item, rating.flatMap { Double("\($0)") }, time)
                }
            }
        } catch is EventImport.Interrupted {
            Console.note("interrupted: nothing was added to \(events)")
            throw ExitCode(130)
        }
        Console.progress("")
        let summary = Summary(outcome, hasTimes: !rows.timestamps.isEmpty, database: events)
        if json { try Console.json(summary) } else { try Console.result(summary.text) }
    }

    /// The outcome as text and as JSON.
    private struct Summary: Encodable {
        let database: String
        let events, users, alreadyThere, repeated: Int
        /// `file` or `now`.
        let times: String

        init(_ outcome: EventImport.Outcome, hasTimes: Bool, database: String) {
            self.database = database
            (events, users) = (outcome.events, outcome.users)
            (alreadyThere, repeated) = (outcome.alreadyThere, outcome.repeated)
            times = hasTimes ? "file" : "now"
        }

        var text: String {
            var lines = ["\(events) events of \(users) users added to \(database)"]
            if events > 0 {
                lines[0] += times == "file" ? ", with the times of the file" : ", with the present time: the file has none"
            }
            if alreadyThere > 0 { lines.append("\(alreadyThere) rows were there already") }
            if repeated > 0 { lines.append("\(repeated) rows are the same as an earlier row of the file") }
            return lines.joined(separator: "\n")
        }
    }
}
#endif

#if Service
import ArgumentParser
import FoldinService

/// `foldin export-events`: the events of a service as a ratings file.
struct ExportEventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-events", abstract: "Write the service's events to a ratings file for 'foldin prepare'.",
        discussion: "The service may be running: events that it stores after the export began are not in the file.")

    @Argument(help: ArgumentHelp("The database of 'foldin serve --events'.", valueName: "database"), completion: .file())
    var database: String
    @Option(help: ArgumentHelp("The file to write: user,item,rating,timestamp.", valueName: "file"), completion: .file())
    var out: String
    @Option(help: ArgumentHelp("The rating of an event that has none.", valueName: "rating")) var clickRating = 5.0
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if !clickRating.isFinite { throw ValidationError("--click-rating: found \(clickRating); expected a number") }
    }

    func run() async throws {
        let count = try await EventExport.write(from: .sqlite(database), to: out, clickRating: clickRating)
        if json { try Console.json(["events": count]) } else { try Console.result("\(count) events in \(out)") }
    }
}
#endif

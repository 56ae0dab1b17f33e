#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// `foldin import-events`, run as the built command.
@Suite("Import of events") struct ImportEventsTests {
    private struct Summary: Decodable, Equatable {
        let events, users, alreadyThere, repeated: Int
        let times, database: String
    }

    private func foldin(_ arguments: String...) throws -> PrepareCommandTests.Outcome {
        try PrepareCommandTests.foldin(arguments)
    }

    @Test("an export has what was imported, and a second import adds nothing") func roundTrip() throws {
        let folder = try TemporaryFolder()
        let (events, out) = (folder.path + "/events.sqlite", folder.path + "/out.csv")
        let rows = "7,\"a,b\",3.4,9\n1,020,0.5,8\n7,é,5,1700000000\n"
        let ratings = try folder.write("ratings.csv", "user,item,rating,timestamp\n" + rows)
        let text = try foldin("import-events", ratings, "--events", events)
        #expect(
            text.status == 0 && text.output == "3 events of 2 users added to \(events), with the times of the file\n", "\(text)")
        let again = try decode(Summary.self, try foldin("import-events", ratings, "--events", events, "--json"))
        #expect(again == Summary(events: 0, users: 0, alreadyThere: 3, repeated: 0, times: "file", database: events))
        #expect(try foldin("export-events", events, "--out", out).status == 0)
        #expect(try folder.text("out.csv") == "user,item,rating,timestamp\n" + rows)
        #expect(try foldin("export-events", events, "--out", events).status == 64)
    }

    @Test("the layouts of prepare are read, times become seconds, and a file without times is reported") func layoutsAndUnits()
        throws
    {
        let folder = try TemporaryFolder()
        let events = folder.path + "/events.sqlite"
        let clicks = try folder.write("clicks.tsv", "who\twhat\nann\tx\nbob\ty\n")
        let layout = ["--format", "delimited", "--delimiter", "tab", "--user-column", "who", "--item-column", "what"]
        let text = try PrepareCommandTests.foldin(["import-events", clicks, "--events", events] + layout)
        #expect(text.output == "2 events of 2 users added to \(events), with the present time: the file has none\n", "\(text)")
        for (scale, time) in [("000", "1700000000"), ("123456", "1700000000"), ("123456789", "1700000000")] {
            let ratings = try folder.write("ratings.csv", "user,item,rating,timestamp\nc\(scale),z,1,\(time)\(scale)\n")
            #expect(try foldin("import-events", ratings, "--events", events).status == 0)
        }
        #expect(try foldin("export-events", events, "--out", folder.path + "/out.csv").status == 0)
        let lines = try folder.text("out.csv").split(separator: "\n").suffix(3)
        #expect(lines.allSatisfy { $0.hasSuffix(",z,1,1700000000") }, "\(lines)")
    }

    @Test("invalid rows, missing files and missing options are refused, and nothing is left") func refusals() throws {
        let folder = try TemporaryFolder()
        let events = folder.path + "/events.sqlite"
        let bad = try folder.write("bad.csv", "user,item,rating,timestamp\nu,i,1,5\nu,j,1,-5\n")
        let outcome = try foldin("import-events", bad, "--events", events)
        #expect(outcome.status == 65 && outcome.errors.contains("bad.csv: found the time -5 of row 2 of data"), "\(outcome)")
        #expect(try foldin("import-events", folder.path + "/none", "--events", events).status == 66)
        #expect(try foldin("import-events", bad).status == 64)
        #expect(try folder.names() == ["bad.csv"])
    }

    @Test("messages have escapes instead of control characters") func controlCharacters() throws {
        let outcome = try foldin("import-events", "/none\u{1B}[31m\u{9B}31m", "--events", "/none/events")
        #expect(outcome.status == 66 && outcome.errors.contains("/none\\u{1B}[31m\\u{9B}31m"), "\(outcome)")
    }

    @Test("an error of the library is followed by advice that names options of the command") func advice() throws {
        let folder = try TemporaryFolder()
        let outcome = try foldin("export-events", folder.path + "/none", "--out", folder.path + "/out")
        #expect(
            outcome.status == 66 && outcome.errors.contains("a database of events; a file of 'foldin serve --events'"),
            "\(outcome)")
        let serve = try foldin("serve", folder.path + "/none", "--host", "0.0.0.0")
        #expect(serve.status == 64 && serve.errors.contains("--keys") && serve.errors.contains("--open"), "\(serve)")
    }
}
#endif

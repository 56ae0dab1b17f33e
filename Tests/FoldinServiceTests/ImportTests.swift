import FoldinInteractions
import FoldinMessages
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

@Suite("Service: imported events") struct ImportTests {
    typealias Row = (user: String, item: String, rating: Double?, time: Int?)

    static func add(_ rows: [Row], to database: String, stopping: @escaping () -> Bool = { false }) throws -> EventImport.Outcome
    {
        try EventImport.write(database: database, source: "ratings.csv", shouldStop: stopping) { add in
            for row in rows { try add(row.user, row.item, row.rating, row.time) }
        }
    }

    @Test func areAddedOnce() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        let store = try EventStore(path: database)
        try await store.append([Event(user: "u", item: "i1", rating: 3, time: 5), Event(user: "u", item: "i2", time: 6)])
        let rows: [Row] = [
            ("u", "i1", 3, 5), ("u", "i1", 4, 5), ("u", "i1", 3, 4), ("u", "i2", nil, 6), ("u", "i2", 1, 6),
            ("v", "映,\"", 2.5, 0),
            ("v", "映,\"", 2.5, 0),
        ]
        let outcome = try Self.add(rows, to: database)
        #expect((outcome.events, outcome.users, outcome.alreadyThere, outcome.repeated) == (4, 2, 2, 1))
        let again = try Self.add(rows, to: database)
        #expect((again.events, again.users, again.alreadyThere, again.repeated) == (0, 0, 6, 1))
        // The service that has the database open sees them, in the order of the file.
        #expect(try await store.history(of: "u", count: 9).liked == ["i2", "i1"])
        #expect(try EventExport.write(database: database, to: folder.path + "/out") == 6)
        let lines = ["u,i1,3,5", "u,i2,5,6", "u,i1,4,5", "u,i1,3,4", "u,i2,1,6", "v,\"映,\"\"\",2.5,0"]
        #expect(try folder.text("out").split(separator: "\n").dropFirst().map(String.init) == lines)
    }

    /// Without times rows get the present one, and are there already whatever the time.
    @Test func withoutTimesAreNewOnce() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/new.sqlite"
        #expect(try Self.add([("u", "i1", nil, nil), ("u", "i2", 3, nil)], to: database).events == 2)
        let outcome = try Self.add(
            [("u", "i1", nil, nil), ("u", "i1", nil, nil), ("u", "i1", 2, nil), ("u", "i2", 3, 7)], to: database)
        #expect((outcome.events, outcome.alreadyThere, outcome.repeated) == (2, 1, 1))
        let times = try await DatabaseQueue(path: database).read {
            try Int.fetchAll($0, sql: "SELECT time FROM event ORDER BY id")
        }
        #expect(times.count == 4 && times[0] > 1_700_000_000 && times[3] == 7)
    }

    /// A bad row, a failure of the caller's or Ctrl-C: nothing is added, and no database made.
    @Test func areAddedWholeOrNot() async throws {
        struct Failure: Error {}
        let folder = try TemporaryFolder()
        let (old, new) = (folder.path + "/old.sqlite", folder.path + "/new.sqlite")
        #expect(try Self.add([("u", "i1", nil, 1)], to: old).events == 1)
        let good: [Row] = (0..<20).map { ("u\($0)", "i2", nil, 2) }
        for database in [old, new] {
            for bad: Row in [
                ("", "i1", nil, 1), ("u", "a\nb", nil, 1), ("u", "i1", .infinity, 1), ("u", "i1", nil, -1),
                ("u", "i1", nil, 1_700_000_000_000),
            ] {
                let error = failure { try Self.add(good + [bad], to: database) }
                #expect(
                    error?.kind == .badData && error?.file == "ratings.csv" && error?.found.contains("row 21") == true, "\(bad)")
            }
            #expect(throws: Failure.self) {
                try EventImport.write(database: database, source: "x") { add in
                    try add("u", "i9", nil, nil)
                    throw Failure()
                }
            }
            // Interrupted at every question in turn.
            for limit in 0..<26 {
                var asked = 0
                #expect(throws: EventImport.Interrupted.self) {
                    try Self.add(good, to: database) {
                        asked += 1
                        return asked > limit
                    }
                }
            }
        }
        #expect(try folder.names().filter { $0.hasPrefix("new") }.isEmpty)
        // A service that began meanwhile keeps the database that the import made.
        var service: EventStore?
        #expect(throws: Failure.self) {
            try EventImport.write(database: new, source: "x") { _ in
                service = try EventStore(path: new)
                throw Failure()
            }
        }
        try await service?.append([Event(user: "u", item: "i", time: 3)])
        #expect(try EventExport.write(database: new, to: folder.path + "/out") == 1)
        // SQLite would write to a device.
        for place in ["/dev/null", folder.path] {
            let error = failure { try EventStore(path: place) }
            #expect(error?.kind == .cannotCreate && error?.found.hasPrefix("a d") == true, "\(place)")
        }
        #expect(try EventExport.write(database: old, to: folder.path + "/out") == 1)
        // Not a database: refused, and left as it is.
        let text = try folder.write("text", String(repeating: "no database ", count: 99))
        #expect(failure { try Self.add(good, to: text) }?.kind == .cannotCreate)
        #expect(try folder.text("text").hasPrefix("no database"))
    }
}

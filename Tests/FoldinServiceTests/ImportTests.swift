#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import FoldinTestSupport
import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import FoldinService

/// Imports into a database file. What holds for every store is in `EventStoreContractTests`.
@Suite("Service: imported events") struct ImportTests {
    typealias Row = (user: String, item: String, rating: Double?, time: Int?)

    static func add(
        _ rows: [Row], to store: any EventStore, stopping: @escaping @Sendable () -> Bool = { false }
    ) async throws -> EventImport.Outcome {
        try await EventImport.write(to: store, source: "ratings.csv", shouldStop: stopping) { add in
            for row in rows { try add(row.user, row.item, row.rating, row.time) }
        }
    }

    static func add(
        _ rows: [Row], to database: String, stopping: @escaping @Sendable () -> Bool = { false }
    ) async throws -> EventImport.Outcome {
        try await EventImport.write(to: .sqlite(database), source: "ratings.csv", shouldStop: stopping) { add in
            for row in rows { try add(row.user, row.item, row.rating, row.time) }
        }
    }

    private struct Failure: Error {}

    @Test("a service that has the database open sees the imported events") func besideAService() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        let store = try await SQLiteEventStore.open(database)
        try await store.append([Event(user: "u", item: "i1", rating: 3, time: 5)])
        #expect(try await Self.add([("u", "i1", 3, 5), ("u", "i2", 4, 6)], to: database).events == 1)
        #expect(try await store.history(of: "u").liked == ["i2", "i1"])
    }

    @Test("an import that fails adds nothing and leaves no database that was not there", arguments: [true, false])
    func failures(isNew: Bool) async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        if !isNew { #expect(try await Self.add([("u", "i1", nil, 1)], to: database).events == 1) }
        let good: [Row] = (0..<20).map { ("u\($0)", "i2", nil, 2) }
        for bad: Row in [
            ("", "i1", nil, 1), ("u", "a\nb", nil, 1), ("u", "i1", .infinity, 1), ("u", "i1", nil, -1),
            ("u", "i1", nil, 1_700_000_000_000),
        ] {
            let error = await #expect(throws: FoldinError.self) { try await Self.add(good + [bad], to: database) }
            #expect(
                error?.kind == .badData && error?.file == "ratings.csv" && error?.found.contains("row 21") == true, "\(bad)")
        }
        await #expect(throws: Failure.self) {
            try await EventImport.write(to: .sqlite(database), source: "x") { add in
                try add("u", "i9", nil, nil)
                throw Failure()
            }
        }
        // Once per row, once per step, and once at the end.
        for limit in 0..<26 {
            let asked = NIOLockedValueBox(0)
            await #expect(throws: EventImport.Interrupted.self) {
                try await Self.add(good, to: database) {
                    asked.withLockedValue { asked in
                        asked += 1
                        return asked > limit
                    }
                }
            }
        }
        if isNew {
            #expect(try folder.names() == [])
        } else {
            #expect(try await EventExport.write(from: .sqlite(database), to: folder.path + "/out") == 1)
        }
    }

    @Test("a database that a service uses meanwhile is not removed") func usedMeanwhile() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        let service = NIOLockedValueBox<SQLiteEventStore?>(nil)
        await #expect(throws: Failure.self) {
            try await EventImport.write(to: .sqlite(database), source: "x") { _ in
                let store = try SQLiteEventStore(path: database)
                service.withLockedValue { $0 = store }
                throw Failure()
            }
        }
        let store = try #require(service.withLockedValue { $0 })
        try await store.append([Event(user: "u", item: "i", time: 3)])
        #expect(try await EventExport.write(from: .sqlite(database), to: folder.path + "/out") == 1)
    }

    @Test("an empty file that was there stays when an import fails") func emptyFiles() async throws {
        let folder = try TemporaryFolder()
        try folder.write("events.sqlite", "")
        await #expect(throws: Failure.self) {
            try await EventImport.write(to: .sqlite(folder.path + "/events.sqlite"), source: "s") { _ in throw Failure() }
        }
        #expect(try folder.names().contains("events.sqlite"))
    }

    @Test("what is not a database is refused and stays as it is") func otherFiles() async throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("text", String(repeating: "no database ", count: 99))
        let refusal = await #expect(throws: FoldinError.self) { try await Self.add([("u", "i", nil, 1)], to: text) }
        #expect(refusal?.kind == .cannotCreate)
        #expect(try folder.text("text").hasPrefix("no database"))
        // SQLite would write to a device.
        for place in ["/dev/null", folder.path] {
            let error = await #expect(throws: FoldinError.self) { try await SQLiteEventStore.open(place) }
            #expect(error?.kind == .cannotCreate && error?.found.hasPrefix("a d") == true, "\(place)")
        }
        // The ratings file cannot be the database.
        let overlap = await #expect(throws: FoldinError.self) {
            try await EventImport.write(to: .sqlite(text), source: text) { _ in }
        }
        #expect(overlap?.kind == .usage)
    }
}
#endif

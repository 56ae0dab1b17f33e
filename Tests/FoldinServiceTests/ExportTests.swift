#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

/// Exports of a database file. What holds for every store is in `EventStoreContractTests`.
@Suite("Service: exported events") struct ExportTests {
    private static func export(_ database: String, to file: String) async -> FoldinError? {
        do {
            _ = try await EventExport.write(from: .sqlite(database), to: file)
            return nil
        } catch { return error as? FoldinError }
    }

    @Test("an export changes nothing beside its output, and refuses what is not a database of events") func refusals()
        async throws
    {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        try await SQLiteEventStore.open(database).append([Event(user: "u", item: "i", time: 1)])
        let noDatabase = try folder.write(
            "text", "this is not a database, but it is longer than a header of SQLite: 100 bytes, or more than that, in all")
        for (input, output, kind) in [
            ("none", "x", FoldinError.Kind.missingInput), ("text", "x", .badData), ("events.sqlite", "no/where", .cannotCreate),
        ] {
            let error = await Self.export(folder.path + "/" + input, to: folder.path + "/" + output)
            #expect(error?.kind == kind, "\(input): \(String(describing: error))")
        }
        let refusal = await #expect(throws: FoldinError.self) { try await SQLiteEventStore.open(noDatabase) }
        #expect(refusal?.kind == .cannotCreate)
        #expect(!(try folder.names().contains("x") || folder.names().contains("none")))
    }

    @Test("the files of the database are not overwritten, under any name") func overlap() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        let store = try await SQLiteEventStore.open(database)
        try await store.append([Event(user: "u", item: "i", time: 1)])
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: database)
        try FileManager.default.linkItem(atPath: database, toPath: folder.path + "/hard")
        let before = try Data(contentsOf: URL(filePath: database))
        for out in [
            "events.sqlite", "./events.sqlite", "link", "hard", "events.sqlite-wal", "events.sqlite-shm", "events.sqlite-journal",
        ] {
            let error = await Self.export(database, to: folder.path + "/" + out)
            #expect(error?.kind == .usage && error?.found.contains("the database itself") == true, "\(out)")
        }
        #expect(try Data(contentsOf: URL(filePath: database)) == before)
    }

    @Test("a store that was opened for reading refuses to write") func readOnly() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        try await SQLiteEventStore.open(database).append([Event(user: "u", item: "i", time: 1)])
        var options = EventStoreOptions()
        options.access = .readOnly
        let store = try await SQLiteEventStore.open(database, options: options)
        #expect(try await store.all() == [Event(user: "u", item: "i", time: 1)])
        await #expect(throws: EventStoreError.readOnly) { try await store.append([Event(user: "u", item: "i")]) }
        await #expect(throws: EventStoreError.readOnly) { _ = try await store.delete(user: "u") }
        await #expect(throws: EventStoreError.readOnly) { _ = try await store.removeEvents(before: 9) }
        await #expect(throws: EventStoreError.readOnly) { try await store.check() }
        #expect(try await store.lastPosition() == 1)
    }

    @Test("an export reads page by page") func pages() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events"
        let store = try await SQLiteEventStore.open(database)
        for start in 0..<5 {
            try await store.append((0..<1_000).map { Event(user: "u\($0 % 7)", item: "\(start)/\($0)", time: 7) })
        }
        #expect(try await store.delete(user: "u3").deleted == 715)
        #expect(try await EventExport.write(from: .sqlite(database), to: folder.path + "/out") == 4_285)
        let lines = try folder.text("out").split(separator: "\n")
        #expect(lines.count == 4_286 && lines[1] == "u0,0/0,5,7" && lines.last == "u5,4/999,5,7")
        // An event that another program damaged is named, though it is on a late page.
        try await DatabaseQueue(path: database).write { database in
            try database.execute(sql: "UPDATE event SET user = x'FF', time = 'noon' WHERE id = 4999")
        }
        let error = await Self.export(database, to: folder.path + "/out2")
        #expect(error?.kind == .badData && error?.found.contains("event 4999") == true)
    }

    @Test("events that are deleted during an export may be missing; all others are there, once and in order")
    func deletionMeanwhile() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try await SQLiteEventStore.open(path)
        for start in 0..<10 {
            try await store.append((0..<1_000).map { Event(user: "u\($0 % 5)", item: "\(start * 1_000 + $0)", time: 7) })
        }
        let out = folder.path + "/out"
        async let exported = EventExport.write(from: .sqlite(path), to: out)
        #expect(try await store.delete(user: "u3").deleted == 2_000)
        let count = try await exported
        let items = try folder.text("out").split(separator: "\n").dropFirst().compactMap { line in
            line.split(separator: ",").dropFirst().first.flatMap { Int($0) }
        }
        #expect(items.count == count && zip(items, items.dropFirst()).allSatisfy { $0 < $1 })
        #expect(items.filter { $0 % 5 != 3 } == (0..<10_000).filter { $0 % 5 != 3 })
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }
}
#endif

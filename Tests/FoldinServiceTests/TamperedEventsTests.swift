#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

/// Databases of events with values that no service wrote.
@Suite("Tampered databases of events") struct TamperedEventsTests {
    @Test(
        "an export refuses a value of another type and writes nothing",
        arguments: ["time = 'noon'", "user = x'ff'", "item = x'fe'", "rating = 'good'", "rating = x'00'"])
    func values(change: String) async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        let store = try await SQLiteEventStore.open(database)
        try await store.append([Event(user: "a", item: "b", time: 1), Event(user: "u", item: "i", rating: 3, time: 2)])
        try await store.close()
        let queue = try DatabaseQueue(path: database)
        try await queue.write { try $0.execute(sql: "UPDATE event SET \(change) WHERE user = 'u'") }
        try queue.close()
        let error = await #expect(throws: FoldinError.self) {
            try await EventExport.write(from: .sqlite(database), to: folder.path + "/out.csv")
        }
        #expect(error?.kind == .badData && error?.file == database, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.csv"))
        // The service answers with an error, or without what it cannot read, and goes on.
        let again = try await SQLiteEventStore.open(database)
        _ = try? await again.latestEvents(of: "u", limit: 10)
        #expect(try await again.history(of: "a").liked == ["b"])
    }

    @Test("an export of an old database of another schema is refused") func otherSchemas() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/other.sqlite"
        let queue = try DatabaseQueue(path: database)
        try await queue.write { try $0.execute(sql: "CREATE TABLE other (id INTEGER)") }
        try queue.close()
        let error = await #expect(throws: FoldinError.self) {
            try await EventExport.write(from: .sqlite(database), to: folder.path + "/out.csv")
        }
        #expect(error?.kind == .badData && error?.file == database, "\(String(describing: error))")
    }
}
#endif

import FoldinInteractions
import FoldinMessages
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

/// Databases of events with values that no service wrote, and imports that fail.
@Suite("Tampered databases of events") struct TamperedEventsTests {
    @Test(
        "a value of another type is refused, and nothing is written",
        arguments: ["time = 'noon'", "user = x'ff'", "item = x'fe'", "rating = 'good'", "rating = x'00'"])
    func values(change: String) async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        do {
            let store = try EventStore(path: database)
            try await store.append([Event(user: "a", item: "b", time: 1), Event(user: "u", item: "i", rating: 3, time: 2)])
        }
        let queue = try DatabaseQueue(path: database)
        try await queue.write { try $0.execute(sql: "UPDATE event SET \(change) WHERE user = 'u'") }
        try queue.close()
        let error = failure { try EventExport.write(database: database, to: folder.path + "/out.csv") }
        #expect(error?.kind == .badData && error?.file == database, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.csv"))
        // The service answers with a failure, or without what it cannot read, and lives.
        let store = try EventStore(path: database)
        _ = try? await store.history(of: "u", count: 10)
        #expect(try await store.history(of: "a", count: 10).liked == ["b"])
    }

    @Test("an import that fails leaves no database that was not there") func failedImports() throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/new.sqlite"
        struct Failure: Error {}
        #expect(throws: Failure.self) { try EventImport.write(database: database, source: "s") { _ in throw Failure() } }
        #expect(try folder.names() == [])
        // One that is there stays, whatever it is.
        try folder.write("new.sqlite", "")
        #expect(throws: Failure.self) { try EventImport.write(database: database, source: "s") { _ in throw Failure() } }
        #expect(try folder.names().contains("new.sqlite"))
    }
}

#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

/// What the SQLite store does beyond the contract: files, the write-ahead log, and independence of readers and writers.
@Suite("SQLite event store") struct SQLiteEventStoreTests {
    static func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    static func holds(_ text: String, _ folder: TemporaryFolder) throws -> Bool {
        try folder.names().contains { name in
            try Data(contentsOf: URL(filePath: folder.path + "/" + name)).firstRange(of: Data(text.utf8)) != nil
        }
    }

    @Test("events are flushed to the disk, and deleted ones leave all files") func flushedAndErased() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteEventStore.open(folder.path + "/events.sqlite")
        #expect(try store.synchronous == 2)
        try await withThrowingTaskGroup { group in
            for user in 0..<50 {
                group.addTask {
                    for item in 0..<4 {
                        try await store.append([
                            Event(user: "secret-\(user)", item: "i\(item)"), Event(user: "all", item: "\(user)"),
                        ])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.history(of: "secret-7", count: 10).liked == ["i3", "i2", "i1", "i0"])
        #expect(try await store.history(of: "secret-7", count: 2).liked == ["i3", "i2"])
        #expect(try await store.history(of: "all", count: 100).liked.count == 50)
        func files() throws -> Data {
            try folder.names().reduce(into: Data()) { $0 += try Data(contentsOf: URL(filePath: folder.path + "/" + $1)) }
        }
        #expect(try files().firstRange(of: Data("secret-7".utf8)) != nil)
        #expect(try await store.delete(user: "secret-7") == DeletionReply(deleted: 4, pending: false))
        #expect(try files().firstRange(of: Data("secret-7".utf8)) == nil)
        let again = try await SQLiteEventStore.open(folder.path + "/events.sqlite")
        #expect(try await again.history(of: "all", count: 100).liked.count == 50)
    }

    @Test("deletion during a read is immediate, and erased from the log when the read ends; no writer waits")
    func deletionDuringARead() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let metrics = PrometheusRegistry()
        var options = EventStoreOptions()
        options.metrics = metrics
        let store = try await SQLiteEventStore.open(path, options: options)
        try await store.append([
            Event(user: "secret", item: "i1"), Event(user: "secret", item: "i2"), Event(user: "b", item: "i1"),
        ])
        // A connection of another program, which reads until `done` is signalled.
        let other = try DatabaseQueue(path: path)
        try await other.writeWithoutTransaction { database in
            try database.beginTransaction(.deferred)
            _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM event")
            try database.commit()
        }
        let reading = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        let reader = Thread {
            try? other.read { database in
                _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM event")
                reading.signal()
                done.wait()
            }
        }
        reader.start()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                reading.wait()
                continuation.resume()
            }
        }
        let first = try await store.delete(user: "secret")
        #expect(first == DeletionReply(deleted: 2, pending: true))
        #expect(try await store.history(of: "secret", count: 10).liked.isEmpty)
        // Appends and the check do not wait.
        for item in 0..<5 { try await store.append([Event(user: "b", item: "x\(item)")]) }
        try await store.check()
        #expect(store.pendingRemovals == 1 && metrics.text.contains("foldin_event_removals_pending 1"))
        #expect(try Self.holds("secret", folder))
        done.signal()
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try !Self.holds("secret", folder) && metrics.text.contains("foldin_event_removals_pending 0"))
        #expect(try await store.history(of: "b", count: 10).liked.count == 6)
    }

    @Test("removed events that an earlier run left in the log are erased at the start") func logAtTheStart() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        try await SQLiteEventStore.open(path).append([Event(user: "a", item: "i1")])
        // A copy of the files of an open database is like that of a program that was killed.
        let live = try DatabasePool(path: path)
        try await live.write { try $0.execute(sql: "INSERT INTO event (user, item, time) VALUES ('secret', 'i1', 1)") }
        try await live.write { try $0.execute(sql: "DELETE FROM event WHERE user = 'secret'") }
        let copy = try TemporaryFolder()
        for part in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + part, toPath: copy.path + "/events" + part) }
        #expect(Self.size(copy.path + "/events-wal") > 0)
        let store = try await SQLiteEventStore.open(copy.path + "/events")
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(Self.size(copy.path + "/events-wal") == 0)
        #expect(try await store.history(of: "a", count: 10).liked == ["i1"])
    }

    @Test("only the owner can read the files, also those of earlier versions") func modes() async throws {
        let folder = try TemporaryFolder()
        func mode(_ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)[.posixPermissions] as? Int
        }
        let store = try await SQLiteEventStore.open(folder.path + "/new")
        try await store.append([Event(user: "a", item: "i1")])
        for name in ["new", "new-wal", "new-shm"] { #expect(try mode(name) == 0o600, "\(name)") }
        // As earlier versions created it.
        try Data().write(to: URL(filePath: folder.path + "/old"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path + "/old")
        let old = try await SQLiteEventStore.open(folder.path + "/old")
        try await old.append([Event(user: "a", item: "i1")])
        for name in ["old", "old-wal", "old-shm"] { #expect(try mode(name) == 0o600, "\(name)") }
    }

    @Test("the check writes, and notices that the file was moved or replaced") func checks() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try await SQLiteEventStore.open(path)
        try await store.append([Event(user: "a", item: "i1")])
        let before = Self.size(path + "-wal")
        try await store.check()
        #expect(Self.size(path + "-wal") > before)
        try FileManager.default.moveItem(atPath: path, toPath: path + "2")
        await #expect(throws: FoldinError.self) { try await store.check() }
        try Data("another".utf8).write(to: URL(filePath: path))
        await #expect(throws: FoldinError.self) { try await store.check() }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + "2", toPath: path)
        try await store.check()
    }

    @Test("a user who has far too many events loses them in several transactions") func manyExcessEvents() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try await SQLiteEventStore.open(path, options: .keeping(5))
        let pool = try DatabasePool(path: path)
        try await pool.write { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
                    INSERT INTO event (user, item, time) SELECT 'heavy', 'i' || i, i FROM n
                    """)
        }
        func count() async throws -> Int? {
            try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM event WHERE user = 'heavy'") }
        }
        var counts: [Int?] = []
        for item in 0..<4 {
            try await store.append([Event(user: "heavy", item: "new\(item)", time: 100_000)])
            counts.append(try await count())
        }
        #expect(counts == [15_001, 5_002, 5, 5])
    }

    @Test("events that are too old are erased from the log, too") func oldEvents() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteEventStore.open(folder.path + "/events")
        try await store.append([
            Event(user: "a", item: "ancient-1", time: 5), Event(user: "a", item: "kept", time: 100),
            Event(user: "b", item: "ancient-2", time: 99), Event(user: "b", item: "new"),
        ])
        #expect(try await store.removeEvents(before: 100) == 2)
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try !Self.holds("ancient", folder))
    }

    @Test("a history is made of the latest events, which an index gives in their order") func historiesByIndex() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try await SQLiteEventStore.open(path)
        try await store.append(
            (0..<100).map { Event(user: "u", item: "i\($0 % 30)", rating: $0 % 30 == 7 ? -1 : nil, time: 1_000 + $0) })
        #expect(
            try await store.history(of: "u", count: 100, events: 10)
                == EventHistory(liked: [9, 8, 6, 5, 4, 3, 2, 1, 0].map { "i\($0)" }, others: ["i7"]))
        #expect(try await store.history(of: "u", count: 100, events: 100).liked.count == 29)
        let plan = try await DatabaseQueue(path: path).read { database in
            try Row.fetchAll(
                database,
                sql: "EXPLAIN QUERY PLAN SELECT item, rating FROM event WHERE user = 'u' ORDER BY time DESC, id DESC LIMIT 5"
            ).map { "\($0)" }.joined()
        }
        #expect(plan.contains("event_of_user_by_time") && !plan.contains("TEMP B-TREE"), "\(plan)")
    }

    @Test("a query past its time limit is interrupted, and its connection remains usable") func timeLimits() async throws {
        let folder = try TemporaryFolder()
        let (pool, _) = try EventDatabase.open(folder.path + "/events")
        await #expect(throws: TimeLimitExceeded.self) {
            try await withTimeLimit(.milliseconds(20)) {
                try await pool.read { database in
                    try Int.fetchOne(
                        database, sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
                }
            }
        }
        #expect(try await withTimeLimit(.seconds(60)) { try await pool.read { try Int.fetchOne($0, sql: "SELECT 7") } } == 7)
    }
}
#endif

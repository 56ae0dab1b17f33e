import FoldinClient
import FoldinInteractions
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

/// How events leave the database, and what keeps nobody waiting.
@Suite("Service: keeping of events") struct EventKeepingTests {
    static func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    static func holds(_ text: String, _ folder: TemporaryFolder) throws -> Bool {
        try folder.names().contains { name in
            try Data(contentsOf: URL(filePath: folder.path + "/" + name)).firstRange(of: Data(text.utf8)) != nil
        }
    }

    /// What is deleted while another program reads is deleted at once, leaves the log when the reader ends, and no writer waits for that.
    @Test func deletionDoesNotWaitForReaders() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let metrics = PrometheusRegistry()
        let store = try EventStore(path: path, metrics: metrics)
        try await store.append([
            Event(user: "secret", item: "i1"), Event(user: "secret", item: "i2"), Event(user: "b", item: "i1"),
        ])
        // A connection of another program, which reads until it is told to end.
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
        #expect(first == (2, true))
        #expect(try await store.history(of: "secret", count: 10).liked.isEmpty)
        // Writers go on, and so does the check.
        for item in 0..<5 { try await store.append([Event(user: "b", item: "x\(item)")]) }
        try await store.check()
        #expect(store.pendingRemovals == 1 && metrics.text.contains("foldin_event_removals_pending 1"))
        #expect(try Self.holds("secret", folder))
        done.signal()
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try !Self.holds("secret", folder) && metrics.text.contains("foldin_event_removals_pending 0"))
        #expect(try await store.history(of: "b", count: 10).liked.count == 6)
    }

    /// What an earlier run left in the log leaves it at the start.
    @Test func theLogIsEmptiedAtTheStart() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        try await EventStore(path: path).append([Event(user: "a", item: "i1")])
        // A copy of the files of a database that is open is one whose program was killed.
        let live = try DatabasePool(path: path)
        try await live.write { try $0.execute(sql: "INSERT INTO event (user, item, time) VALUES ('secret', 'i1', 1)") }
        try await live.write { try $0.execute(sql: "DELETE FROM event WHERE user = 'secret'") }
        let copy = try TemporaryFolder()
        for part in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + part, toPath: copy.path + "/events" + part) }
        #expect(Self.size(copy.path + "/events-wal") > 0)
        let store = try EventStore(path: copy.path + "/events")
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(Self.size(copy.path + "/events-wal") == 0)
        #expect(try await store.history(of: "a", count: 10).liked == ["i1"])
    }

    @Test func onlyTheOwnerMayRead() async throws {
        let folder = try TemporaryFolder()
        func mode(_ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)[.posixPermissions] as? Int
        }
        let store = try EventStore(path: folder.path + "/new")
        try await store.append([Event(user: "a", item: "i1")])
        for name in ["new", "new-wal", "new-shm"] { #expect(try mode(name) == 0o600, "\(name)") }
        // As earlier versions made it.
        try Data().write(to: URL(filePath: folder.path + "/old"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path + "/old")
        let old = try EventStore(path: folder.path + "/old")
        try await old.append([Event(user: "a", item: "i1")])
        for name in ["old", "old-wal", "old-shm"] { #expect(try mode(name) == 0o600, "\(name)") }
    }

    @Test func theCheckKnowsTheFileAndWrites() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try EventStore(path: path)
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

    /// The oldest events go, by time and then by arrival; a user who already has too many loses them in parts.
    @Test func usersHaveABound() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try EventStore(path: path, options: .init(eventsPerUser: 5))
        for item in 0..<4 { try await store.append([Event(user: "a", item: "i\(item)", time: 100 - item)]) }
        try await store.append((4..<8).map { Event(user: "a", item: "i\($0)", time: 50) } + [Event(user: "b", item: "x")])
        #expect(try await store.history(of: "a", count: 100).liked == ["i0", "i1", "i2", "i3", "i7"])
        try await store.append([Event(user: "a", item: "new", time: 99)])
        #expect(try await store.history(of: "a", count: 100).liked == ["i0", "new", "i1", "i2", "i3"])
        #expect(try await store.history(of: "b", count: 100).liked == ["x"])

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
        // An amortised bound: a hundredth is taken at once.
        let large = try EventStore(path: folder.path + "/large", options: .init(eventsPerUser: 300))
        var most = 0
        for round in 0..<8 {
            try await large.append((0..<70).map { Event(user: "u", item: "\(round)/\($0)") })
            most = max(most, try await large.history(of: "u", count: 1_000).liked.count)
        }
        #expect((297...300).contains(most))
    }

    @Test func oldOnesGoFromTheLogToo() async throws {
        let folder = try TemporaryFolder()
        let store = try EventStore(path: folder.path + "/events", options: .init(age: .seconds(400 * 86_400)))
        // A day on either side of the edge, because the store looks at the clock too.
        let now = Date()
        let edge = Int(now.timeIntervalSince1970) - 400 * 86_400
        try await store.append([
            Event(user: "a", item: "ancient-1", time: 5), Event(user: "a", item: "kept", time: edge + 86_400),
            Event(user: "b", item: "ancient-2", time: edge - 86_400), Event(user: "b", item: "new"),
        ])
        _ = try await store.removeOld(now: now)
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try !Self.holds("ancient", folder))
        #expect(try await store.history(of: "a", count: 9).liked == ["kept"])
        #expect(try await store.history(of: "b", count: 9).liked == ["new"])
        #expect(try await EventStore(path: folder.path + "/other").removeOld(now: now) == 0)
    }

    /// A history is made of the latest events, read by an index in their order.
    @Test func historiesReadTheLatestEventsOnly() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try EventStore(path: path)
        try await store.append(
            (0..<100).map { Event(user: "u", item: "i\($0 % 30)", rating: $0 % 30 == 7 ? -1 : nil, time: 1_000 + $0) })
        #expect(
            try await store.history(of: "u", count: 100, events: 10)
                == EventStore.History(liked: [9, 8, 6, 5, 4, 3, 2, 1, 0].map { "i\($0)" }, others: ["i7"]))
        #expect(try await store.history(of: "u", count: 100, events: 100).liked.count == 29)
        let plan = try await DatabaseQueue(path: path).read { database in
            try Row.fetchAll(
                database,
                sql: "EXPLAIN QUERY PLAN SELECT item, rating FROM event WHERE user = 'u' ORDER BY time DESC, id DESC LIMIT 5"
            ).map { "\($0)" }.joined()
        }
        #expect(plan.contains("event_of_user_by_time") && !plan.contains("TEMP B-TREE"), "\(plan)")
    }

    /// An export reads page after page, and leaves no transaction open while it writes.
    @Test func exportsReadPageAfterPage() async throws {
        let folder = try TemporaryFolder()
        let store = try EventStore(path: folder.path + "/events")
        for start in 0..<5 {
            try await store.append((0..<1_000).map { Event(user: "u\($0 % 7)", item: "\(start)/\($0)", time: 7) })
        }
        #expect(try await store.delete(user: "u3").deleted == 715)
        #expect(try EventExport.write(database: folder.path + "/events", to: folder.path + "/out") == 4_285)
        let lines = try folder.text("out").split(separator: "\n")
        #expect(lines.count == 4_286 && lines[1] == "u0,0/0,5,7" && lines.last == "u5,4/999,5,7")
        // Events that another program damaged are named, and end nothing.
        try await DatabaseQueue(path: folder.path + "/events").write { database in
            try database.execute(sql: "UPDATE event SET user = x'FF', time = 'soon' WHERE id = 4999")
        }
        let error = failure { try EventExport.write(database: folder.path + "/events", to: folder.path + "/out2") }
        #expect(error?.kind == .badData && error?.found.contains("event 4999") == true)
    }

    /// What is deleted during an export may be missing in it; all the rest is there, once and in order.
    @Test func exportsAndDeletionsGoTogether() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events"
        let store = try EventStore(path: path)
        for start in 0..<10 {
            try await store.append((0..<1_000).map { Event(user: "u\($0 % 5)", item: "\(start * 1_000 + $0)", time: 7) })
        }
        let out = folder.path + "/out"
        async let exported = withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "export").async {
                continuation.resume(with: Result { try EventExport.write(database: path, to: out) })
            }
        }
        #expect(try await store.delete(user: "u3").deleted == 2_000)
        let count = try await exported
        let items = try folder.text("out").split(separator: "\n").dropFirst().compactMap { line in
            line.split(separator: ",").dropFirst().first.flatMap { Int($0) }
        }
        #expect(items.count == count && zip(items, items.dropFirst()).allSatisfy { $0 < $1 })
        #expect(items.filter { $0 % 5 != 3 } == (0..<10_000).filter { $0 % 5 != 3 })
        while store.pendingRemovals > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func whatTakesTooLongIsEnded() async throws {
        let folder = try TemporaryFolder()
        let pool = try EventStore.open(folder.path + "/events")
        await #expect(throws: TimeLimitExceeded.self) {
            try await withTimeLimit(.milliseconds(20)) {
                try await pool.read { database in
                    try Int.fetchOne(
                        database, sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
                }
            }
        }
        // The connection works on.
        #expect(try await withTimeLimit(.seconds(60)) { try await pool.read { try Int.fetchOne($0, sql: "SELECT 7") } } == 7)
    }
}

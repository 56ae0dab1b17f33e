import FoldinInteractions
import FoldinMessages
import Foundation
import GRDB
import NIOConcurrencyHelpers

/// What people liked, kept in one SQLite file.
///
/// Write-ahead log with `synchronous = FULL`: a transaction that returned is on the disk. There is one writer; what arrives while it waits
/// for the disk goes into its next transaction, so that a burst shares the waiting.
final class EventStore: Sendable {
    private struct Waiting: Sendable {
        let events: [Event]
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isWriting = false
    }

    /// The items that a user has events of, the latest first, each once.
    struct History: Sendable, Equatable {
        var liked: [String] = []
        /// Items that the user rated too low to like them.
        var others: [String] = []
    }

    private let pool: DatabasePool
    private let state = NIOLockedValueBox(State())

    /// Opens the database in `path`, makes it when it is not there, and brings its tables up to date.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when it cannot be opened or is no database of ours.
    init(path: String) throws {
        pool = try EventStore.open(path)
    }

    /// The database in `path`, with its tables.
    static func open(_ path: String) throws -> DatabasePool {
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON") }
            let pool = try DatabasePool(path: path, configuration: configuration)
            // Opening a pool in write-ahead mode sets NORMAL, which may lose the last transactions when the power fails.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try migrator.migrate(pool)
            return pool
        } catch {
            let reason = (error as? DatabaseError)?.reason ?? UnexpectedError.reason(error)
            throw FoldinError(.cannotCreate, file: path, found: reason, expected: "a place for a database of events, or one")
        }
    }

    /// The database in `path` and what SQLite has beside it, as files that nothing may be written over.
    static func inputs(of path: String) -> [Overlap.Input] {
        ["", "-wal", "-shm", "-journal"].map { Overlap.Input(path + $0, "the database") }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("events") { database in
            try database.create(table: "event") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("user", .text).notNull()
                table.column("item", .text).notNull()
                table.column("rating", .double)
                table.column("time", .integer).notNull()
            }
            try database.create(index: "event_of_user", on: "event", columns: ["user", "id"])
        }
        return migrator
    }

    /// Keeps all of `events`; returns when they are on the disk.
    func append(_ events: [Event]) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let starts = state.withLockedValue { state in
                state.waiting.append(Waiting(events: events, continuation: continuation))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            if starts { Task { await self.write() } }
        }
    }

    /// Writes what waits, a transaction at a time, until nothing does.
    private func write() async {
        while let waiting = next() {
            do {
                let now = Int(Date().timeIntervalSince1970)
                try await pool.write { database in
                    let insert = try database.cachedStatement(
                        sql: "INSERT INTO event (user, item, rating, time) VALUES (?, ?, ?, ?)")
                    for event in waiting.lazy.flatMap(\.events) {
                        try insert.execute(arguments: [event.user, event.item, event.rating, event.time ?? now])
                    }
                }
                for waiter in waiting { waiter.continuation.resume() }
            } catch {
                for waiter in waiting { waiter.continuation.resume(throwing: error) }
            }
        }
    }

    private func next() -> [Waiting]? {
        state.withLockedValue { state in
            defer { state.waiting = [] }
            state.isWriting = !state.waiting.isEmpty
            return state.isWriting ? state.waiting : nil
        }
    }

    /// The latest items of a user, at most `count` of either kind, by the last event of each: the one with the latest time, of several the
    /// one that came last.
    ///
    /// An event without a rating is a like, and so is a rating above `threshold`, or, when it is nil, one that is not negative.
    func history(of user: String, count: Int, likedAbove threshold: Double? = nil) async throws -> History {
        let last = """
            SELECT item, time, id, rating IS NULL OR coalesce(rating > :threshold, rating >= 0) AS liked,
                row_number() OVER (PARTITION BY item ORDER BY time DESC, id DESC) AS place
            FROM event WHERE user = :user
            """
        return try await pool.read { database in
            func items(liked: Bool) throws -> [String] {
                try String.fetchAll(
                    database,
                    sql: "SELECT item FROM (\(last)) WHERE place = 1 AND liked = :liked ORDER BY time DESC, id DESC LIMIT :count",
                    arguments: ["user": user, "threshold": threshold, "liked": liked, "count": count])
            }
            return History(liked: try items(liked: true), others: try items(liked: false))
        }
    }

    /// Removes all that is known of a user, also from the log; returns how many events there were.
    func delete(user: String) async throws -> Int {
        let deleted = try await pool.write { database in
            try database.execute(sql: "DELETE FROM event WHERE user = ?", arguments: [user])
            return database.changesCount
        }
        _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        return deleted
    }

    /// Fails when the database cannot be read any more.
    func check() async throws { _ = try await pool.read { try Int.fetchOne($0, sql: "SELECT 1") } }

    /// SQLite's own name of the durability of the writer, for tests: 2 is FULL.
    var synchronous: Int? { get throws { try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } } }
}

import FoldinInteractions
import FoldinMessages
import Foundation
import GRDB
import Logging
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

    /// How a store is kept.
    struct Options: Sendable {
        /// Events of a user; the oldest go.
        var eventsPerUser = 100_000
        /// How old an event may become by its time; any age when nil.
        var age: Duration?
        /// Time for reading a history, with waiting for a connection.
        var readTime = Duration.seconds(5)
        /// Time for a transaction that writes, with waiting for other writers.
        var writeTime = Duration.seconds(10)
    }

    let options: Options
    private let path: String
    private let pool: DatabasePool
    /// A connection for `check`, so that it waits for nobody.
    private let probe: DatabaseQueue
    private let log: EventLog
    private let cap: EventCap
    /// The file that is open.
    private let file: FileStamp?
    private let state = NIOLockedValueBox(State())

    /// Opens the database in `path`, makes it when it is not there, and brings its tables up to date.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when it cannot be opened or is no database of ours.
    init(path: String, options: Options = Options(), metrics: PrometheusRegistry? = nil, logger: Logger? = nil) throws {
        self.path = path
        self.options = options
        let hadLog = ((try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size]) as? Int ?? 0) > 0
        pool = try EventStore.open(path)
        do {
            var configuration = EventStore.configuration
            configuration.busyMode = .timeout(0.05)
            probe = try DatabaseQueue(path: path, configuration: configuration)
            log = EventLog(
                try DatabaseQueue(path: path, configuration: configuration), pending: hadLog ? 1 : 0, metrics: metrics)
        } catch { throw EventStore.refusal(error, path) }
        file = FileStamp(path)
        cap = EventCap(options.eventsPerUser)
        if options.age != nil { keepRemovingOld(logger) }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        return configuration
    }

    private static func refusal(_ error: any Error, _ path: String) -> FoldinError {
        if let error = error as? FoldinError { return error }
        let reason = (error as? DatabaseError)?.reason ?? UnexpectedError.reason(error)
        return FoldinError(.cannotCreate, file: path, found: reason, expected: "a place for a database of events, or one")
    }

    /// The database in `path`, with its tables.
    static func open(_ path: String) throws -> DatabasePool {
        try MappedFile.refuseSpecial(path, expected: "a place for a database of events, or one")
        do {
            try EventFile.secure(path)
            let pool = try DatabasePool(path: path, configuration: configuration)
            // Opening a pool in write-ahead mode sets NORMAL, which may lose the last transactions when the power fails.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try migrator.migrate(pool)
            return pool
        } catch { throw refusal(error, path) }
    }

    /// The database in `path` and what SQLite has beside it, as files that nothing may be written over.
    static func inputs(of path: String) -> [Overlap.Input] {
        Overlap.databaseFiles(of: path).map { Overlap.Input($0, "the database") }
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
        // The latest events of a user are read in this order. Every index ends with the id.
        migrator.registerMigration("events of a user by time") { database in
            try database.create(index: "event_of_user_by_time", on: "event", columns: ["user", "time"])
            try database.drop(index: "event_of_user")
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
                try await withTimeLimit(options.writeTime) { [pool, cap] in
                    try await pool.write { database in
                        let insert = try database.cachedStatement(
                            sql: "INSERT INTO event (user, item, rating, time) VALUES (?, ?, ?, ?)")
                        var added: [String: Int] = [:]
                        for event in waiting.lazy.flatMap(\.events) {
                            try insert.execute(arguments: [event.user, event.item, event.rating, event.time ?? now])
                            added[event.user, default: 0] += 1
                        }
                        for (user, count) in added { try cap.trim(user, added: count, in: database) }
                    }
                }
                for waiter in waiting { waiter.continuation.resume() }
            } catch {
                cap.forget()
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
    /// one that came last. Made of the latest `events` events.
    ///
    /// An event without a rating is a like, and so is a rating above `threshold`, or, when it is nil, one that is not negative.
    func history(
        of user: String, count: Int, events: Int = ServiceConfiguration.Limits().historyEvents,
        likedAbove threshold: Double? = nil
    ) async throws -> History {
        try await withTimeLimit(options.readTime) { [pool] in
            try await pool.read { database in
                // Of what another program may have put there only what has the right type is looked at.
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT CASE typeof(item) WHEN 'text' THEN item END, CAST(rating AS REAL)
                        FROM event WHERE user = ? ORDER BY time DESC, id DESC LIMIT ?
                        """, arguments: [user, events])
                var history = History()
                var seen: Set<String> = []
                while let row = try rows.next() {
                    let (item, rating): (String?, Double?) = (row[0], row[1])
                    guard let item, seen.insert(item).inserted else { continue }
                    let isLiked = rating.map { rating in threshold.map { rating > $0 } ?? (rating >= 0) } ?? true
                    if isLiked, history.liked.count < count { history.liked.append(item) }
                    if !isLiked, history.others.count < count { history.others.append(item) }
                }
                return history
            }
        }
    }

    /// Removes all that is known of a user; returns how many events there were, and whether the log still holds something of them.
    ///
    /// Takes several transactions where there are many, so that other writers get in between.
    func delete(user: String) async throws -> (deleted: Int, isPending: Bool) {
        let last = try await withTimeLimit(options.readTime) { [pool] in
            try await pool.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM event") ?? 0 }
        }
        var deleted = 0
        while true {
            let count = try await withTimeLimit(options.writeTime) { [pool] in
                try await pool.write { database in
                    try database.execute(
                        sql: "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE user = ? AND id <= ? LIMIT ?)",
                        arguments: [user, last, EventCap.atOnce])
                    return database.changesCount
                }
            }
            deleted += count
            if count < EventCap.atOnce { break }
        }
        return (deleted, await !log.forget())
    }

    /// Removals of which the log may still hold something.
    var pendingRemovals: Int { log.pending }

    /// Removes events older than `options.age`, a few thousand at a time; returns how many.
    @discardableResult
    func removeOld(now: Date = Date()) async throws -> Int {
        guard let age = options.age else { return 0 }
        let oldest = Int64(now.timeIntervalSince1970) - age.components.seconds
        var (last, removed): (Int64, Int) = (0, 0)
        while true {
            let (from, pool) = (last, pool)
            let (end, old) = try await withTimeLimit(options.readTime) {
                try await pool.read { database in
                    let end = try Int64.fetchOne(
                        database, sql: "SELECT max(id) FROM (SELECT id FROM event WHERE id > ? ORDER BY id LIMIT ?)",
                        arguments: [from, EventCap.atOnce])
                    guard let end else { return (Int64?.none, 0) }
                    let old = try Int.fetchOne(
                        database, sql: "SELECT count(*) FROM event WHERE id > ? AND id <= ? AND time < ?",
                        arguments: [from, end, oldest])
                    return (end, old ?? 0)
                }
            }
            guard let end else { break }
            if old > 0 {
                removed += try await withTimeLimit(options.writeTime) {
                    try await pool.write { database in
                        try database.execute(
                            sql: "DELETE FROM event WHERE id > ? AND id <= ? AND time < ?", arguments: [from, end, oldest])
                        return database.changesCount
                    }
                }
            }
            last = end
        }
        if removed > 0 { _ = await log.forget() }
        return removed
    }

    /// Removes what is too old now and every hour, as long as the store is there.
    private func keepRemovingOld(_ logger: Logger?) {
        Task { [weak self] in
            // The store is let go of while this sleeps.
            while await self?.removeOld(telling: logger) != nil { try? await Task.sleep(for: .seconds(3_600)) }
        }
    }

    private func removeOld(telling logger: Logger?) async {
        do {
            let removed = try await removeOld()
            if removed > 0 { logger?.info("old events removed", metadata: ["events": "\(removed)"]) }
        } catch {
            logger?.error("old events cannot be removed", metadata: ["reason": "\(error)"])
        }
    }

    /// Fails when events cannot be kept any more: when the path leads to another file, or nothing can be written, as on a full disk.
    ///
    /// Writes a number of the file's header as it is, which changes nothing and takes the same way to the disk as an event. Uses a connection
    /// of its own, and waits neither for readers nor for writers.
    func check() async throws {
        guard let now = FileStamp(path) else {
            throw FoldinError(
                .missingInput, file: path, found: "that the database of events was removed", expected: "the database that is open"
            )
        }
        guard let file, now.isSameFile(as: file) else {
            throw FoldinError(
                .missingInput, file: path, found: "that the database of events was replaced by another file",
                expected: "the database that is open")
        }
        try await withTimeLimit(options.readTime) { [probe] in
            try await probe.writeWithoutTransaction { database in
                do {
                    try database.inTransaction(.immediate) {
                        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                        try database.execute(sql: "PRAGMA user_version = \(version)")
                        return .commit
                    }
                } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                    // Somebody else is writing: so one can.
                    _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
                }
            }
        }
    }

    /// SQLite's own name of the durability of the writer, for tests: 2 is FULL.
    var synchronous: Int? { get throws { try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } } }
}

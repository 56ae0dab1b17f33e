import FoldinInteractions
import FoldinMessages
import Foundation
import GRDB

/// Interactions of before the service, kept as its events: who was a customer then is no stranger to it.
public enum EventImport {
    /// What was done.
    public struct Outcome: Sendable, Equatable, Encodable {
        /// Events that were added.
        public var events = 0
        /// The users of these events.
        public var users = 0
        /// Rows that were events of the database before.
        public var alreadyThere = 0
        /// Rows that are the same as an earlier row of the file.
        public var repeated = 0

        public init() {}
    }

    /// Thrown when `shouldStop` says so; nothing is kept then.
    public struct Interrupted: Error {}

    /// Takes one event: user, item, rating and time as those of `Event`.
    public typealias Add = (_ user: String, _ item: String, _ rating: Double?, _ time: Int?) throws -> Void

    /// Adds events to the database `path`, which is made when it is not there: all of those that `rows` hands to its argument or,
    /// when anything fails, none. The service may be running; while the events are written, at the end, it waits with its own.
    ///
    /// An event that is there already, with the same user, item, rating and time, is not added again. An event without a time is there
    /// already whatever its time, and gets the present one.
    ///
    /// - Parameters:
    ///   - source: the file that the rows come from, for messages.
    ///   - shouldStop: asked between rows and steps; when true, `Interrupted` is thrown.
    /// - Throws: `FoldinError` of kind `badData` for a row that the service would not keep, `cannotCreate` or `writeFailed`; what `rows`
    ///   throws.
    public static func write(
        database path: String, source: String, shouldStop: @escaping () -> Bool = { false }, _ rows: (_ add: Add) throws -> Void
    ) throws -> Outcome {
        for part in EventStore.inputs(of: path) {
            try Overlap.refuse(part.path, over: [Overlap.Input(source, "the ratings file")])
        }
        // Only a file that this call made may be removed again. One that cannot be made is for SQLite to complain of.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let isNew = descriptor >= 0
        if isNew { close(descriptor) }
        func removeIfNew() {
            if isNew { removeUnlessUsed(path) }
        }
        let pool: DatabasePool
        do { pool = try EventStore.open(path) } catch {
            removeIfNew()
            throw error
        }
        do {
            let outcome = try pool.writeWithoutTransaction { database in
                try stage(rows, source, shouldStop, database)
                return try keep(shouldStop, database)
            }
            try pool.close()
            return outcome
        } catch {
            try? pool.close()
            removeIfNew()
            guard let error = error as? DatabaseError else { throw error }
            throw FoldinError(.writeFailed, file: path, found: error.reason, expected: "a database that events can be added to")
        }
    }

    /// Removes a database that was made for nothing, unless somebody else has it open or has put something into it: a service that began
    /// meanwhile.
    private static func removeUnlessUsed(_ path: String) {
        guard let real = realpath(path, nil) else { return }
        defer { free(real) }
        var status = stat()
        // Nobody has used it yet, and perhaps nobody can: SQLite may be what failed.
        if stat(real, &status) == 0, status.st_size == 0 {
            unlink(real)
            return
        }
        guard let queue = try? DatabaseQueue(path: path) else { return }
        // Without an error: then it was nobody's but this connection's, and what SQLite has beside it is gone.
        try? queue.inDatabase { database in
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE") == "delete" else { return }
            try database.inTransaction(.exclusive) {
                let count = try database.tableExists("event") ? Int.fetchOne(database, sql: "SELECT count(*) FROM event") ?? 0 : 0
                if count == 0 { unlink(real) }
                return .rollback
            }
        }
        try? queue.close()
    }

    /// Puts the rows into a table beside the database, which keeps nobody waiting.
    private static func stage(
        _ rows: (_ add: Add) throws -> Void, _ source: String, _ shouldStop: @escaping () -> Bool, _ database: Database
    ) throws {
        try database.inTransaction(.deferred) {
            try database.execute(
                sql: """
                    CREATE TEMPORARY TABLE incoming
                        (row INTEGER PRIMARY KEY, user TEXT NOT NULL, item TEXT NOT NULL, rating DOUBLE, time INTEGER)
                    """)
            let insert = try database.makeStatement(sql: "INSERT INTO incoming (user, item, rating, time) VALUES (?, ?, ?, ?)")
            let idLength = ServiceConfiguration.Limits().idLength
            var row = 0
            try rows { user, item, rating, time in
                row += 1
                let event = Event(user: user, item: item, rating: rating, time: time)
                if shouldStop() { throw Interrupted() }
                if let fault = EventRules.fault(in: event, idLength: idLength) {
                    throw FoldinError(
                        .badData, file: source, found: "\(fault.found) of row \(row) of data", expected: fault.expected)
                }
                try insert.execute(arguments: [user, item, rating, time])
            }
            return .commit
        }
    }

    /// Adds those of the rows that are not there yet, in one transaction.
    private static func keep(_ shouldStop: @escaping () -> Bool, _ database: Database) throws -> Outcome {
        var outcome = Outcome()
        try database.inTransaction(.immediate) {
            func step(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int {
                if shouldStop() { throw Interrupted() }
                try database.execute(sql: sql, arguments: arguments)
                return database.changesCount
            }
            func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: "SELECT count(*) FROM \(sql)") ?? 0 }

            _ = try step("CREATE TEMPORARY TABLE fresh AS SELECT min(row) AS row FROM incoming GROUP BY user, item, rating, time")
            outcome.repeated = try count("incoming") - count("fresh")
            _ = try step(
                """
                CREATE TEMPORARY TABLE known AS
                    SELECT user, item, rating, time FROM event WHERE user IN (SELECT user FROM incoming)
                """)
            _ = try step("CREATE INDEX temp.known_of_user_and_item ON known (user, item)")
            outcome.alreadyThere = try step(
                """
                DELETE FROM fresh WHERE EXISTS (
                    SELECT 1 FROM incoming JOIN known ON known.user = incoming.user AND known.item = incoming.item
                    WHERE incoming.row = fresh.row AND known.rating IS incoming.rating
                        AND (incoming.time IS NULL OR known.time = incoming.time))
                """)
            outcome.users = try count("(SELECT DISTINCT user FROM incoming WHERE row IN (SELECT row FROM fresh))")
            outcome.events = try step(
                """
                INSERT INTO event (user, item, rating, time)
                    SELECT user, item, rating, coalesce(time, ?) FROM incoming WHERE row IN (SELECT row FROM fresh) ORDER BY row
                """, [Int(Date().timeIntervalSince1970)])
            if shouldStop() { throw Interrupted() }
            return .commit
        }
        return outcome
    }
}

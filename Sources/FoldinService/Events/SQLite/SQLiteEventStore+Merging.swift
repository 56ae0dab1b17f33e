#if Service
import FoldinMessages
import Foundation
import GRDB

extension SQLiteEventStore {
    /// Adds the events of `source` that are not there yet, in one transaction.
    ///
    /// `source` fills a temporary table, which keeps no other writer waiting. The transaction that adds its rows does.
    public func merge(
        stoppingWhen shouldStop: @escaping @Sendable () -> Bool,
        _ source: @escaping @Sendable (_ add: (Event) throws -> Void) throws -> Void
    ) async throws -> EventImport.Outcome {
        let writer = try writer()
        // Users may have more events afterwards than the cap knows of.
        defer { writer.cap.forget() }
        return try await translatingErrors {
            try await writer.pool.writeWithoutTransaction { database in
                defer {
                    for table in ["incoming", "fresh", "known"] {
                        try? database.execute(sql: "DROP TABLE IF EXISTS temp.\(table)")
                    }
                }
                let merge = EventMerge(shouldStop: shouldStop, database: database)
                try merge.stage(source)
                return try merge.addMissing()
            }
        }
    }
}

/// The two steps of `merge` on the connection that writes.
private struct EventMerge {
    let shouldStop: () -> Bool
    let database: Database

    /// Puts the events into the temporary table `incoming`.
    func stage(_ source: (_ add: (Event) throws -> Void) throws -> Void) throws {
        try database.inTransaction(.deferred) {
            try database.execute(
                sql: """
                    CREATE TEMPORARY TABLE incoming
                        (row INTEGER PRIMARY KEY, user TEXT NOT NULL, item TEXT NOT NULL, rating DOUBLE, time INTEGER)
                    """)
            let insert = try database.makeStatement(sql: "INSERT INTO incoming (user, item, rating, time) VALUES (?, ?, ?, ?)")
            try source { try insert.execute(arguments: [$0.user, $0.item, $0.rating, $0.time]) }
            return .commit
        }
    }

    /// Adds the rows of `incoming` that are not there yet.
    func addMissing() throws -> EventImport.Outcome {
        var outcome = EventImport.Outcome()
        try database.inTransaction(.immediate) {
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
            if shouldStop() { throw EventImport.Interrupted() }
            return .commit
        }
        return outcome
    }

    private func step(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int {
        if shouldStop() { throw EventImport.Interrupted() }
        try database.execute(sql: sql, arguments: arguments)
        return database.changesCount
    }

    private func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: "SELECT count(*) FROM \(sql)") ?? 0 }
}
#endif

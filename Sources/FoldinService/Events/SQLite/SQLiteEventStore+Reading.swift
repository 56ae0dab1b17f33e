#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import GRDB

extension SQLiteEventStore {
    /// The latest events of `user`, at most `limit`, in descending order of time. Reads no more than these, by an index.
    ///
    /// Of rows that another program wrote, those whose item is not text are ignored.
    public func latestEvents(of user: String, limit: Int) async throws -> [Event] {
        let database = try reader()
        return try await translatingErrors {
            try await withTimeLimit(options.readTime) {
                try await database.read { database in
                    let rows = try Row.fetchCursor(
                        database,
                        sql: """
                            SELECT CASE typeof(item) WHEN 'text' THEN item END, CAST(rating AS REAL),
                                CASE typeof(time) WHEN 'integer' THEN time END
                            FROM event WHERE user = ? ORDER BY time DESC, id DESC LIMIT ?
                            """, arguments: [user, limit])
                    var events: [Event] = []
                    while let row = try rows.next() {
                        let (item, rating, time): (String?, Double?, Int?) = (row[0], row[1], row[2])
                        if let item { events.append(Event(user: user, item: item, rating: rating, time: time)) }
                    }
                    return events
                }
            }
        }
    }

    public func lastPosition() async throws -> Int64 {
        let database = try reader()
        return try await translatingErrors {
            try await database.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM event") ?? 0 }
        }
    }

    /// Up to 2,000 events in the order of arrival. Each page is a transaction of its own: a reader that stays open would keep removed events in
    /// the write-ahead log.
    ///
    /// - Throws: `FoldinError` of kind `badData` for an event with a value of another type, otherwise ``EventStoreError``.
    public func page(after position: Int64, through last: Int64) async throws -> EventPage {
        let database = try reader()
        return try await translatingErrors { [path] in
            try await database.read { database in
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT CASE typeof(user) WHEN 'text' THEN user END, CASE typeof(item) WHEN 'text' THEN item END,
                            CASE WHEN typeof(rating) IN ('real', 'integer') THEN CAST(rating AS REAL) END, rating IS NULL,
                            CASE typeof(time) WHEN 'integer' THEN time END, id
                        FROM event WHERE id > ? AND id <= ? ORDER BY id LIMIT 2000
                        """,
                    arguments: [position, last])
                var page = EventPage(events: [], end: last)
                while let row = try rows.next() {
                    let (user, item, rating, time): (String?, String?, Double?, Int?) = (row[0], row[1], row[2], row[4])
                    let (hasNoRating, id): (Bool, Int64) = (row[3], row[5])
                    guard let user, let item, let time, rating != nil || hasNoRating else {
                        throw FoldinError(
                            .badData, file: path, found: "event \(id) with a value of another type",
                            expected: "text for user and item, a number or null for the rating, and a whole number for the time")
                    }
                    page.events.append(Event(user: user, item: item, rating: rating, time: time))
                    page.end = id
                }
                return page
            }
        }
    }
}
#endif

#if Service
import GRDB
import NIOConcurrencyHelpers

/// Limits the events that are kept of each user: the transaction that adds new ones removes the oldest.
final class EventCap: Sendable {
    /// Events of a user that one transaction removes at most. A user who has far too many loses them in several transactions.
    static let batch = 10_000

    private let limit: Int
    /// A lower bound of how many more events of some users are within the limit, to spare the counting.
    private let capacities = NIOLockedValueBox<[String: Int]>([:])

    init(_ limit: Int) { self.limit = limit }

    /// Removes the oldest events of a user who has more than the limit. Removes 1 % of the limit more than needed, so that the next events
    /// are within it.
    func trim(_ user: String, added: Int, in database: Database) throws {
        let fits = capacities.withLockedValue { capacities in
            guard let capacity = capacities[user], capacity >= added else { return false }
            capacities[user] = capacity - added
            return true
        }
        if fits { return }
        let count =
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM (SELECT 1 FROM event WHERE user = ? LIMIT ?)",
                arguments: [user, limit + EventCap.batch]) ?? 0
        var kept = count
        if count > limit {
            try database.execute(
                sql: "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE user = ? ORDER BY time, id LIMIT ?)",
                arguments: [user, min(EventCap.batch, count - limit + limit / 100)])
            kept -= database.changesCount
        }
        let capacity = max(0, limit - kept)
        capacities.withLockedValue { capacities in
            if capacities.count > 10_000 { capacities = [:] }
            capacities[user] = capacity
        }
    }

    /// Forgets all bounds. To be called when a transaction was rolled back, or events were added without `trim`.
    func forget() { capacities.withLockedValue { $0 = [:] } }
}
#endif

import GRDB
import NIOConcurrencyHelpers

/// Bounds the events that are kept of each user: the oldest go, in the transaction that adds new ones.
final class EventCap: Sendable {
    /// Events that one transaction removes of a user at most: one who has far too many loses them in several.
    static let atOnce = 10_000

    let most: Int
    /// How many more events of some users fit for sure, to spare the counting.
    private let room = NIOLockedValueBox<[String: Int]>([:])

    init(_ most: Int) { self.most = most }

    /// Removes the oldest events of a user who has more than `most`; a hundredth more than needed, so that the next ones fit.
    func trim(_ user: String, added: Int, in database: Database) throws {
        let fits = room.withLockedValue { room in
            guard let left = room[user], left >= added else { return false }
            room[user] = left - added
            return true
        }
        if fits { return }
        let count =
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM (SELECT 1 FROM event WHERE user = ? LIMIT ?)",
                arguments: [user, most + EventCap.atOnce]) ?? 0
        var kept = count
        if count > most {
            try database.execute(
                sql: "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE user = ? ORDER BY time, id LIMIT ?)",
                arguments: [user, min(EventCap.atOnce, count - most + most / 100)])
            kept -= database.changesCount
        }
        let left = max(0, most - kept)
        room.withLockedValue { room in
            if room.count > 10_000 { room = [:] }
            room[user] = left
        }
    }

    /// To be called when a transaction was rolled back: what was counted in it is not so.
    func forget() { room.withLockedValue { $0 = [:] } }
}

#if Service
import FoldinMessages
import Foundation
import GRDB

/// The calls of `append` that wait for the next transaction.
struct AppendQueue: Sendable {
    struct Call: Sendable {
        let events: [Event]
        let continuation: CheckedContinuation<Void, any Error>
    }

    var waiting: [Call] = []
    /// Whether a task is writing; it takes what waits when its transaction is done.
    var isWriting = false

    /// Adds a call. Returns whether the caller must start a task that writes.
    mutating func add(_ call: Call) -> Bool {
        waiting.append(call)
        defer { isWriting = true }
        return !isWriting
    }

    /// All that waits; nil, and no task writes any more, when nothing does.
    mutating func take() -> [Call]? {
        defer { waiting = [] }
        isWriting = !waiting.isEmpty
        return isWriting ? waiting : nil
    }
}

extension SQLiteEventStore {
    /// Adds all of `events` or none; returns when they are on the disk. Calls that wait at the same time share a transaction, and fail together.
    public func append(_ events: [Event]) async throws {
        let writer = try writer()
        try await withCheckedThrowingContinuation { continuation in
            let starts = appends.withLockedValue { $0.add(AppendQueue.Call(events: events, continuation: continuation)) }
            if starts { Task { await self.write(writer) } }
        }
    }

    /// Writes what waits, one transaction at a time, until nothing does.
    private func write(_ writer: Writer) async {
        while let calls = appends.withLockedValue({ $0.take() }) {
            do {
                let now = Int(Date().timeIntervalSince1970)
                try await withTimeLimit(options.writeTime) {
                    try await writer.pool.write { database in
                        let insert = try database.cachedStatement(
                            sql: "INSERT INTO event (user, item, rating, time) VALUES (?, ?, ?, ?)")
                        var added: [String: Int] = [:]
                        for event in calls.lazy.flatMap(\.events) {
                            try insert.execute(arguments: [event.user, event.item, event.rating, event.time ?? now])
                            added[event.user, default: 0] += 1
                        }
                        for (user, count) in added { try writer.cap.trim(user, added: count, in: database) }
                    }
                }
                for call in calls { call.continuation.resume() }
            } catch {
                writer.cap.forget()
                for call in calls { call.continuation.resume(throwing: translated(error)) }
            }
        }
    }

    /// Removes all events of a user. `pending` in the reply says whether the write-ahead log may still hold some of them, because another
    /// connection reads it; the log is emptied in the background as soon as that ends.
    ///
    /// Many events are removed in several transactions, between which other writers get their turn.
    public func delete(user: String) async throws -> DeletionReply {
        let writer = try writer()
        return try await translatingErrors {
            let last = try await withTimeLimit(options.readTime) {
                try await writer.pool.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM event") ?? 0 }
            }
            var deleted = 0
            while true {
                let count = try await withTimeLimit(options.writeTime) {
                    try await writer.pool.write { database in
                        try database.execute(
                            sql: "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE user = ? AND id <= ? LIMIT ?)",
                            arguments: [user, last, EventCap.batch])
                        return database.changesCount
                    }
                }
                deleted += count
                if count < EventCap.batch { break }
            }
            return DeletionReply(deleted: deleted, pending: await !writer.log.erase())
        }
    }

    /// Removes events with a time before `time`, some thousands per transaction. Reads the whole table.
    public func removeEvents(before time: Int) async throws -> Int {
        let writer = try writer()
        return try await translatingErrors {
            var (position, removed): (Int64, Int) = (0, 0)
            while true {
                let start = position
                let (end, old) = try await withTimeLimit(options.readTime) {
                    try await writer.pool.read { database in
                        let end = try Int64.fetchOne(
                            database, sql: "SELECT max(id) FROM (SELECT id FROM event WHERE id > ? ORDER BY id LIMIT ?)",
                            arguments: [start, EventCap.batch])
                        guard let end else { return (Int64?.none, 0) }
                        let old = try Int.fetchOne(
                            database, sql: "SELECT count(*) FROM event WHERE id > ? AND id <= ? AND time < ?",
                            arguments: [start, end, time])
                        return (end, old ?? 0)
                    }
                }
                guard let end else { break }
                if old > 0 {
                    removed += try await withTimeLimit(options.writeTime) {
                        try await writer.pool.write { database in
                            try database.execute(
                                sql: "DELETE FROM event WHERE id > ? AND id <= ? AND time < ?", arguments: [start, end, time])
                            return database.changesCount
                        }
                    }
                }
                position = end
            }
            if removed > 0 { _ = await writer.log.erase() }
            return removed
        }
    }
}
#endif

#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import Foundation
import GRDB
import NIOConcurrencyHelpers
import Synchronization

/// An ``EventStore`` in one SQLite file.
///
/// The database is in write-ahead mode with `synchronous = FULL`: when ``append(_:)`` returns, the events are on the disk. There is one
/// writer. Events that arrive while it waits for the disk share its next transaction, so that a burst of appends costs few flushes.
///
/// Other processes may use the file at the same time.
public final class SQLiteEventStore: EventStore {
    /// What only a store that was opened for writing has.
    struct Writer: Sendable {
        let pool: DatabasePool
        /// A connection for `check`, so that it waits for no other call.
        let probe: DatabaseQueue
        let log: RemovalLog
        let cap: EventCap
        /// The file that is open.
        let file: FileStamp?
        /// Whether opening the store created the file.
        let isNew: Bool
    }

    let options: EventStoreOptions
    let path: String
    private let database: any DatabaseReader
    private let onlyWriter: Writer?
    let appends = NIOLockedValueBox(AppendQueue())
    private let isClosed = Atomic<Bool>(false)

    /// Opens the database `path`; see ``EventStoreOptions/Access`` for what happens when it does not exist.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when it cannot be opened for writing or is not a database of events; of kind
    ///   `missingInput` or `badData` when it cannot be opened for reading.
    public static func open(
        _ path: String, options: EventStoreOptions = EventStoreOptions()
    ) async throws -> SQLiteEventStore {
        try await blocking { try SQLiteEventStore(path: path, options: options) }
    }

    /// As `open`, but blocks the calling thread.
    init(path: String, options: EventStoreOptions = EventStoreOptions()) throws {
        self.path = path
        self.options = options
        guard options.access == .readWrite else {
            (database, onlyWriter) = (try EventDatabase.openExisting(path), nil)
            return
        }
        let logSize = (try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size]) as? Int ?? 0
        let (pool, isNew) = try EventDatabase.open(path)
        do {
            let log = RemovalLog(
                try EventDatabase.impatientConnection(path), pending: logSize > 0 ? 1 : 0, metrics: options.metrics)
            onlyWriter = Writer(
                pool: pool, probe: try EventDatabase.impatientConnection(path), log: log, cap: EventCap(options.eventsPerUser),
                file: FileStamp(path), isNew: isNew)
        } catch {
            try? pool.close()
            if isNew { EventDatabase.removeUnlessUsed(path) }
            throw error
        }
        database = pool
    }

    /// - Throws: `EventStoreError.closed`.
    func reader() throws -> any DatabaseReader {
        guard !isClosed.load(ordering: .relaxed) else { throw EventStoreError.closed }
        return database
    }

    /// - Throws: `EventStoreError.closed` or `readOnly`.
    func writer() throws -> Writer {
        guard !isClosed.load(ordering: .relaxed) else { throw EventStoreError.closed }
        guard let onlyWriter else { throw EventStoreError.readOnly }
        return onlyWriter
    }

    /// What `body` returns; its errors as the protocol has them.
    func translatingErrors<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch { throw translated(error) }
    }

    /// An error of SQLite as the protocol has it. A call that was under way when the store was closed failed because of that.
    func translated(_ error: any Error) -> any Error {
        let error = EventStoreError.translating(error)
        return error is EventStoreError && isClosed.load(ordering: .relaxed) ? EventStoreError.closed : error
    }

    /// Throws when events cannot be stored: when the path leads to another file, or nothing can be written, as on a full disk.
    ///
    /// Writes a number of the file's header as it is, which changes nothing and takes the same way to the disk as an event. Uses a connection
    /// of its own, and waits neither for readers nor for writers.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` for another file, otherwise ``EventStoreError``.
    public func check() async throws {
        let writer = try writer()
        guard let now = FileStamp(path) else {
            throw FoldinError(
                .missingInput, file: path, found: "that the database of events was removed", expected: "the database that is open"
            )
        }
        guard let file = writer.file, now.isSameFile(as: file) else {
            throw FoldinError(
                .missingInput, file: path, found: "that the database of events was replaced by another file",
                expected: "the database that is open")
        }
        try await translatingErrors {
            try await withTimeLimit(options.readTime) {
                try await writer.probe.writeWithoutTransaction { database in
                    do {
                        try database.inTransaction(.immediate) {
                            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                            try database.execute(sql: "PRAGMA user_version = \(version)")
                            return .commit
                        }
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                        // Another connection is writing, so writing is possible.
                        _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
                    }
                }
            }
        }
    }

    public func close() async throws {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        let (database, writer) = (database, onlyWriter)
        do {
            try await blocking {
                try database.close()
                try writer?.probe.close()
                try writer?.log.close()
            }
        } catch { throw EventStoreError.translating(error) }
    }

    /// Closes the store. Removes the database if opening this store created it, no other process has it open and it has no events.
    public func discard() async {
        try? await close()
        guard onlyWriter?.isNew == true else { return }
        try? await blocking { [path] in EventDatabase.removeUnlessUsed(path) }
    }

    /// The removals whose events the write-ahead log may still hold.
    var pendingRemovals: Int { onlyWriter?.log.pending ?? 0 }

    /// SQLite's name of the durability of the writer, for tests: 2 is FULL.
    var synchronous: Int? {
        get throws { try writer().pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } }
    }
}
#endif

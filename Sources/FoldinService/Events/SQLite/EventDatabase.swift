#if Service
import FoldinInteractions
import FoldinSupport
import Foundation
import GRDB

/// The database of a ``SQLiteEventStore``: its tables, and how its file is opened and removed. Every function blocks.
enum EventDatabase {
    /// How connections of the service are configured.
    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        return configuration
    }

    /// A connection beside the pool that waits for other connections only briefly.
    static func impatientConnection(_ path: String) throws -> DatabaseQueue {
        var configuration = configuration
        configuration.busyMode = .timeout(0.05)
        do { return try DatabaseQueue(path: path, configuration: configuration) } catch { throw refusal(error, path) }
    }

    /// Opens the database `path`, creates it when it does not exist, and applies the migrations that it lacks.
    ///
    /// - Returns: the connections, and whether the file was created. A file that was created is removed again when opening fails.
    /// - Throws: `FoldinError` of kind `cannotCreate`.
    static func open(_ path: String) throws -> (pool: DatabasePool, isNew: Bool) {
        try MappedFile.refuseSpecial(path, expected: "a database of events, or a path where one can be created")
        let isNew = EventFile.create(path)
        do {
            try EventFile.secure(path)
            let pool = try DatabasePool(path: path, configuration: configuration)
            // Opening a pool in write-ahead mode sets NORMAL, which may lose the last transactions when the power fails.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try migrator.migrate(pool)
            return (pool, isNew)
        } catch {
            if isNew { removeUnlessUsed(path) }
            throw refusal(error, path)
        }
    }

    /// Opens the database `path` for reading, and changes nothing.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    static func openExisting(_ path: String) throws -> DatabaseQueue {
        func refusal(_ kind: FoldinError.Kind, _ found: String) -> FoldinError {
            FoldinError(kind, file: path, found: found, expected: "a database of events", reason: .eventDatabaseNeeded)
        }
        guard FileManager.default.fileExists(atPath: path) else { throw refusal(.missingInput, "no such file") }
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        do { return try DatabaseQueue(path: path, configuration: configuration) } catch let error as DatabaseError {
            throw refusal(error.isOfTheSystem ? .missingInput : .badData, error.reason)
        }
    }

    /// Removes the database `path`, unless another process has it open or it has events.
    static func removeUnlessUsed(_ path: String) {
        guard let real = realpath(path, nil) else { return }
        defer { free(real) }
        var status = stat()
        // An empty file was not used by any process, and perhaps cannot be: SQLite may be what failed.
        if stat(real, &status) == 0, status.st_size == 0 {
            unlink(real)
            return
        }
        guard let queue = try? DatabaseQueue(path: path) else { return }
        // Leaving the write-ahead mode fails while there is another connection, and removes the files beside the database.
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

    private static func refusal(_ error: any Error, _ path: String) -> FoldinError {
        if let error = error as? FoldinError { return error }
        let reason = (error as? DatabaseError)?.reason ?? UnexpectedError.reason(error)
        return FoldinError(
            .cannotCreate, file: path, found: reason, expected: "a database of events, or a path where one can be created")
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
}
#endif

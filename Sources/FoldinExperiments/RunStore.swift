#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinSupport
import FoldinTraining
import Foundation
import GRDB

/// The results of a sweep in one SQLite file, `sweep.sqlite`: runs, epochs, metrics, and the metrics of each test user.
///
/// Each change is one transaction: a killed process leaves the store as it was before or after it. The write-ahead log lets other processes read
/// at the same time.
public final class RunStore: Sendable {
    /// The file's name in the sweep's directory.
    public static let fileName = "sweep.sqlite"

    let path: String
    private let database: DatabaseQueue

    /// Opens the store of a sweep's directory for writing; creates a missing one and migrates an old one.
    ///
    /// - Throws: `FoldinError`, also for a store of a later version.
    public convenience init(writingIn directory: String) throws { try self.init(directory, isNew: true) }

    /// Opens the store of a sweep's directory for reading; migrates an old one.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` if there is none, `badData` for a file that is not a store.
    public convenience init(in directory: String) throws { try self.init(directory, isNew: false) }

    private init(_ directory: String, isNew: Bool) throws {
        let path = directory + "/" + RunStore.fileName
        guard isNew || FileManager.default.fileExists(atPath: path) else {
            throw FoldinError(
                .missingInput, file: directory, found: "no \(RunStore.fileName)", expected: "what foldin sweep wrote")
        }
        try MappedFile.refuseSpecial(path, expected: "what foldin sweep wrote")
        self.path = path
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = RunStore.migrator
            guard try database.read({ try !migrator.hasBeenSuperseded($0) }) else {
                throw FoldinError(.badData, file: path, found: "a store of a later version of foldin", expected: "that version")
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError {
            throw RunStore.failure(error, path)
        }
    }

    /// The migrations from each version of the store to the next. Existing ones are never changed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.create(table: "sweep") { table in
                table.column("id", .integer).primaryKey().check { $0 == 1 }
                for name in ["name", "dataset", "dataDirectory", "dataChecksum", "file", "began"] {
                    table.column(name, .text).notNull()
                }
            }
            try database.create(table: "run") { table in
                table.column("id", .text).primaryKey()
                for name in ["configuration", "status", "options", "family"] { table.column(name, .text).notNull() }
                for name in ["position", "epochs"] { table.column(name, .integer).notNull() }
                for name in ["error", "network", "modelPath", "dataChecksum", "changed"] { table.column(name, .text) }
                for name in ["parameters", "memoryBytes", "bestEpoch"] { table.column(name, .integer) }
                table.column("seconds", .double)
            }
            try database.create(table: "epoch") { table in
                table.column("runId", .text).notNull().references("run", onDelete: .cascade)
                table.column("epoch", .integer).notNull()
                table.column("updates", .integer).notNull()
                for name in ["negativeLogLikelihood", "divergence", "beta", "seconds"] { table.column(name, .double).notNull() }
                table.column("validation", .double)
                table.primaryKey(["runId", "epoch"])
            }
            try database.create(table: "metric") { table in
                table.column("runId", .text).notNull().references("run", onDelete: .cascade)
                for name in ["part", "name"] { table.column(name, .text).notNull() }
                for name in ["mean", "standardError"] { table.column(name, .double) }
                table.primaryKey(["runId", "part", "name"])
            }
            try database.create(table: "users") { table in
                table.column("digest", .text).primaryKey()
                table.column("users", .blob).notNull()
            }
            // Little-endian and in the same order: one Double per user in `scores`, one Int32 per user in `users`.
            try database.create(table: "scores") { table in
                table.column("runId", .text).notNull().references("run", onDelete: .cascade)
                table.column("metric", .text).notNull()
                table.column("scores", .blob).notNull()
                table.column("users", .text).notNull().references("users")
                table.primaryKey(["runId", "metric"])
            }
        }
        migrator.registerMigration("2") { database in
            try database.alter(table: "epoch") { $0.add(column: "validationLoss", .double) }
        }
        migrator.registerMigration("3") { database in
            try database.alter(table: "epoch") { $0.add(column: "gamma", .double) }
        }
        return migrator
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try database.read(body)
        } catch let error as DatabaseError {
            throw RunStore.failure(error, path)
        } catch {
            // A column of SQLite may have values of any type.
            throw RunStore.unreadable(path)
        }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try database.write(body)
        } catch let error as DatabaseError {
            throw RunStore.failure(error, path)
        } catch let error as FoldinError {
            throw error
        } catch {
            throw RunStore.unreadable(path)
        }
    }

    private static func unreadable(_ path: String) -> FoldinError {
        FoldinError(
            .badData, file: path, found: "a row with a value of the wrong type",
            expected: "a store that foldin sweep wrote")
    }

    private static func failure(_ error: DatabaseError, _ path: String) -> FoldinError {
        let reason = error.message ?? "result code \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            return FoldinError(.cannotCreate, file: path, found: reason, expected: "a store that can be opened for writing")
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED:
            return FoldinError(.writeFailed, file: path, found: reason, expected: "the results to be written")
        default: return FoldinError(.badData, file: path, found: reason, expected: "a store that foldin sweep wrote")
        }
    }
}
#endif

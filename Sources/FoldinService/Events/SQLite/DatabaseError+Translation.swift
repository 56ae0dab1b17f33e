#if Service
import GRDB

extension DatabaseError {
    /// What SQLite says, without the statement: `database disk image is malformed`.
    var reason: String {
        resultCode == .SQLITE_FULL ? "the disk is full" : message ?? "result code \(resultCode.rawValue)"
    }

    /// Whether the file could not be used, whatever its contents are.
    var isOfTheSystem: Bool {
        switch resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED: true
        default: false
        }
    }
}

extension EventStoreError {
    /// `error` as an error of the store, where it is one of SQLite or a time limit; otherwise `error` itself.
    static func translating(_ error: any Error) -> any Error {
        switch error {
        case let error as DatabaseError: EventStoreError.failed(reason: error.reason, isOfTheSystem: error.isOfTheSystem)
        case let error as TimeLimitExceeded: EventStoreError.timedOut(error.limit)
        default: error
        }
    }
}
#endif

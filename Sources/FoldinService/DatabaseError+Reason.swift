import GRDB

extension DatabaseError {
    /// What SQLite says, without the statement: `database or disk is full`.
    var reason: String { message ?? "result code \(resultCode.rawValue)" }

    /// Whether the file could not be used, whatever is in it.
    var isOfTheSystem: Bool {
        switch resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED: true
        default: false
        }
    }
}

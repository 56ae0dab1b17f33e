import FoldinInteractions
import Foundation

/// The file of a database of events: what people liked, which is nobody's business but the service's.
enum EventFile {
    /// Makes the file when it is not there, readable by its owner only; SQLite gives the files that it makes beside it the same mode. Takes
    /// rights of others away from files that are there, as earlier versions made them: a refusal would keep a service from starting after
    /// an update.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when others may read it and that cannot be changed.
    static func secure(_ path: String) throws {
        // SQLite makes an empty file its own. Where it cannot be made, SQLite says why.
        let made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if made >= 0 { close(made) }
        for part in ["", "-wal", "-shm"] {
            var status = stat()
            guard stat(path + part, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else {
                continue
            }
            guard chmod(path + part, 0o600) == 0 else {
                throw FoldinError(
                    .cannotCreate, file: path + part,
                    found: "a file of mode \(String(status.st_mode & 0o777, radix: 8)) whose mode cannot be changed",
                    expected: "one that only its owner, the user of this program, may read: mode 600")
            }
        }
    }
}

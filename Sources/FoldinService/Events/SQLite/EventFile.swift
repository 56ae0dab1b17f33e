#if Service
import FoldinInteractions
import FoldinSupport
import Foundation

/// The file of a database of events. It says what people like, so only its owner may read it.
enum EventFile {
    /// Creates the file `path` when it does not exist, readable by its owner only. Returns whether it did.
    ///
    /// Where it cannot be created, opening the database says why.
    static func create(_ path: String) -> Bool {
        // SQLite takes an empty file for an empty database.
        var descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let isNew = descriptor >= 0
        // A link whose target does not exist is not followed by O_EXCL.
        if !isNew { descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        if descriptor >= 0 { close(descriptor) }
        return isNew
    }

    /// Takes the rights of others away from the files of the database `path`, as earlier versions created them. SQLite gives the files that
    /// it creates beside the database the same mode.
    ///
    /// A refusal instead would keep a service from starting after an update.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when others may read a file and its mode cannot be changed.
    static func secure(_ path: String) throws {
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
#endif

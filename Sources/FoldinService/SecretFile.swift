#if Service
import FoldinInteractions
import FoldinSupport
import Foundation

/// A file that only its owner may read: a key file, the private key of a certificate.
enum SecretFile {
    /// The contents of the file `path`.
    ///
    /// The owner must be the user of this process, or root. A file that belongs to root and is read by another user may also be readable for
    /// its group: systemd and Kubernetes provide secrets like that.
    ///
    /// - Parameters:
    ///   - expected: what the file must be, for error messages.
    ///   - reason: the reason of the error when the file cannot be read.
    /// - Throws: `FoldinError` of kind `missingInput` when it cannot be read, `badData` when others may read it or it is too large.
    static func contents(of path: String, expected: String, reason: FoldinError.Reason? = nil) throws -> Data {
        func unreadable() -> FoldinError {
            FoldinError(.missingInput, file: path, found: "no file that can be read", expected: expected, reason: reason)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw unreadable()
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw unreadable()
        }
        let user = geteuid()
        guard status.st_uid == user || status.st_uid == 0 else {
            throw FoldinError(
                .badData, file: path, found: "a secret file of the user \(status.st_uid)",
                expected: "one of the user \(user) or of root ('chown \(user)' and 'chmod 600')")
        }
        let forbidden: mode_t = status.st_uid == user ? 0o077 : 0o037
        guard status.st_mode & forbidden == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw FoldinError(
                .badData, file: path, found: "a secret file with the mode 0\(mode), which others can read or change",
                expected: "one that only its owner can read ('chmod 600')")
        }
        guard let data = try? handle.read(upToCount: MappedFile.smallFileLimit + 1) ?? Data() else {
            throw unreadable()
        }
        guard data.count <= MappedFile.smallFileLimit else {
            throw FoldinError(
                .badData, file: path, found: "more than \(MappedFile.smallFileLimit) bytes", expected: expected)
        }
        return data
    }
}
#endif

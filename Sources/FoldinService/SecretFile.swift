import FoldinInteractions
import Foundation

/// A file that nobody but its owner may read: a key file, the private key of a certificate.
enum SecretFile {
    /// The contents of the file in `path`.
    ///
    /// The owner must be the user of this process, or root. Of a file of root's that another user reads, the group may read too: so
    /// systemd and Kubernetes hand out secrets.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, or `badData` when others can read the file too.
    static func contents(of path: String, expected: String) throws -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FoldinError(.missingInput, file: path, found: "no file that can be read", expected: expected)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw FoldinError(.missingInput, file: path, found: "no file that can be read", expected: expected)
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
                expected: "one for its owner alone ('chmod 600')")
        }
        guard let data = try? handle.read(upToCount: MappedFile.smallFileLimit + 1) ?? Data() else {
            throw FoldinError(.missingInput, file: path, found: "no file that can be read", expected: expected)
        }
        guard data.count <= MappedFile.smallFileLimit else {
            throw FoldinError(
                .badData, file: path, found: "more than \(MappedFile.smallFileLimit) bytes", expected: expected)
        }
        return data
    }
}

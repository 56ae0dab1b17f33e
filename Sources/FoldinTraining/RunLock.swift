import FoldinInteractions
import Foundation

/// Keeps other processes from writing to the same run directory. The system releases it when the process ends, however that happens.
///
/// The directory itself is locked, so no file is left. A file system without such locks is written to without one.
final class RunLock: Sendable {
    private let descriptor: Int32

    /// Locks `directory`, which exists.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when another training holds it.
    init(_ directory: String) throws {
        descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            close(descriptor)
            throw FoldinError(
                .cannotCreate, file: directory, found: "another training that writes here", expected: "one at a time")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

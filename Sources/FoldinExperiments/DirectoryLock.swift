#if Experiments
import FoldinInteractions
import FoldinSupport
import Foundation

/// A lock that allows one process at a time to work on a sweep. The system releases it when the process ends, also after a crash.
final class DirectoryLock: Sendable {
    private let descriptor: OwnedDescriptor

    /// Locks a sweep's directory, which exists.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` if another process holds the lock.
    init(_ directory: String) throws {
        let path = directory + "/sweep.lock"
        guard let descriptor = OwnedDescriptor(open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)) else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "a directory to write to")
        }
        guard lockedAgainstOthers(descriptor.number) else {
            throw FoldinError(
                .cannotCreate, file: directory, found: "another sweep at work here", expected: "one at a time")
        }
        self.descriptor = descriptor
    }
}
#endif

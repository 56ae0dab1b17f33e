import FoldinInteractions
import FoldinSupport
import Foundation
import Synchronization

/// A lock that allows one process at a time to write to a run directory. The system releases it when the process ends, also after a crash.
///
/// The directory itself is locked, so no file remains. On a file system without such locks there is none. All locks of a directory in one
/// process share one system lock, which is released with the last of them.
final class RunLock: Sendable {
    private struct Key: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private struct Hold {
        let descriptor: Int32
        var count: Int
    }

    private static let holds = Mutex<[Key: Hold]>([:])

    /// The locked directory; nil if it could not be opened.
    private let key: Key?

    /// Locks `directory`, which exists.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when another process holds it.
    init(_ directory: String) throws {
        key = try RunLock.holds.withLock { holds in
            var status = stat()
            guard stat(directory, &status) == 0 else { return nil }
            let key = Key(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino))
            if holds[key] != nil {
                holds[key]?.count += 1
                return key
            }
            let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            guard lockedAgainstOthers(descriptor) else {
                close(descriptor)
                throw FoldinError(
                    .cannotCreate, file: directory, found: "another training that writes here", expected: "one at a time")
            }
            holds[key] = Hold(descriptor: descriptor, count: 1)
            return key
        }
    }

    deinit {
        guard let key else { return }
        RunLock.holds.withLock { holds in
            holds[key]?.count -= 1
            guard let hold = holds[key], hold.count == 0 else { return }
            close(hold.descriptor)
            holds[key] = nil
        }
    }
}

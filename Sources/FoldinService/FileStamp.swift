#if Service
import Foundation

/// The identity and the version of a file, to notice that it was changed or replaced.
struct FileStamp: Equatable, Sendable {
    let device, inode: UInt64
    let size: Int64
    let seconds, nanoseconds: Int

    /// The stamp of the file `path`; nil if it does not exist.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Darwin)
        (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
        #else
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        #endif
    }

    /// Whether both are stamps of one file, which may have been changed meanwhile.
    func isSameFile(as other: FileStamp) -> Bool { device == other.device && inode == other.inode }
}
#endif

import Foundation

/// A directory that is kept open while files are written in it, so that it stays the same one even if its path changes.
struct OpenDirectory: ~Copyable {
    /// The directory; `AT_FDCWD` for one that may be written but not read, whose names are then looked up by their full paths.
    let descriptor: Int32
    private let path: String

    /// Nil, with `errno` set, if there is no such directory.
    init?(_ path: String) {
        self.path = path
        let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 || errno == EACCES else { return nil }
        descriptor = opened >= 0 ? opened : AT_FDCWD
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The path of a file in this directory for system calls that end in `at`, such as `openat`.
    func place(_ name: String) -> String { descriptor >= 0 ? name : FilePlace.join(path, name) }

    /// Flushes changes of names to the disk; false, with `errno` set, if that fails. True on a file system that cannot do this.
    func flush() -> Bool {
        guard descriptor >= 0 else { return true }
        return flushed(descriptor)
    }
}

/// Flushes a file or directory to the disk; false, with `errno` set, if that fails. True for pipes and devices, which cannot be flushed.
func flushed(_ descriptor: Int32) -> Bool {
    while fsync(descriptor) != 0 {
        if errno == EINTR { continue }
        return errno == EINVAL || errno == ENOTSUP
    }
    return true
}

/// Locks an open file or directory against other processes; false if another process holds the lock. The system releases the lock when the
/// process ends, however it ends.
///
/// Returns true without a lock on a file system that has no locks.
public func lockedAgainstOthers(_ descriptor: Int32) -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        return errno != EWOULDBLOCK
    }
    return true
}

/// The names of files and directories that are not complete yet.
public enum TemporaryName {
    /// A random name, short enough for any file system: `.foldin-`, 16 hexadecimal digits and `.tmp`.
    public static func make() -> String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return ".foldin-" + String(repeating: "0", count: 16 - digits.count) + digits + ".tmp"
    }

    /// Whether `name` is of the form that `make()` returns: such a file or directory was left by a process that was killed.
    public static func isOne(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return bytes.count == 28 && name.hasPrefix(".foldin-") && name.hasSuffix(".tmp")
            && bytes[8..<24].allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

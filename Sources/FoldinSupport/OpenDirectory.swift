import Foundation

/// A directory that is held open while something is written in it: it stays the same one, whatever becomes of its path.
struct OpenDirectory: ~Copyable {
    /// The directory; `AT_FDCWD` for one that may be written to but not read, whose names are then looked up by their whole paths.
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

    /// What the system's calls ending in `at` take for a name in this directory.
    func place(_ name: String) -> String { descriptor >= 0 ? name : FilePlace.join(path, name) }

    /// Brings changes of names to the disk; false, with `errno` set, if that fails. A file system that cannot is left alone.
    func flush() -> Bool {
        guard descriptor >= 0 else { return true }
        return flushed(descriptor)
    }
}

/// Brings a file or directory to the disk; false, with `errno` set, if that fails. Pipes and devices, which cannot, are left alone.
func flushed(_ descriptor: Int32) -> Bool {
    while fsync(descriptor) != 0 {
        if errno == EINTR { continue }
        return errno == EINVAL || errno == ENOTSUP
    }
    return true
}

/// Locks an open file or directory against other processes; false if another holds it. The system releases it when the process ends, however
/// that happens.
///
/// A file system that has no such locks, or no more of them, keeps nobody out: it is written to without one.
public func lockedAgainstOthers(_ descriptor: Int32) -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        return errno != EWOULDBLOCK
    }
    return true
}

/// Names of what is being written and not complete yet.
public enum TemporaryName {
    /// A name that nobody can foretell, short enough for any file system: `.foldin-` and 16 hexadecimal digits and `.tmp`.
    public static func make() -> String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return ".foldin-" + String(repeating: "0", count: 16 - digits.count) + digits + ".tmp"
    }

    /// Whether `make()` makes such names: a file or directory of that name is what a killed process left.
    public static func isOne(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return bytes.count == 28 && name.hasPrefix(".foldin-") && name.hasSuffix(".tmp")
            && bytes[8..<24].allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

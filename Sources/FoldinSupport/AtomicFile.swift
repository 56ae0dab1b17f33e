import Foundation

/// Writing files so that a reader sees the old one or the whole new one, never a part.
public enum AtomicFile {
    /// Writes a file under a temporary name in the directory of `path`, flushes it to the disk, and renames it to `path`.
    ///
    /// `body` gets a sink that takes bytes in any number of pieces. If anything throws, the temporary file is removed and
    /// `path` is as it was; only a failure to flush the directory comes when the new file is in place. The temporary name is one of
    /// `TemporaryName`; a process that is killed leaves the file.
    ///
    /// - A symbolic link stays, and what it leads to is written, also when that is not there yet.
    /// - A file that is replaced hands on its mode; a new one has that of the process's mask. Of a file with several names (hard links)
    ///   the one name is replaced, and the others keep the old contents. A file without the right to write is refused.
    /// - A device, a FIFO, and an open file of this process (`/dev/stdout`, `/proc/self/fd/3`) are written to as they are, not replaced: a
    ///   failure leaves a part there. A FIFO waits for its reader, as the system does; SIGINT ends the wait with the process.
    /// - A directory is refused.
    ///
    /// Throws `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
    public static func write(to path: String, _ body: (_ sink: borrowing Sink) throws -> Void) throws {
        guard let place = FilePlace(path) else { throw refusal(path, FoldinError.systemReason) }
        guard place.kind != .directory, !path.isEmpty, !path.hasSuffix("/") else {
            throw refusal(path, path.isEmpty ? "an empty name" : "a directory", expected: "the name of a file to write")
        }
        if place.kind == .special {
            try writeThrough(place, named: path, body)
        } else {
            try replace(place, named: path, body)
        }
    }

    /// Writes `text` as UTF-8; see `write(to:_:)`.
    public static func write(_ text: String, to path: String) throws {
        var text = text
        try write(to: path) { sink in try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) } }
    }

    /// Brings the names in a directory, as after renaming, to the disk. A file system that cannot do this is left alone.
    ///
    /// Throws `FoldinError` of kind `writeFailed`.
    public static func flush(directory path: String) throws {
        guard let folder = OpenDirectory(path), folder.flush() else { throw failure(path) }
    }

    /// Takes the bytes of the file being written.
    public struct Sink: ~Copyable {
        let descriptor: Int32
        let path: String

        /// Appends all of `bytes`.
        public func write(_ bytes: UnsafeRawBufferPointer) throws {
            var rest = bytes
            while let start = rest.baseAddress, !rest.isEmpty {
                let written = Foundation.write(descriptor, start, min(rest.count, 1 << 30))
                if written < 0 {
                    if errno == EINTR { continue }
                    throw AtomicFile.failure(path)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }

    private static func replace(
        _ place: FilePlace, named path: String, _ body: (_ sink: borrowing Sink) throws -> Void
    ) throws {
        guard let folder = OpenDirectory(place.directory) else { throw refusal(path, FoldinError.systemReason) }
        if let old = place.status { try check(old, place, named: path) }
        let (temporary, descriptor) = try create(in: folder, replacing: place.status, named: path)
        var isOpen = true
        do {
            try body(Sink(descriptor: descriptor, path: path))
            if let old = place.status { try handOn(old, to: descriptor, named: path) }
            guard flushed(descriptor) else { throw failure(path) }
            isOpen = false
            // The descriptor is gone even when a signal came.
            guard close(descriptor) == 0 || errno == EINTR else { throw failure(path) }
            // What stood there may have become something else meanwhile.
            var now = stat()
            if fstatat(folder.descriptor, folder.place(place.name), &now, AT_SYMLINK_NOFOLLOW) == 0 {
                guard now.st_mode & S_IFMT == S_IFREG else {
                    throw FoldinError(
                        .writeFailed, file: path, found: "that it has become something else than a file meanwhile",
                        expected: "a file to replace")
                }
            } else if errno != ENOENT {
                throw failure(path)
            }
            guard
                renameat(
                    folder.descriptor, folder.place(temporary), folder.descriptor, folder.place(place.name)) == 0
            else { throw failure(path) }
        } catch {
            if isOpen { close(descriptor) }
            unlinkat(folder.descriptor, folder.place(temporary), 0)
            throw error
        }
        guard folder.flush() else {
            throw FoldinError(
                .writeFailed, file: path, found: "\(FoldinError.systemReason) when its directory was flushed",
                expected: "the new file, which is in place, to be safe on the disk")
        }
    }

    /// Fails for a file that the caller may not replace, before anything is written.
    private static func check(_ old: stat, _ place: FilePlace, named path: String) throws {
        guard faccessat(AT_FDCWD, place.path, W_OK, AT_EACCESS) == 0 else {
            throw refusal(path, "a file that may not be written (\(FoldinError.systemReason))", expected: "a file that may be")
        }
        var folder = stat()
        guard stat(place.directory, &folder) == 0 else { throw refusal(path, FoldinError.systemReason) }
        let user = geteuid()
        if folder.st_mode & S_ISVTX != 0, user != 0, old.st_uid != user, folder.st_uid != user {
            throw refusal(
                path, "a file of another user in a directory where only owners may replace theirs",
                expected: "a file of one's own, or another name")
        }
    }

    /// A file of a new name, and its descriptor. One that replaces another is nobody else's to read until it has that one's mode.
    private static func create(
        in folder: borrowing OpenDirectory, replacing old: stat?, named path: String
    ) throws -> (name: String, descriptor: Int32) {
        for _ in 0..<16 {
            let name = TemporaryName.make()
            let descriptor = openat(
                folder.descriptor, folder.place(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                old == nil ? 0o666 : 0o600)
            if descriptor >= 0 { return (name, descriptor) }
            guard errno == EEXIST || errno == EINTR else { break }
        }
        throw refusal(path, FoldinError.systemReason)
    }

    /// Gives the new file the mode of the old one, and its owner and group where that is allowed.
    private static func handOn(_ old: stat, to descriptor: Int32, named path: String) throws {
        var new = stat()
        guard fstat(descriptor, &new) == 0 else { throw failure(path) }
        if new.st_uid != old.st_uid || new.st_gid != old.st_gid {
            // Only the superuser may give files away, and others only to groups that they are in: anything else stays as it is.
            _ = fchown(descriptor, old.st_uid, old.st_gid) == 0 || fchown(descriptor, new.st_uid, old.st_gid) == 0
        }
        guard new.st_mode & 0o777 != old.st_mode & 0o777 else { return }
        // A file system without modes says that it may not.
        guard fchmod(descriptor, old.st_mode & 0o777) == 0 || errno == EPERM || errno == ENOTSUP else { throw failure(path) }
    }

    private static func writeThrough(
        _ place: FilePlace, named path: String, _ body: (_ sink: borrowing Sink) throws -> Void
    ) throws {
        let descriptor = try place.descriptor.map { try duplicate($0, named: path) } ?? open(place, named: path)
        var isOpen = true
        do {
            try body(Sink(descriptor: descriptor, path: path))
            guard place.descriptor != nil || flushed(descriptor) else { throw failure(path) }
            isOpen = false
            guard close(descriptor) == 0 || errno == EINTR else { throw failure(path) }
        } catch {
            if isOpen { close(descriptor) }
            throw error
        }
    }

    private static func open(_ place: FilePlace, named path: String) throws -> Int32 {
        while true {
            let descriptor = Foundation.open(place.path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR else { throw refusal(path, FoldinError.systemReason) }
        }
    }

    /// A second descriptor of a file that the process was started with.
    private static func duplicate(_ descriptor: Int32, named path: String) throws -> Int32 {
        let flags = fcntl(descriptor, F_GETFD)
        guard flags >= 0 else { throw refusal(path, FoldinError.systemReason) }
        // What a program opens for itself is closed on exec; what it was started with is not.
        guard flags & FD_CLOEXEC == 0 else {
            throw refusal(path, "a file that this process has opened for itself", expected: "one that it was started with")
        }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw refusal(path, FoldinError.systemReason) }
        return copy
    }

    private static func refusal(
        _ path: String, _ found: String, expected: String = "a place where a file can be created"
    ) -> FoldinError {
        FoldinError(.cannotCreate, file: path, found: found, expected: expected)
    }

    private static func failure(_ path: String) -> FoldinError {
        FoldinError(.writeFailed, file: path, found: FoldinError.systemReason, expected: "the file to be written whole")
    }
}

import Foundation

/// Writes files so that a reader sees the old one or the complete new one, never a part.
public enum AtomicFile {
    /// Writes a file under a temporary name in the directory of `path`, flushes it to the disk, and renames it to `path`.
    ///
    /// `body` gets a sink that takes bytes in any number of pieces. If anything throws, the temporary file is removed and `path` is
    /// unchanged. The one exception is a failure to flush the directory, when the new file is already in place. The temporary name is
    /// one of `TemporaryName`; a process that is killed leaves that file.
    ///
    /// - A symbolic link stays, and its target is written, even if the target does not exist yet.
    /// - A replaced file passes its mode on to the new one; otherwise the process's mask decides the mode. If a file has several names
    ///   (hard links), only this name is replaced and the others keep the old contents. A file without write permission is refused.
    /// - A device, a FIFO, and an open file of this process (`/dev/stdout`, `/proc/self/fd/3`) are written directly, not replaced: a failure
    ///   leaves a part there. Opening a FIFO waits for its reader; SIGINT ends the process meanwhile.
    /// - A directory is refused.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
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

    /// Writes `text` as UTF-8; see ``write(to:_:)``.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    public static func write(_ text: String, to path: String) throws {
        var text = text
        try write(to: path) { sink in try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) } }
    }

    /// Writes the texts that `body` gives to its argument as UTF-8; see ``write(to:_:)``.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
    package static func writeTexts(
        to path: String, _ body: (_ write: @escaping (String) throws -> Void) throws -> Void
    ) throws {
        try write(to: path) { sink in
            // A sink cannot be captured.
            let (descriptor, name) = (sink.descriptor, sink.path)
            try body { text in
                var text = text
                try text.withUTF8 { try Sink(descriptor: descriptor, path: name).write(UnsafeRawBufferPointer($0)) }
            }
        }
    }

    /// Flushes the names in a directory to the disk, as after renaming. Does nothing on a file system that cannot do this.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    public static func flush(directory path: String) throws {
        guard let folder = OpenDirectory(path), folder.flush() else { throw failure(path) }
    }

    /// Takes the bytes of the file being written.
    public struct Sink: ~Copyable {
        let descriptor: Int32
        let path: String

        /// Appends all of `bytes`.
        ///
        /// - Throws: `FoldinError` of kind `writeFailed`.
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
            if let old = place.status { try copyAttributes(of: old, to: descriptor, named: path) }
            guard flushed(descriptor) else { throw failure(path) }
            isOpen = false
            // The descriptor is closed even if a signal interrupted the call.
            guard close(descriptor) == 0 || errno == EINTR else { throw failure(path) }
            // The file may have been replaced by something else meanwhile.
            var now = stat()
            if fstatat(folder.descriptor, folder.place(place.name), &now, AT_SYMLINK_NOFOLLOW) == 0 {
                guard now.st_mode & S_IFMT == S_IFREG else {
                    throw FoldinError(
                        .writeFailed, file: path, found: "something that is not a regular file, which has replaced it meanwhile",
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
                expected: "the new file, which is in place, to be stored on the disk")
        }
    }

    /// Throws for a file that the caller may not replace, before anything is written.
    private static func check(_ old: stat, _ place: FilePlace, named path: String) throws {
        guard faccessat(AT_FDCWD, place.path, W_OK, AT_EACCESS) == 0 else {
            throw refusal(path, "a file that cannot be written (\(FoldinError.systemReason))", expected: "write permission")
        }
        var folder = stat()
        guard stat(place.directory, &folder) == 0 else { throw refusal(path, FoldinError.systemReason) }
        let user = geteuid()
        if folder.st_mode & S_ISVTX != 0, user != 0, old.st_uid != user, folder.st_uid != user {
            throw refusal(
                path, "a file of another user in a directory where only owners may replace files",
                expected: "a file that you own, or another name")
        }
    }

    /// Creates a file with a new name. If it replaces another, only its owner can read it until it has that file's mode.
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
    private static func copyAttributes(of old: stat, to descriptor: Int32, named path: String) throws {
        var new = stat()
        guard fstat(descriptor, &new) == 0 else { throw failure(path) }
        if new.st_uid != old.st_uid || new.st_gid != old.st_gid {
            // Only the superuser may change the owner, and other users may set only groups that they are in. Failures are ignored.
            _ = fchown(descriptor, old.st_uid, old.st_gid) == 0 || fchown(descriptor, new.st_uid, old.st_gid) == 0
        }
        guard new.st_mode & 0o777 != old.st_mode & 0o777 else { return }
        // A file system without modes refuses.
        guard fchmod(descriptor, old.st_mode & 0o777) == 0 || errno == EPERM || errno == ENOTSUP else { throw failure(path) }
    }

    /// Writes to a device, a FIFO or an open file of this process.
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

    /// A second descriptor of a file that was open when the process started.
    private static func duplicate(_ descriptor: Int32, named path: String) throws -> Int32 {
        let flags = fcntl(descriptor, F_GETFD)
        guard flags >= 0 else { throw refusal(path, FoldinError.systemReason) }
        // Files that a program opens itself are closed on exec; files that were open when it started are not.
        guard flags & FD_CLOEXEC == 0 else {
            throw refusal(path, "a file that this process has opened itself", expected: "one that was open when it started")
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
        FoldinError(.writeFailed, file: path, found: FoldinError.systemReason, expected: "the complete file to be written")
    }
}

import Foundation

/// Writes directories so that a reader sees the old one or the complete new one, never a part.
public enum AtomicDirectory {
    /// A kind of directory that may be replaced, and what of it may be removed.
    package struct Kind {
        /// The kind in messages: `a prepared directory`.
        let name: String
        /// The names of all files that such a directory may have. No other file is ever removed.
        let fileNames: Set<String>
        /// Whether the directory at this path is certainly of this kind.
        let isMarked: (_ path: String) -> Bool

        /// Creates a kind; the parameters are the properties of the same names.
        package init(name: String, fileNames: Set<String>, isMarked: @escaping (_ path: String) -> Bool) {
            (self.name, self.fileNames, self.isMarked) = (name, fileNames, isMarked)
        }

        /// Whether the directory at `path`, which holds `names`, is of this kind and holds no other files.
        func describes(_ path: String, holding names: [String]) -> Bool {
            fileNames.isSuperset(of: names) && isMarked(path)
                && names.allSatisfy { name in
                    var status = stat()
                    return lstat(FilePlace.join(path, name), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                }
        }
    }

    /// Creates a directory under a temporary name beside `path`, calls `body` to fill it, and renames it to `path`.
    ///
    /// Missing parent directories are created. An existing directory is replaced if it is empty, or if `overwriting` is true and it is of
    /// the given kind. Anything else is refused, both before and after `body` runs. The two names are exchanged in one step, so that the
    /// complete old or the complete new directory exists at any moment. On a file system that cannot exchange names there is no directory
    /// between two renames. The files of the old directory's kind are removed afterwards, one by one.
    ///
    /// If anything throws, `path` is unchanged. A process that is killed leaves a directory named by `TemporaryName`. It holds the new
    /// files, or the old ones if the new ones are in place already.
    ///
    /// - Returns: Where the old directory is kept because another file appeared in it meanwhile or because it cannot be removed; usually
    ///   nil.
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
    package static func write(
        to path: String, replacing kind: Kind?, overwriting: Bool, _ body: (_ temporary: String) throws -> Void
    ) throws -> String? {
        let replacement = try DirectoryReplacement(of: path, kind, overwriting: overwriting)
        do {
            try body(replacement.temporary)
            return try replacement.install()
        } catch {
            replacement.discard()
            throw replacement.named(error)
        }
    }

    /// Creates a directory as `write(to:replacing:overwriting:_:)` does, with an asynchronous `body`; replaces only an empty directory.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
    public static func write(to path: String, _ body: (_ temporary: String) async throws -> Void) async throws {
        let replacement = try DirectoryReplacement(of: path, nil, overwriting: false)
        do {
            try await body(replacement.temporary)
            _ = try replacement.install()
        } catch {
            replacement.discard()
            throw replacement.named(error)
        }
    }

    /// Throws what `write` would throw before it calls its body; creates nothing.
    package static func check(_ path: String, replacing kind: Kind?, overwriting: Bool) throws {
        _ = try DirectoryTarget(path, kind, overwriting: overwriting).state()
    }
}

extension FoldinError.Reason {
    /// A directory exists that could be replaced, but replacing it was not requested.
    public static let directoryExists = FoldinError.Reason("directory-exists")
}

/// The path of a directory to write.
struct DirectoryTarget {
    enum State {
        case absent, empty
        /// A directory that may be replaced.
        case old
    }

    /// The path as the caller wrote it, for messages.
    let name: String
    let place: FilePlace
    let kind: AtomicDirectory.Kind?
    let overwriting: Bool

    init(_ path: String, _ kind: AtomicDirectory.Kind?, overwriting: Bool) throws {
        guard !path.isEmpty, let place = FilePlace(path) else {
            throw FoldinError(
                .cannotCreate, file: path, found: path.isEmpty ? "an empty name" : FoldinError.systemReason,
                expected: "a place where a directory can be created")
        }
        (name, self.place, self.kind, self.overwriting) = (path, place, kind, overwriting)
    }

    /// What exists at the path now. Throws if it may not be replaced.
    func state() throws -> State {
        var status = stat()
        guard lstat(place.path, &status) == 0 else {
            if errno == ENOENT { return .absent }
            throw refusal(FoldinError.systemReason, "a place where a directory can be created")
        }
        guard status.st_mode & S_IFMT == S_IFDIR,
            let names = try? FileManager.default.contentsOfDirectory(atPath: place.path)
        else { throw refusal("a file or an unreadable directory", "a new or an empty directory") }
        if names.isEmpty { return .empty }
        guard let kind, kind.describes(place.path, holding: names) else {
            throw refusal(
                "a directory that holds \(names.sorted().prefix(12).joined(separator: ", "))",
                kind.map { "a new or an empty directory, or \($0.name) and nothing else in it" } ?? "a new or an empty directory")
        }
        guard overwriting else { throw refusal(kind.name, "a new or an empty directory", reason: .directoryExists) }
        guard faccessat(AT_FDCWD, place.path, W_OK | X_OK, AT_EACCESS) == 0 else {
            throw refusal("\(kind.name) that cannot be written (\(FoldinError.systemReason))", "one with write permission")
        }
        return .old
    }

    private func refusal(_ found: String, _ expected: String, reason: FoldinError.Reason? = nil) -> FoldinError {
        FoldinError(.cannotCreate, file: name, found: found, expected: expected, reason: reason)
    }
}

/// A new directory beside the path that it will be renamed to.
private final class DirectoryReplacement {
    private let target: DirectoryTarget
    /// The path of the new directory until `install()`.
    let temporary: String
    /// Its device and inode, which distinguish it from another directory that gets its name.
    private var made = stat()

    /// Creates the new directory, empty.
    init(of path: String, _ kind: AtomicDirectory.Kind?, overwriting: Bool) throws {
        target = try DirectoryTarget(path, kind, overwriting: overwriting)
        _ = try target.state()
        let folder = target.place.directory
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: path, found: UnexpectedError.reason(error),
                expected: "a place where a directory can be created")
        }
        temporary = try Self.makeDirectory(in: folder, for: path)
        guard lstat(temporary, &made) == 0 else {
            let failure = failure()
            rmdir(temporary)
            throw failure
        }
    }

    private static func makeDirectory(in folder: String, for path: String) throws -> String {
        for _ in 0..<16 {
            let place = FilePlace.join(folder, TemporaryName.make())
            if mkdir(place, 0o755) == 0 { return place }
            guard errno == EEXIST else { break }
        }
        throw FoldinError(
            .cannotCreate, file: path, found: FoldinError.systemReason, expected: "a place where a directory can be created")
    }

    /// `error` with the path that the caller knows: that of a file in the target instead of the temporary directory.
    func named(_ error: any Error) -> any Error {
        guard let error = error as? FoldinError, let file = error.file, file.hasPrefix(temporary + "/") else { return error }
        let name = FilePlace.join(target.name, String(file.dropFirst(temporary.count + 1)))
        return error.with(file: name)
    }

    /// Removes the new directory if it is still the one that was created.
    func discard() {
        var now = stat()
        guard lstat(temporary, &now) == 0, now.st_dev == made.st_dev, now.st_ino == made.st_ino else { return }
        try? FileManager.default.removeItem(atPath: temporary)
    }

    /// Renames the new directory to the target. Returns where the old one is kept if it cannot be removed.
    func install() throws -> String? {
        guard let new = OpenDirectory(temporary), new.flush() else { throw failure() }
        let path = target.place.path
        // Other processes may write to the same path: the state may be out of date when the names are changed.
        for _ in 0..<64 {
            let state = try target.state()
            if state != .absent { try copyMode() }
            guard state == .old else {
                if rename(temporary, path) == 0 {
                    try flushParent(old: nil) { rename(path, temporary) == 0 }
                    return nil
                }
                guard errno == ENOTEMPTY || errno == EEXIST else { throw failure() }
                continue
            }
            if exchange(temporary, path) {
                try flushParent(old: temporary) { exchange(temporary, path) }
                return remains(of: temporary)
            }
            switch errno {
            case ENOENT: continue
            case ENOSYS, EINVAL, ENOTSUP:
                guard let old = try renameTwice() else { continue }
                return remains(of: old)
            default: throw failure()
            }
        }
        throw FoldinError(
            .writeFailed, file: target.name, found: "a directory that other processes keep replacing",
            expected: "one writer at a time")
    }

    /// Exchanges two names in one step; false, with `errno` set, if that fails.
    private func exchange(_ first: String, _ second: String) -> Bool {
        #if canImport(Darwin)
        return renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
        #else
        // Declared for GNU sources only, and missing in older libraries. Nil is RTLD_DEFAULT.
        typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else {
            errno = ENOSYS
            return false
        }
        let renameExchange: UInt32 = 1 << 1
        return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, first, AT_FDCWD, second, renameExchange) == 0
        #endif
    }

    /// Replaces the directory where names cannot be exchanged; between the two renames there is none. Returns where the old one is; nil if
    /// it has disappeared.
    private func renameTwice() throws -> String? {
        let path = target.place.path
        let old = FilePlace.join(target.place.directory, TemporaryName.make())
        guard rename(path, old) == 0 else {
            if errno == ENOENT { return nil }
            throw failure()
        }
        guard rename(temporary, path) == 0 else {
            let failure = failure()
            guard rename(old, path) == 0 else { throw lost(old, failure.found) }
            throw failure
        }
        try flushParent(old: old) { rename(path, temporary) == 0 && rename(old, path) == 0 }
        return old
    }

    /// Flushes the new names to the disk; calls `undo` to restore the old ones if that fails. `old` is where the old directory is.
    private func flushParent(old: String?, undo: () -> Bool) throws {
        var failure: FoldinError?
        if let folder = OpenDirectory(target.place.directory) {
            if folder.flush() { return }
            failure = self.failure()
        }
        let error = failure ?? self.failure()
        guard undo() || old == nil else { throw lost(old ?? "", error.found) }
        throw error
    }

    /// Removes the files of the old directory, and the directory if it is then empty. Returns where it is kept otherwise.
    private func remains(of old: String) -> String? {
        guard let kind = target.kind, kind.isMarked(old), let folder = OpenDirectory(old) else { return kept(old) }
        for name in kind.fileNames.sorted() {
            var status = stat()
            let place = folder.place(name)
            if fstatat(folder.descriptor, place, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG {
                unlinkat(folder.descriptor, place, 0)
            }
        }
        return rmdir(old) == 0 ? nil : kept(old)
    }

    /// Renames an old directory that holds unknown files, so that its name is not a temporary one.
    private func kept(_ old: String) -> String {
        let name = TemporaryName.make().dropFirst().dropLast(4)
        let place = FilePlace.join(target.place.directory, "kept-by-" + name)
        return rename(old, place) == 0 ? place : old
    }

    /// Gives the new directory the mode of the old one.
    private func copyMode() throws {
        var old = stat()
        guard lstat(target.place.path, &old) == 0 else { return }
        guard old.st_mode & 0o777 != made.st_mode & 0o777 else { return }
        // A file system without modes refuses.
        guard chmod(temporary, old.st_mode & 0o777) == 0 || errno == EPERM || errno == ENOTSUP else { throw failure() }
    }

    private func failure() -> FoldinError {
        FoldinError(
            .writeFailed, file: target.name, found: FoldinError.systemReason, expected: "the complete directory to be written")
    }

    private func lost(_ old: String, _ reason: String) -> FoldinError {
        FoldinError(
            .writeFailed, file: target.name, found: reason,
            expected: "the complete directory to be written; the earlier one is \(old)")
    }
}

import Foundation

/// Writing directories so that a reader sees the old one or the whole new one, never a part.
public enum AtomicDirectory {
    /// A kind of directory that may be replaced, and what of it may be removed.
    package struct Kind {
        /// For people: `a prepared directory`.
        let name: String
        /// The names of all files that it may have. No other is ever removed.
        let fileNames: Set<String>
        /// Whether the files in the directory of this path are surely of this kind.
        let isMarked: (_ path: String) -> Bool

        package init(name: String, fileNames: Set<String>, isMarked: @escaping (_ path: String) -> Bool) {
            (self.name, self.fileNames, self.isMarked) = (name, fileNames, isMarked)
        }

        /// Whether a directory with these names in it is of this kind and has nothing else in it.
        func isAll(of path: String, _ names: [String]) -> Bool {
            fileNames.isSuperset(of: names) && isMarked(path)
                && names.allSatisfy { name in
                    var status = stat()
                    return lstat(FilePlace.join(path, name), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                }
        }
    }

    /// Makes a directory under a temporary name beside `path`, lets `body` fill it, and gives it the name `path`.
    ///
    /// Folders above `path` are made as needed. An empty directory that is there is replaced, and with `overwriting` one of `kind`; anything
    /// else is refused, now and again when `body` is done. A directory is replaced by exchanging the two names, so that at any moment the
    /// whole old one or the whole new one is there; only a file system that cannot do this has none between two renames. Of the old one
    /// the files of its kind are removed then, one by one.
    ///
    /// If anything throws, `path` is as it was. A process that is killed leaves a directory of a `TemporaryName`: of the new files, or, once
    /// these are in place, of the old ones.
    ///
    /// - Returns: Where the old directory is kept, because something else has come into it meanwhile or it cannot be removed; nil as a rule.
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

    /// The same for a body that waits; replaces only an empty directory.
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

    /// Fails as `write` would before it calls its body; makes nothing.
    package static func check(_ path: String, replacing kind: Kind?, overwriting: Bool) throws {
        _ = try DirectoryTarget(path, kind, overwriting: overwriting).state()
    }
}

extension FoldinError.Reason {
    /// A directory is there already that may be replaced, but its replacement was not requested.
    public static let directoryExists = FoldinError.Reason("directory-exists")
}

/// A path that a directory is to be written to.
struct DirectoryTarget {
    enum State {
        case absent, empty
        /// One that may be replaced.
        case old
    }

    /// As the caller named it, for messages.
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

    /// What is there now. Throws for what may not be replaced.
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
        guard let kind, kind.isAll(of: place.path, names) else {
            throw refusal(
                "a directory that holds \(names.sorted().prefix(12).joined(separator: ", "))",
                kind.map { "a new or an empty directory, or \($0.name) and nothing else in it" } ?? "a new or an empty directory")
        }
        guard overwriting else { throw refusal(kind.name, "a new or an empty directory", reason: .directoryExists) }
        guard faccessat(AT_FDCWD, place.path, W_OK | X_OK, AT_EACCESS) == 0 else {
            throw refusal("\(kind.name) that may not be written (\(FoldinError.systemReason))", "one that may be")
        }
        return .old
    }

    private func refusal(_ found: String, _ expected: String, reason: FoldinError.Reason? = nil) -> FoldinError {
        FoldinError(.cannotCreate, file: name, found: found, expected: expected, reason: reason)
    }
}

/// A new directory beside the place that it is to take.
private final class DirectoryReplacement {
    private let target: DirectoryTarget
    /// Where the new directory is until `install()`.
    let temporary: String
    /// What tells it from another that may come to have its name.
    private var made = stat()

    /// Makes the new directory, empty.
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

    /// `error` with the names that the caller knows: those of files in the target.
    func named(_ error: any Error) -> any Error {
        guard let error = error as? FoldinError, let file = error.file, file.hasPrefix(temporary + "/") else { return error }
        let name = FilePlace.join(target.name, String(file.dropFirst(temporary.count + 1)))
        return error.with(file: name)
    }

    /// Removes the new directory, if it is still the one that was made.
    func discard() {
        var now = stat()
        guard lstat(temporary, &now) == 0, now.st_dev == made.st_dev, now.st_ino == made.st_ino else { return }
        try? FileManager.default.removeItem(atPath: temporary)
    }

    /// Gives the new directory the name of the target. Returns where the old one is kept, if it must be.
    func install() throws -> String? {
        guard let new = OpenDirectory(temporary), new.flush() else { throw failure() }
        let path = target.place.path
        // Others may write to the same place at the same time: each look may be out of date when the names are changed.
        for _ in 0..<64 {
            let state = try target.state()
            if state != .absent { try handOnMode() }
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
            .writeFailed, file: target.name, found: "a directory that others replace all the time",
            expected: "one writer at a time")
    }

    /// Exchanges two names at once; false, with `errno` set, if that cannot be.
    private func exchange(_ first: String, _ second: String) -> Bool {
        #if canImport(Darwin)
            return renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
        #else
            // Declared for GNU sources only, and not there in older libraries; nil stands for RTLD_DEFAULT.
            typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
            guard let symbol = dlsym(nil, "renameat2") else {
                errno = ENOSYS
                return false
            }
            let renameExchange: UInt32 = 1 << 1
            return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, first, AT_FDCWD, second, renameExchange) == 0
        #endif
    }

    /// The same where names cannot be exchanged: between two renames there is no directory. Returns where the old one is; nil if it is gone.
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

    /// Brings the new names to the disk; where that fails `undo` makes them the old ones. `old` is where the old directory is.
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

    /// Removes the old directory's files, and itself if nothing else is in it. Returns where it is kept otherwise.
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

    /// Gives an old directory with something unknown in it a name that is no temporary one.
    private func kept(_ old: String) -> String {
        let name = TemporaryName.make().dropFirst().dropLast(4)
        let place = FilePlace.join(target.place.directory, "kept-by-" + name)
        return rename(old, place) == 0 ? place : old
    }

    private func handOnMode() throws {
        var old = stat()
        guard lstat(target.place.path, &old) == 0 else { return }
        guard old.st_mode & 0o777 != made.st_mode & 0o777 else { return }
        // A file system without modes says that it may not.
        guard chmod(temporary, old.st_mode & 0o777) == 0 || errno == EPERM || errno == ENOTSUP else { throw failure() }
    }

    private func failure() -> FoldinError {
        FoldinError(
            .writeFailed, file: target.name, found: FoldinError.systemReason, expected: "the directory to be written whole")
    }

    private func lost(_ old: String, _ reason: String) -> FoldinError {
        FoldinError(
            .writeFailed, file: target.name, found: reason,
            expected: "the directory to be written whole; the earlier one is \(old)")
    }
}

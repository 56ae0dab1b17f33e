import Foundation

/// Writing directories so that a reader sees the old one or the whole new one, never a part.
public enum AtomicDirectory {
    /// Makes a directory under a temporary name beside `path`, lets `body` fill it, and renames it to `path`.
    ///
    /// Folders above `path` are made as needed. A directory that is there already is replaced if it is empty or
    /// `mayReplace` says so of the names in it; anything else is refused. If anything throws, the temporary directory is
    /// removed and `path` is as it was. Throws `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
    public static func write(
        to path: String, replacing mayReplace: (_ names: [String]) -> Bool, _ body: (_ temporary: String) throws -> Void
    ) throws {
        let target = resolved(path)
        let exists = try prepare(target, named: path, mayReplace)
        let temporary = target + ".\(getpid()).tmp"
        do {
            try make(temporary, named: path)
            try body(temporary)
            try finish(temporary, target, replacing: exists, named: path)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
    }

    /// As `write(to:replacing:_:)`, for a body that waits; replaces only an empty directory.
    public static func write(to path: String, _ body: (_ temporary: String) async throws -> Void) async throws {
        let target = resolved(path)
        let exists = try prepare(target, named: path) { _ in false }
        let temporary = target + ".\(getpid()).tmp"
        do {
            try make(temporary, named: path)
            try await body(temporary)
            try finish(temporary, target, replacing: exists, named: path)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
    }

    /// The path without a slash at its end and without symbolic links.
    private static func resolved(_ path: String) -> String {
        var target = path
        while target.count > 1, target.hasSuffix("/") { target.removeLast() }
        guard let real = realpath(target, nil) else { return target }
        defer { free(real) }
        return String(cString: real)
    }

    private static func make(_ temporary: String, named path: String) throws {
        let parent = (temporary as NSString).deletingLastPathComponent
        if !parent.isEmpty { try? FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) }
        guard mkdir(temporary, 0o755) == 0 else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "a place where a directory can be created")
        }
    }

    private static func finish(_ temporary: String, _ target: String, replacing: Bool, named path: String) throws {
        try flush(temporary, named: path)
        guard replacing else {
            guard rename(temporary, target) == 0 else { throw failure(path) }
            return
        }
        let old = target + ".\(getpid()).old"
        guard rename(target, old) == 0 else { throw failure(path) }
        guard rename(temporary, target) == 0 else {
            let failure = failure(path)
            rename(old, target)
            throw failure
        }
        try? FileManager.default.removeItem(atPath: old)
    }

    /// Whether something that may be replaced is at `target`. Throws if something else is.
    private static func prepare(_ target: String, named path: String, _ mayReplace: ([String]) -> Bool) throws -> Bool {
        guard FileManager.default.fileExists(atPath: target) else { return false }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: target) else {
            throw FoldinError(
                .cannotCreate, file: path, found: "a file or an unreadable directory", expected: "a new or an empty directory")
        }
        guard names.isEmpty || mayReplace(names) else {
            throw FoldinError(
                .cannotCreate, file: path, found: "a directory that holds \(names.sorted().prefix(12).joined(separator: ", "))",
                expected: "a new or an empty directory, or one that foldin made")
        }
        return true
    }

    private static func flush(_ directory: String, named path: String) throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(path) }
    }

    private static func failure(_ path: String) -> FoldinError {
        FoldinError(.writeFailed, file: path, found: FoldinError.systemReason, expected: "the directory to be written whole")
    }
}

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
        let files = FileManager.default
        var target = path
        while target.count > 1, target.hasSuffix("/") { target.removeLast() }
        if let resolved = realpath(target, nil) {
            target = String(cString: resolved)
            free(resolved)
        }
        let exists = files.fileExists(atPath: target)
        if exists { try check(target, named: path, mayReplace) }

        let temporary = target + ".\(getpid()).tmp"
        let parent = (temporary as NSString).deletingLastPathComponent
        if !parent.isEmpty { try? files.createDirectory(atPath: parent, withIntermediateDirectories: true) }
        guard mkdir(temporary, 0o755) == 0 else {
            throw FoldinError(.cannotCreate, file: path, found: reason(), expected: "a place where a directory can be created")
        }
        do {
            try body(temporary)
            try flush(temporary, named: path)
            if exists {
                let old = target + ".\(getpid()).old"
                guard rename(target, old) == 0 else { throw failure(path) }
                guard rename(temporary, target) == 0 else {
                    let failure = failure(path)
                    rename(old, target)
                    throw failure
                }
                try? files.removeItem(atPath: old)
            } else {
                guard rename(temporary, target) == 0 else { throw failure(path) }
            }
        } catch {
            try? files.removeItem(atPath: temporary)
            throw error
        }
    }

    private static func check(_ target: String, named path: String, _ mayReplace: ([String]) -> Bool) throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: target) else {
            throw FoldinError(
                .cannotCreate, file: path, found: "a file or an unreadable directory", expected: "a new or an empty directory")
        }
        guard names.isEmpty || mayReplace(names) else {
            throw FoldinError(
                .cannotCreate, file: path, found: "a directory with other files, such as \(names.sorted()[0])",
                expected: "a new or an empty directory, or one that foldin made")
        }
    }

    private static func flush(_ directory: String, named path: String) throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(path) }
    }

    private static func reason() -> String { String(cString: strerror(errno)).lowercased() }

    private static func failure(_ path: String) -> FoldinError {
        FoldinError(.writeFailed, file: path, found: reason(), expected: "the directory to be written whole")
    }
}

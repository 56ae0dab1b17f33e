import Foundation

/// Detects an output that would replace an input. Files are compared by device and inode, so that links, `..` and other spellings of a path
/// do not matter.
public enum Overlap {
    /// A file or directory that is read and must not be written.
    public struct Input: Sendable {
        /// The path; `-` is standard input.
        public let path: String
        /// What it is, for messages: `the database`.
        public let name: String

        /// Creates an input of a path and a name for messages.
        public init(_ path: String, _ name: String) { (self.path, self.name) = (path, name) }
    }

    /// The paths of an SQLite database and of the files that SQLite keeps beside it, whether they exist or not.
    public static func databaseFiles(of path: String) -> [String] { ["", "-wal", "-shm", "-journal"].map { path + $0 } }

    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) { (device, inode) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(status.st_ino)) }
    }

    /// Throws if the file `output` is one of `inputs`, or would become one that does not exist yet.
    ///
    /// - Throws: `FoldinError` of kind `usage`.
    public static func refuse(_ output: String, over inputs: [Input]) throws {
        for input in inputs where isSame(output, input.path) {
            throw FoldinError(
                .usage, file: output, found: "\(input.name) itself as the file to write",
                expected: "another file: \(input.name) would be replaced")
        }
    }

    /// Throws if one of `inputs` is the directory `output` or is in it, at any depth.
    ///
    /// - Throws: `FoldinError` of kind `usage`.
    public static func refuse(_ inputs: [Input], in output: String) throws {
        for input in inputs where contains(output, input.path) {
            let place = input.path == "-" ? "" : " (\(input.path))"
            throw FoldinError(
                .usage, file: output,
                found: isSame(output, input.path)
                    ? "\(input.name) itself as the directory to write" : "\(input.name)\(place) in the directory to write",
                expected: "another directory: \(input.name) would be replaced")
        }
    }

    /// Whether two paths name the same file or directory, even one that does not exist yet. `other` may be `-`, standard input.
    ///
    /// Devices and pipes are never the same, because a terminal can be read and written at the same time.
    public static func isSame(_ path: String, _ other: String) -> Bool {
        let (first, second) = (identity(of: path, isInput: false), identity(of: other))
        if let first, let second { return first == second }
        guard first == nil, second == nil, other != "-", let place = FilePlace(path), let otherPlace = FilePlace(other),
            place.kind == .absent, otherPlace.kind == .absent, place.name.utf8.elementsEqual(otherPlace.name.utf8)
        else { return false }
        let (folder, otherFolder) = (identity(of: place.directory), identity(of: otherPlace.directory))
        return folder != nil && folder == otherFolder
    }

    /// Whether `path` is the directory `directory` or is in it, at any depth: the file itself, a link on its path, or the target of a link.
    ///
    /// If `path` is `-`, the file of standard input is searched among the files of `directory`.
    public static func contains(_ directory: String, _ path: String) -> Bool {
        guard let outer = identity(of: directory, isInput: false) else { return false }
        if let inner = identity(of: path) {
            if inner == outer { return true }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            if names.contains(where: { identity(of: FilePlace.join(directory, $0), isInput: false, following: false) == inner }) {
                return true
            }
        }
        guard path != "-", let place = FilePlace(path) else { return false }
        return (place.links + [place.path]).contains { isBelow(outer, $0) }
    }

    /// Whether one of the directories above `path` is `outer`.
    private static func isBelow(_ outer: Identity, _ path: String) -> Bool {
        guard var folder = FilePlace.realPath(of: FilePlace.split(path).directory) else { return false }
        while true {
            if identity(of: folder) == outer { return true }
            guard let slash = folder.lastIndex(of: "/"), folder != "/" else { return false }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }

    /// The identity of the file at `path`; nil if nothing exists there, and for devices and pipes.
    private static func identity(of path: String, isInput: Bool = true, following: Bool = true) -> Identity? {
        var status = stat()
        let outcome =
            path == "-" && isInput
            ? fstat(STDIN_FILENO, &status) : following ? stat(path, &status) : lstat(path, &status)
        guard outcome == 0 else { return nil }
        return [S_IFREG, S_IFDIR, S_IFBLK].contains(status.st_mode & S_IFMT) ? Identity(status) : nil
    }
}

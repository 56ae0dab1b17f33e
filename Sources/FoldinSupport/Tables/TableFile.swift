import Foundation

/// A table in a Parquet or an Arrow file, or in a folder of such files.
package struct TableFile: Sendable {
    /// How the files are written.
    package enum Kind: String, Sendable, CaseIterable {
        case parquet, arrow

        /// The endings of names of such files.
        fileprivate var endings: Set<String> { self == .parquet ? ["parquet", "pq"] : ["arrow", "feather", "ipc"] }
    }

    /// The path as the caller wrote it.
    package let path: String
    /// How the files are written.
    package let kind: Kind
    /// The files, sorted by path; the file itself if it is one.
    package let files: [String]

    /// The table at `path`; nil for a file that begins otherwise, and for a folder without such files. Names that begin with `.` or `_` are left
    /// out, as programs do that write such folders.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a folder with files of both kinds.
    package init?(_ path: String) throws {
        var status = stat()
        guard path != "-", stat(path, &status) == 0 else { return nil }
        self.path = path
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            guard let kind = Self.kind(ofFile: path) else { return nil }
            (self.kind, files) = (kind, [path])
        case S_IFDIR:
            let inside = Self.names(in: path)
            let found = Kind.allCases.map { kind in
                (kind, inside.filter { kind.endings.contains(($0 as NSString).pathExtension.lowercased()) })
            }
            .filter { !$0.1.isEmpty }
            guard let (kind, names) = found.first else { return nil }
            guard found.count == 1 else {
                throw FoldinError(
                    .badData, file: path, found: "\(found[0].1[0]) and \(found[1].1[0])",
                    expected: "a folder of Parquet or of Arrow files")
            }
            self.kind = kind
            files = names.map { (path as NSString).appendingPathComponent($0) }
        default: return nil
        }
    }

    /// The kind of a regular file by its first bytes.
    private static func kind(ofFile path: String) -> Kind? {
        guard let file = OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC)) else { return nil }
        var start: UInt64 = 0
        let kind = withUnsafeMutableBytes(of: &start) { bytes in
            FileKind(UnsafeRawBufferPointer(rebasing: bytes[..<max(0, read(file.number, bytes.baseAddress, bytes.count))]))
        }
        switch kind {
        case .parquet: return .parquet
        case .arrow: return .arrow
        default: return nil
        }
    }

    /// The names of the files in a folder and the folders in it, sorted.
    private static func names(in folder: String) -> [String] {
        var names: [String] = []
        let contents = FileManager.default.enumerator(atPath: folder)
        while let name = contents?.nextObject() as? String {
            if !name.split(separator: "/").contains(where: { $0.hasPrefix(".") || $0.hasPrefix("_") }) { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

import FoldinInteractions
import FoldinSupport
import Foundation

/// The lines of a file, which may be compressed, or of a table, which becomes CSV.
struct LineSource: Sendable {
    let path: String
    /// The file, or those of a table.
    let files: [MappedFile]
    /// The table; nil for a file of text.
    let table: TableFile?
    /// The number of bytes of a compressed file or a table that are in memory at a time; a line may not be longer.
    private let pieceSize: Int
    private let columns: @Sendable ([String]) -> Set<String>

    /// - Parameters:
    ///   - path: the file, a folder with the files of a table, or `-` for standard input.
    ///   - pieceSize: see the property.
    ///   - columns: which of a table's columns are read.
    /// - Throws: `FoldinError` of kind `missingInput`, or `badData` for a file of another kind than text.
    init(_ path: String, pieceSize: Int = 32 << 20, columns: @escaping @Sendable ([String]) -> Set<String> = { Set($0) }) throws {
        self.path = path
        self.pieceSize = pieceSize
        self.columns = columns
        table = try TableFile(path)
        files = try (table?.files ?? [path]).map { try MappedFile(contentsOf: $0) }
        if table == nil { try files[0].withBytes { try FileSignature.refuse($0, file: path) } }
    }

    /// The files with their checksums.
    func sources(format: String) -> [PreparationRecord.Source] {
        let name = (path as NSString).lastPathComponent
        return files.map { file in
            let inside = file.path == path ? "" : file.path.dropFirst(path.count).drop { $0 == "/" }
            return PreparationRecord.Source(
                name: inside.isEmpty ? name : "\(name)/\(inside)", sha256: file.withBytes(Checksum.sha256), format: format)
        }
    }

    /// Calls `body` with stretches of whole lines in order, without a byte order mark. Every stretch ends in a newline, which
    /// is added to a last line that has none.
    func forEachStretch(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var isFirst = true
        func give(_ stretch: UnsafeRawBufferPointer) throws {
            let hasMark = isFirst && stretch.starts(with: [0xEF, 0xBB, 0xBF])
            isFirst = false
            let rest = UnsafeRawBufferPointer(rebasing: stretch.dropFirst(hasMark ? 3 : 0))
            if !rest.isEmpty { try body(rest) }
        }
        if let table {
            let engine = try DuckDB(for: table.kind, path: path)
            let readable = try engine.columns(of: table).filter(\.isReadable)
            let names = columns(readable.map(\.name))
            let selected = readable.filter { names.contains($0.name) }
            guard !selected.isEmpty else {
                throw FoldinError(
                    .badData, file: path, found: "a table without columns that can be read", expected: "users and items")
            }
            return try engine.rows(of: table, selected).forEachStretch(pieceSize: pieceSize, path: path, give)
        }
        try files[0].withBytes { bytes in
            if GzipStream.isGzip(bytes) {
                try GzipStream(bytes, path: path).forEachStretch(pieceSize: pieceSize, path: path, give)
            } else {
                try forEachMapped(bytes, give)
            }
        }
    }

    private func forEachMapped(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var whole = (bytes.lastIndex(of: 10) ?? -1) + 1
        // A small file is one stretch, so that all its lines are evidence for its layout.
        if whole < bytes.count, bytes.count <= 1 << 20 { whole = 0 }
        if whole > 0 { try body(UnsafeRawBufferPointer(rebasing: bytes[..<whole])) }
        if whole < bytes.count {
            let last = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count - whole + 1, alignment: 1)
            defer { last.deallocate() }
            last.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[whole...]))
            last[last.count - 1] = 10
            try body(UnsafeRawBufferPointer(last))
        }
    }
}

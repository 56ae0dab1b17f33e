import FoldinInteractions
import FoldinSupport

/// The bytes of a file, decompressed if necessary, in stretches of whole lines.
struct LineSource {
    let file: MappedFile
    let isCompressed: Bool
    /// The number of bytes of a compressed file that are decompressed at a time; a line may not be longer.
    let pieceSize: Int

    init(_ file: MappedFile, pieceSize: Int = 32 << 20) {
        self.file = file
        self.pieceSize = pieceSize
        self.isCompressed = file.withBytes(GzipStream.isGzip)
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
        try file.withBytes { bytes in
            try isCompressed ? forEachDecompressed(bytes, give) : forEachMapped(bytes, give)
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

    private func forEachDecompressed(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let stream = try GzipStream(bytes, path: file.path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize + 1, alignment: 16)
        defer { buffer.deallocate() }
        var kept = 0
        while true {
            let free = UnsafeMutableRawBufferPointer(rebasing: buffer[kept..<pieceSize])
            var count = kept + (try stream.read(into: free))
            let isLast = count < pieceSize
            if isLast, count > 0, buffer[count - 1] != 10 {
                buffer[count] = 10
                count += 1
            }
            let filled = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            guard let end = filled.lastIndex(of: 10) else {
                if isLast { return }
                throw FoldinError(
                    .badData, file: file.path, found: "a line of more than \(pieceSize) bytes", expected: "shorter lines")
            }
            try body(UnsafeRawBufferPointer(rebasing: filled[...end]))
            if isLast { return }
            kept = count - (end + 1)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: filled[(end + 1)...]))
        }
    }
}

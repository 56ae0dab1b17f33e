import Foundation

/// Bytes that come piece by piece.
package protocol ByteStream {
    /// Fills `target` with the next bytes and returns how many; fewer than its size only at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteStream {
    /// Calls `body` with stretches of whole lines in order; a newline is added to a last line that has none.
    ///
    /// - Parameters:
    ///   - pieceSize: the bytes in memory at a time; a line may not be longer.
    ///   - path: the file, for messages.
    ///   - body: called with each stretch.
    /// - Throws: what `read(into:)` and `body` throw, and `FoldinError` of kind `badData` for a longer line.
    package func forEachStretch(pieceSize: Int, path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize + 1, alignment: 16)
        defer { buffer.deallocate() }
        var kept = 0
        while true {
            let free = UnsafeMutableRawBufferPointer(rebasing: buffer[kept..<pieceSize])
            var count = kept + (try read(into: free))
            let isLast = count < pieceSize
            if isLast, count > 0, buffer[count - 1] != 10 {
                buffer[count] = 10
                count += 1
            }
            let filled = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            guard let end = filled.lastIndex(of: 10) else {
                if isLast { return }
                throw FoldinError(
                    .badData, file: path, found: "a line of more than \(pieceSize) bytes", expected: "shorter lines")
            }
            try body(UnsafeRawBufferPointer(rebasing: filled[...end]))
            if isLast { return }
            kept = count - (end + 1)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: filled[(end + 1)...]))
        }
    }
}

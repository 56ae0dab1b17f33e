import CZlib
import FoldinInteractions
import FoldinSupport

/// Decompresses a gzip file piece by piece.
final class GzipStream: ByteStream {
    private let path: String
    private let bytes: UnsafeRawBufferPointer
    private var stream = z_stream()
    private var position = 0
    private var isInsideMember = false

    /// Whether `bytes` begin as a gzip file does.
    static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B }

    /// A stream over `bytes`, which must outlive it. `path` is for messages.
    init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
        self.bytes = bytes
        self.path = path
        let windowBits: Int32 = 15 + 16  // gzip headers and checksums
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw FoldinError(.badData, file: path, found: "no memory to decompress it", expected: "a few hundred kilobytes")
        }
    }

    deinit { inflateEnd(&stream) }

    /// Fills `target` with the next bytes and returns how many; fewer than its size only at the end of the file.
    ///
    /// Throws `FoldinError` of kind `badData` if the file is damaged or ends too soon.
    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < target.count {
            if !isInsideMember {
                guard try beginMember() else { break }
            }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...].prefix(1 << 30))
            let free = UnsafeMutableRawBufferPointer(rebasing: target[filled...].prefix(1 << 30))
            stream.next_in = UnsafeMutablePointer(mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(rest.count)
            stream.next_out = free.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(free.count)
            let status = inflate(&stream, Z_NO_FLUSH)
            let taken = rest.count - Int(stream.avail_in)
            let given = free.count - Int(stream.avail_out)
            position += taken
            filled += given
            switch status {
            case Z_STREAM_END: isInsideMember = false
            case Z_OK, Z_BUF_ERROR:
                if taken == 0 && given == 0 || position == bytes.count && stream.avail_out > 0 {
                    throw error("a gzip file that ends too soon (truncated)")
                }
            default: throw error("damaged gzip data near byte \(position)")
            }
        }
        return filled
    }

    /// Whether another compressed member begins here. Zero bytes at the end are padding.
    private func beginMember() throws -> Bool {
        let rest = bytes[position...]
        if rest.allSatisfy({ $0 == 0 }) { return false }
        guard GzipStream.isGzip(UnsafeRawBufferPointer(rebasing: rest)) else {
            throw error("something else after the gzip data, at byte \(position)")
        }
        inflateReset(&stream)
        isInsideMember = true
        return true
    }

    private func error(_ found: String) -> FoldinError {
        FoldinError(.badData, file: path, found: found, expected: "a whole gzip file")
    }
}

import FoldinKernels
import FoldinSupport
import Foundation

/// The text of each user index and each item index with the separator after it, in eight bytes each. Rows are formatted by copying these.
struct RowText: Sendable {
    /// The smallest index that does not fit in eight bytes.
    private static let bound = 10_000_000

    private let users: [UInt64]
    private let items: [UInt64]

    init(users: Int, items: Int) {
        self.users = Self.slots(users, ",")
        self.items = Self.slots(items, "\n")
    }

    /// The decimal digits of each number and the separator `last`; the first byte is the lowest.
    private static func slots(_ count: Int, _ last: Unicode.Scalar) -> [UInt64] {
        (0..<min(count, bound)).map { number in
            var slot = UInt64(last.value)
            var rest = number
            repeat {
                slot = slot << 8 | UInt64(48 + rest % 10)
                rest /= 10
            } while rest > 0
            return slot
        }
    }

    /// Writes the lines of `rows` of a part to `start` and returns their end. Needs a buffer of 22 bytes per row; bytes after the end may be
    /// overwritten.
    func write(_ part: PreparedRows.Part, _ rows: Range<Int>, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        var end = start
        users.withUnsafeBufferPointer { users in
            items.withUnsafeBufferPointer { items in
                for row in rows {
                    Self.append(part.users[row], users, UInt8(ascii: ","), &end)
                    Self.append(part.items[row], items, UInt8(ascii: "\n"), &end)
                }
            }
        }
        return end
    }

    @inline(__always)
    private static func append(
        _ number: Int32, _ slots: UnsafeBufferPointer<UInt64>, _ last: UInt8, _ end: inout UnsafeMutableRawPointer
    ) {
        guard Int(number) < slots.count else {
            for byte in String(number).utf8 + [last] {
                end.storeBytes(of: byte, as: UInt8.self)
                end += 1
            }
            return
        }
        let slot = slots[Int(number)]
        end.storeBytes(of: slot.littleEndian, as: UInt64.self)
        end += 8 - slot.leadingZeroBitCount / 8
    }
}

extension PreparedRows.Part {
    /// Writes the header `user,item` and one line per row. `workers` format pieces of rows, eight pieces per worker at a time.
    func write(to path: String, _ text: RowText, workers: Workers) throws {
        let size = 1 << 15
        let buffers = UnsafeMutablePointer<UInt8>.allocate(capacity: 8 * workers.count * size * 22)
        defer { buffers.deallocate() }
        try AtomicFile.write(to: path) { sink in
            try Array("user,item\n".utf8).withUnsafeBytes { try sink.write($0) }
            for start in stride(from: 0, to: count, by: 8 * workers.count * size) {
                let rows = start..<min(count, start + 8 * workers.count * size)
                // Each piece writes to its own buffer only.
                let texts = workers.map((rows.count + size - 1) / size) { piece, _ in
                    let first = buffers + piece * size * 22
                    let rows = start + piece * size..<min(rows.upperBound, start + (piece + 1) * size)
                    return SendableBytes(
                        bytes: UnsafeRawBufferPointer(
                            start: first, count: text.write(self, rows, at: first) - UnsafeMutableRawPointer(first)))
                }
                for text in texts { try sink.write(text.bytes) }
            }
        }
    }

    /// Bytes that one task writes and that are read after it has ended; therefore sendable.
    private struct SendableBytes: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
    }
}

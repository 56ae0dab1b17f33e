import Foundation

/// Which whole numbers below a bound are users and items of the rows read so far: one byte for each, 1 if it was found.
///
/// - Note: `@unchecked Sendable`: while rows are read, threads share the marks through `foldin_read_numbers` alone, whose accesses are
///   atomic; `users` and `items` are read after all rows. The memory lives as long as the object.
final class SeenNumbers: @unchecked Sendable {
    /// A row with a number of this size or more does not have the fixed layout. A multiple of 8.
    let bound: Int
    let userMarks: UnsafeMutablePointer<UInt8>
    let itemMarks: UnsafeMutablePointer<UInt8>

    /// No numbers. The bound grows with the size of the file, `byteCount`, so that small files need little memory.
    init(byteCount: Int) {
        bound = min(IdTable.smallBound, byteCount / 8 * 8 + 8)
        // The system clears each page when it is first used.
        guard let memory = calloc(2 * bound, 1) else { preconditionFailure("out of memory: \(2 * bound) bytes were requested") }
        userMarks = memory.bindMemory(to: UInt8.self, capacity: 2 * bound)
        itemMarks = userMarks + bound
    }

    deinit { free(userMarks) }

    /// The users found, ascending.
    var users: [UInt32] { marked(userMarks) }
    /// The items found, ascending.
    var items: [UInt32] { marked(itemMarks) }

    private func marked(_ marks: UnsafePointer<UInt8>) -> [UInt32] {
        var numbers: [UInt32] = []
        for start in stride(from: 0, to: bound, by: 8) {
            var word = UInt64(littleEndian: UnsafeRawPointer(marks + start).load(as: UInt64.self))
            while word != 0 {
                numbers.append(UInt32(start + word.trailingZeroBitCount / 8))
                word &= word - 1
            }
        }
        return numbers
    }
}

import Foundation

/// Which whole numbers below a bound are users and items of the rows read so far: a byte for each, 1 where it was met.
///
/// - Note: `@unchecked Sendable`: while rows are read, threads share the marks through `foldin_read_numbers` alone, whose accesses are
///   atomic; `users` and `items` are asked for when all are done. The memory lives as long as the object.
final class SeenNumbers: @unchecked Sendable {
    /// A row with a greater number counts as unusual. A multiple of 8.
    let bound: Int
    let userMarks: UnsafeMutablePointer<UInt8>
    let itemMarks: UnsafeMutablePointer<UInt8>

    /// None so far. No more to look through than a file of `byteCount` bytes is worth.
    init(byteCount: Int) {
        bound = min(IdTable.smallBound, byteCount / 8 * 8 + 8)
        // Cleared by the system, and only where it is touched.
        guard let memory = calloc(2 * bound, 1) else { preconditionFailure("out of memory: \(2 * bound) bytes were asked for") }
        userMarks = memory.bindMemory(to: UInt8.self, capacity: 2 * bound)
        itemMarks = userMarks + bound
    }

    deinit { free(userMarks) }

    /// The users met, ascending.
    var users: [UInt32] { marked(userMarks) }
    /// The items met, ascending.
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

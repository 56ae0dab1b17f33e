import CFoldinKernels
import FoldinKernels

/// Rows in columns: room for a fixed number of users, items and ratings side by side, on huge pages where the system gives them.
///
/// - Note: `@unchecked Sendable`: one task fills an object before it is handed on; afterwards only `RatingsReader.columns` writes, one task
///   an object, before the columns become part of `Ratings`, which only reads them. The memory lives as long as the object.
final class RowColumns: @unchecked Sendable {
    let users: UnsafeMutablePointer<UInt32>
    let items: UnsafeMutablePointer<UInt32>
    let ratings: UnsafeMutablePointer<Float>
    let room: Int
    /// How many rows are filled.
    var count = 0
    private let memory: FloatBuffer

    init(room: Int) {
        self.room = room
        memory = FloatBuffer(count: 3 * room)
        ratings = memory.pointer
        // Parts of their own, seen through these pointers only; a code takes as much room as a float.
        users = UnsafeMutableRawPointer(memory.pointer + room).bindMemory(to: UInt32.self, capacity: room)
        items = UnsafeMutableRawPointer(memory.pointer + 2 * room).bindMemory(to: UInt32.self, capacity: room)
    }

    /// The rows of a block read with care; without ratings if it has none.
    convenience init(_ block: RatingsBlock) {
        self.init(room: block.users.count)
        count = room
        block.users.withUnsafeBufferPointer { if let base = $0.baseAddress { users.update(from: base, count: room) } }
        block.items.withUnsafeBufferPointer { if let base = $0.baseAddress { items.update(from: base, count: room) } }
        block.ratings.withUnsafeBufferPointer { if let base = $0.baseAddress { ratings.update(from: base, count: $0.count) } }
    }

    /// Replaces each code by what stands for it in `userCodes` and `itemCodes`.
    func renumber(_ userCodes: [UInt32], _ itemCodes: [UInt32]) {
        userCodes.withUnsafeBufferPointer { codes in for row in 0..<count { users[row] = codes[Int(users[row])] } }
        itemCodes.withUnsafeBufferPointer { codes in for row in 0..<count { items[row] = codes[Int(items[row])] } }
    }
}

/// The rows at the start of a stretch whose ids are small whole numbers, which stand for themselves; see `foldin_read_numbers`.
struct NumberRows: Sendable {
    let columns: RowColumns
    /// The different numbers that are users and items, ascending.
    let users: [UInt32]
    let items: [UInt32]

    /// Reads from `place` on until a row is unusual, and moves there. The stretch ends in a newline. The result does not depend on `portable`.
    init(
        _ place: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, delimiter: UInt8, hasFourth: Bool, portable: Bool = false
    ) {
        // As many rows as the beginning lets expect; the rest is read in further rounds if they are more.
        let sample = UnsafeBufferPointer(start: place, count: min(end - place, 1 << 14))
        let lines = sample.count { $0 == 10 }
        var columns = RowColumns(room: 1_024 + (end - place) * lines * 33 / (32 * max(1, sample.count)))
        // No more to clear and to look through than there is to read; a row with a greater id counts as unusual.
        let bound = min(IdTable.smallBound, (end - place) / 8 * 8)
        let seen = UnsafeMutablePointer<UInt64>.allocate(capacity: bound / 4)
        seen.initialize(repeating: 0, count: bound / 4)
        defer { seen.deallocate() }
        let marks = UnsafeMutableRawPointer(seen).assumingMemoryBound(to: UInt8.self)
        while true {
            let count = columns.count
            let rows = foldin_number_rows(
                users: columns.users + count, items: columns.items + count, ratings: columns.ratings + count,
                room: columns.room - count, seen_users: marks, seen_items: marks + bound, bound: UInt32(bound))
            columns.count += foldin_read_numbers(&place, end, delimiter, hasFourth, rows, portable)
            if columns.count < columns.room || place == end { break }
            columns = RowColumns(columns, room: 2 * columns.room)
        }
        self.columns = columns
        users = Self.marked(seen, bound)
        items = Self.marked(seen + bound / 8, bound)
    }

    /// Which of `bound` bytes are not 0.
    private static func marked(_ words: UnsafePointer<UInt64>, _ bound: Int) -> [UInt32] {
        var numbers: [UInt32] = []
        for place in 0..<bound / 8 where words[place] != 0 {
            var word = UInt64(littleEndian: words[place])
            while word != 0 {
                numbers.append(UInt32(place * 8 + word.trailingZeroBitCount / 8))
                word &= word - 1
            }
        }
        return numbers
    }
}

extension RowColumns {
    /// The same rows with more room.
    convenience init(_ other: RowColumns, room: Int) {
        self.init(room: room)
        count = other.count
        users.update(from: other.users, count: count)
        items.update(from: other.items, count: count)
        ratings.update(from: other.ratings, count: count)
    }
}

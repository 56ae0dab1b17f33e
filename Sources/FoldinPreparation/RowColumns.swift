import CFoldinKernels
import FoldinKernels

/// Rows in columns: users as runs of rows, items, and ratings as floats or, where all are usual, as tenths in a byte; on huge pages
/// where the system gives them. A usual file takes 5 bytes a row in the order of its users and up to 13 in any other. Memory that is
/// touched for the first time is what reading costs most after the parsing itself.
///
/// - Note: `@unchecked Sendable`: one task fills an object before it is handed on; afterwards only `RatingsReader.columns` writes, one task
///   an object, before the columns become part of `Ratings`, which only reads them. The memory lives as long as the object.
final class RowColumns: @unchecked Sendable {
    let items: UnsafeMutablePointer<UInt32>
    /// One of the two is there.
    let ratings: UnsafeMutablePointer<Float>?
    let tenths: UnsafeMutablePointer<UInt8>?
    /// The user of each run, and its first row.
    let runs: UnsafeMutablePointer<foldin_run>
    let room: Int
    /// How many rows, and runs of them, are filled.
    fileprivate(set) var count = 0
    fileprivate(set) var runCount = 0
    private let memory: FloatBuffer

    init(room: Int, inTenths: Bool) {
        self.room = room
        let ratingRoom = inTenths ? (room + 3) / 4 : room
        memory = FloatBuffer(count: 3 * room + ratingRoom, filled: room + ratingRoom)
        // Parts of their own, seen through these pointers only. What is mostly short stands last: pages not touched take no memory.
        items = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: UInt32.self, capacity: room)
        let second = memory.pointer + room
        ratings = inTenths ? nil : second
        tenths = inTenths ? UnsafeMutableRawPointer(second).bindMemory(to: UInt8.self, capacity: room) : nil
        runs = UnsafeMutableRawPointer(second + ratingRoom).bindMemory(to: foldin_run.self, capacity: room)
    }

    /// The rows of a block read with care; without ratings if it has none.
    convenience init(_ block: RatingsBlock) {
        self.init(room: block.users.count, inTenths: false)
        count = room
        for (row, user) in block.users.enumerated() where row == 0 || user != block.users[row - 1] {
            runs[runCount] = foldin_run(user: user, start: UInt32(row))
            runCount += 1
        }
        block.items.withUnsafeBufferPointer { if let base = $0.baseAddress { items.update(from: base, count: room) } }
        block.ratings.withUnsafeBufferPointer { if let base = $0.baseAddress { ratings?.update(from: base, count: $0.count) } }
    }

    /// The rows as the C loops take them; ratings only where they matter.
    func rated(_ hasThreshold: Bool) -> foldin_rated_rows {
        foldin_rated_rows(
            count: count, items: items, runs: runs, run_count: runCount,
            ratings: hasThreshold ? ratings.map { UnsafePointer($0) } : nil,
            tenths: hasThreshold ? tenths.map { UnsafePointer($0) } : nil)
    }

    /// The rows of a run.
    func rows(ofRun run: Int) -> Range<Int> {
        Int(runs[run].start)..<(run + 1 < runCount ? Int(runs[run + 1].start) : count)
    }

    func rating(_ row: Int) -> Float { tenths.map { Float($0[row]) / 10 } ?? ratings?[row] ?? 0 }

    /// Replaces each code by what stands for it in `userCodes` and `itemCodes`.
    func renumber(_ userCodes: [UInt32], _ itemCodes: [UInt32]) {
        userCodes.withUnsafeBufferPointer { codes in for run in 0..<runCount { runs[run].user = codes[Int(runs[run].user)] } }
        itemCodes.withUnsafeBufferPointer { codes in for row in 0..<count { items[row] = codes[Int(items[row])] } }
    }
}

/// The rows at the start of a stretch whose ids are small whole numbers, which stand for themselves; see `foldin_read_numbers`.
struct NumberRows: Sendable {
    let columns: RowColumns
    /// The different numbers that are users and items, ascending.
    let users: [UInt32]
    let items: [UInt32]

    /// The variants that this processor can run, the fastest last.
    static let variants = (0..<Int32(FOLDIN_NUMBER_ROWS_VARIANTS.rawValue)).filter { foldin_number_rows_has($0) }
    static let fastest = variants.last ?? 0

    /// Reads from `place` on until a row is unusual, and moves there. The stretch ends in a newline. The result does not depend on
    /// the variant of `foldin_read_numbers`.
    init(
        _ place: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, delimiter: UInt8, hasFourth: Bool,
        variant: Int32 = fastest
    ) {
        // As many rows as the beginning lets expect; the rest is read in further rounds if they are more.
        let sample = UnsafeBufferPointer(start: place, count: min(end - place, 1 << 14))
        let lines = sample.count { $0 == 10 }
        var columns = RowColumns(room: 1_024 + (end - place) * lines * 33 / (32 * max(1, sample.count)), inTenths: true)
        // No more to clear and to look through than there is to read; a row with a greater id counts as unusual.
        let bound = min(IdTable.smallBound, (end - place) / 8 * 8)
        let seen = UnsafeMutablePointer<UInt64>.allocate(capacity: bound / 4)
        seen.initialize(repeating: 0, count: bound / 4)
        defer { seen.deallocate() }
        let marks = UnsafeMutableRawPointer(seen).assumingMemoryBound(to: UInt8.self)
        while let tenths = columns.tenths {
            var rows = foldin_number_rows(
                items: columns.items, tenths: tenths, count: columns.count, room: columns.room, runs: columns.runs,
                run_count: columns.runCount, seen_users: marks, seen_items: marks + bound, bound: UInt32(bound))
            foldin_read_numbers(variant, &place, end, delimiter, hasFourth, &rows)
            (columns.count, columns.runCount) = (rows.count, rows.run_count)
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
    /// The same rows in tenths, with more room.
    fileprivate convenience init(_ other: RowColumns, room: Int) {
        self.init(room: room, inTenths: true)
        (count, runCount) = (other.count, other.runCount)
        items.update(from: other.items, count: count)
        if let tenths, let others = other.tenths { tenths.update(from: others, count: count) }
        runs.update(from: other.runs, count: runCount)
    }
}

import CFoldinKernels
import FoldinKernels

/// Rows in columns: users as runs of rows, and items with ratings beside them or, where all are usual, in the same words; on huge pages
/// where the system gives them. A usual file takes 4 bytes a row in the order of its users and up to 12 in any other; ratings beside
/// items take 4 more. Memory that is touched for the first time is what reading costs most after the parsing itself.
///
/// - Note: `@unchecked Sendable`: one task fills an object before it is handed on; afterwards it is only read. The memory lives as long as the
///   object.
final class RowColumns: @unchecked Sendable {
    /// Items, or rated items (`foldin_number_rows`) where there are no `ratings`.
    let items: UnsafeMutablePointer<UInt32>
    let ratings: UnsafeMutablePointer<Float>?
    /// The user of each run, and its first row.
    let runs: UnsafeMutablePointer<foldin_run>
    let room: Int
    /// How many rows, and runs of them, are filled.
    private(set) var count = 0
    private(set) var runCount = 0
    private let memory: FloatBuffer

    /// Room for rated items or, apart, items and ratings.
    init(room: Int, apart: Bool) {
        self.room = room
        let filled = apart ? 2 * room : room
        memory = FloatBuffer(count: filled + 2 * room, filled: filled)
        // Parts of their own, seen through these pointers only. What is mostly short stands last: pages not touched take no memory.
        items = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: UInt32.self, capacity: room)
        ratings = apart ? memory.pointer + room : nil
        runs = UnsafeMutableRawPointer(memory.pointer + filled).bindMemory(to: foldin_run.self, capacity: room)
    }

    /// The rows of a block read with care; ratings are 0 if it has none.
    convenience init(_ block: RatingsBlock) {
        self.init(room: block.users.count, apart: true)
        count = room
        for (row, user) in block.users.enumerated() where row == 0 || user != block.users[row - 1] {
            runs[runCount] = foldin_run(user: user, start: UInt32(row))
            runCount += 1
        }
        block.items.withUnsafeBufferPointer { if let base = $0.baseAddress { items.update(from: base, count: room) } }
        block.ratings.withUnsafeBufferPointer { if let base = $0.baseAddress { ratings?.update(from: base, count: $0.count) } }
    }

    /// The rows of a run.
    func rows(ofRun run: Int) -> Range<Int> {
        Int(runs[run].start)..<(run + 1 < runCount ? Int(runs[run + 1].start) : count)
    }

    /// The user of each run.
    var users: [UInt32] { (0..<runCount).map { runs[$0].user } }

    func item(_ row: Int) -> UInt32 { ratings == nil ? items[row] & UInt32(FOLDIN_ITEM_MASK) : items[row] }
    func rating(_ row: Int) -> Float { ratings?[row] ?? Float(items[row] >> FOLDIN_ITEM_BITS) / 10 }
}

extension RowColumns {
    /// The instruction sets of `foldin_read_numbers` that this processor has, the fastest last.
    static let instructionSets = [FOLDIN_PORTABLE, FOLDIN_AVX2, FOLDIN_AVX512_VBMI2].filter { Processor.has($0) }.map {
        Int32($0.rawValue)
    }
    static let fastest = instructionSets.last ?? 0

    /// Reads rows whose ids are small whole numbers, which stand for themselves, from `place` on until one is unusual, and moves there;
    /// see `foldin_read_numbers`. The stretch ends in a newline. The result does not depend on the instruction set.
    static func ofNumbers(
        at place: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, delimiter: UInt8, hasFourth: Bool, seen: SeenNumbers,
        instructionSet: Int32 = fastest
    ) -> RowColumns {
        // As many rows as the beginning lets expect; the rest is read in further rounds if they are more.
        let sample = UnsafeBufferPointer(start: place, count: min(end - place, 1 << 14))
        let lines = sample.count { $0 == 10 }
        var columns = RowColumns(room: 1_024 + (end - place) * lines * 33 / (32 * max(1, sample.count)), apart: false)
        while true {
            var rows = foldin_number_rows(
                rated_items: columns.items, count: columns.count, capacity: columns.room, runs: columns.runs,
                run_count: columns.runCount, seen_users: seen.userMarks, seen_items: seen.itemMarks, bound: UInt32(seen.bound))
            foldin_read_numbers(instructionSet, &place, end, delimiter, hasFourth, &rows)
            (columns.count, columns.runCount) = (rows.count, rows.run_count)
            if columns.count < columns.room || place == end { return columns }
            columns = RowColumns(columns, room: 2 * columns.room)
        }
    }

    /// The same rated items, with more room.
    private convenience init(_ other: RowColumns, room: Int) {
        self.init(room: room, apart: false)
        (count, runCount) = (other.count, other.runCount)
        items.update(from: other.items, count: count)
        runs.update(from: other.runs, count: runCount)
    }
}

import CFoldinKernels
import FoldinKernels

/// Rows in columns: users as runs of rows, and items and ratings in two columns or, if all rows have the fixed layout, packed into one
/// word; in huge pages if the system provides them. A packed row takes 4 bytes if the file is ordered by user and up to 12 otherwise;
/// separate ratings take 4 more. After parsing itself, the first use of memory is the largest cost of reading.
///
/// - Note: `@unchecked Sendable`: one task fills an object before others see it; afterwards it is only read. The memory lives as long as the
///   object.
final class RowColumns: @unchecked Sendable {
    /// Items, or items packed with ratings (`foldin_number_rows`) if `ratings` is nil.
    let items: UnsafeMutablePointer<UInt32>
    let ratings: UnsafeMutablePointer<Float>?
    /// The user of each run, and its first row.
    let runs: UnsafeMutablePointer<foldin_run>
    /// The number of rows that fit.
    let capacity: Int
    /// The number of rows, and of runs, that are filled.
    private(set) var count = 0
    private(set) var runCount = 0
    private let memory: FloatBuffer

    /// Columns for `capacity` rows, with items and ratings separate or packed.
    init(capacity: Int, areRatingsSeparate: Bool) {
        self.capacity = capacity
        let filled = areRatingsSeparate ? 2 * capacity : capacity
        memory = FloatBuffer(count: filled + 2 * capacity, filled: filled)
        // Separate parts, used through these pointers only. The runs, mostly few, are last: pages that are not used take no memory.
        items = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: UInt32.self, capacity: capacity)
        ratings = areRatingsSeparate ? memory.pointer + capacity : nil
        runs = UnsafeMutableRawPointer(memory.pointer + filled).bindMemory(to: foldin_run.self, capacity: capacity)
    }

    /// The rows of a block without the fixed layout; ratings are 0 if it has none.
    convenience init(_ block: RatingsBlock) {
        self.init(capacity: block.users.count, areRatingsSeparate: true)
        count = capacity
        for (row, user) in block.users.enumerated() where row == 0 || user != block.users[row - 1] {
            runs[runCount] = foldin_run(user: user, start: UInt32(row))
            runCount += 1
        }
        block.items.withUnsafeBufferPointer { if let base = $0.baseAddress { items.update(from: base, count: capacity) } }
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

    /// Reads rows of fixed layout from `place` on, whose ids are small whole numbers and their own codes, and moves `place` to the first other
    /// row; see `foldin_read_numbers`. The stretch ends in a newline. The result does not depend on the instruction set.
    static func ofNumbers(
        at place: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, delimiter: UInt8, hasFourth: Bool, seen: SeenNumbers,
        instructionSet: Int32 = fastest
    ) -> RowColumns {
        // The capacity is estimated by the beginning of the file, and doubled if there are more rows.
        let sample = UnsafeBufferPointer(start: place, count: min(end - place, 1 << 14))
        let lines = sample.count { $0 == 10 }
        var columns = RowColumns(
            capacity: 1_024 + (end - place) * lines * 33 / (32 * max(1, sample.count)), areRatingsSeparate: false)
        while true {
            var rows = foldin_number_rows(
                rated_items: columns.items, count: columns.count, capacity: columns.capacity, runs: columns.runs,
                run_count: columns.runCount, seen_users: seen.userMarks, seen_items: seen.itemMarks, bound: UInt32(seen.bound))
            foldin_read_numbers(instructionSet, &place, end, delimiter, hasFourth, &rows)
            (columns.count, columns.runCount) = (rows.count, rows.run_count)
            if columns.count < columns.capacity || place == end { return columns }
            columns = RowColumns(columns, capacity: 2 * columns.capacity)
        }
    }

    /// The packed rows of `other` with a larger capacity.
    private convenience init(_ other: RowColumns, capacity: Int) {
        self.init(capacity: capacity, areRatingsSeparate: false)
        (count, runCount) = (other.count, other.runCount)
        items.update(from: other.items, count: count)
        runs.update(from: other.runs, count: runCount)
    }
}

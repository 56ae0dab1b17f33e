import FoldinInteractions

/// The rows parsed from one stretch of whole lines, with ids numbered by tables of its own.
///
/// Stretches are parsed apart from each other and merged in order, so that the result is the same for any number of threads.
struct RatingsBlock: Sendable {
    var users: [UInt32] = []
    var items: [UInt32] = []
    /// Empty if the format has no rating.
    var ratings: [Float] = []
    /// Empty unless asked for.
    var timestamps: [Int64] = []
    var userIds = IdTable()
    var itemIds = IdTable()
    /// All rows of the block if each is usual; then the other columns and tables are empty.
    var numbers: RowColumns?
    /// The numbers met in usual rows of the file.
    let seen: SeenNumbers
    /// How many lines were read; with a fault, the lines up to and including the faulty one.
    var lineCount = 0
    /// What is wrong in line `lineCount` of the block.
    var fault: RowFault?
    /// Malformed rows that were passed over, and their lines in the block.
    var badRows: [(line: Int, fault: RowFault)] = []
    /// Rows that a filter of values left out.
    var notKept = 0
    /// The user of each line of a list, where it is to be checked that each has one line.
    var listUsers: [(user: UInt32, line: Int)] = []
    /// Where a row begins that the end of the block cuts inside quotes. Neither it nor its lines are counted.
    var openRow: Int?

    init(seen: SeenNumbers) { self.seen = seen }

    /// The number of rows.
    var count: Int { numbers?.count ?? users.count }

    /// Passes over a malformed row that ends line `lineCount`; throws it if `limit` were passed over already.
    mutating func pass(over fault: RowFault, limit: Int) throws(RowFault) {
        guard badRows.count < limit else { throw fault }
        badRows.append((lineCount, fault))
    }

    /// Puts rows of numbers first, with codes of the block's tables, for other rows to follow.
    mutating func take(_ numbers: RowColumns) {
        for run in 0..<numbers.runCount {
            let user = userIds.code(ofNumber: numbers.runs[run].user)
            for row in numbers.rows(ofRun: run) {
                users.append(user)
                items.append(itemIds.code(ofNumber: numbers.item(row)))
                ratings.append(numbers.rating(row))
            }
        }
        lineCount += numbers.count
    }
}

/// What is wrong with a row: what was found and what was expected. The place is added by whoever knows it.
struct RowFault: Error, Sendable, Equatable {
    let found: String
    let expected: String
    /// Whether the rows end before a quote is closed; what follows may close it.
    var isOpenQuote = false

    /// Describes bytes found in a row, shortened.
    init(bytes: some Sequence<UInt8>, expected: String) {
        let text = String(decoding: Array(bytes.prefix(60)), as: UTF8.self)
        self.init(found: "'\(text)'", expected: expected)
    }

    init(found: String, expected: String) {
        self.found = found
        self.expected = expected
    }

    func error(file: String, line: Int) -> FoldinError {
        FoldinError(.badData, file: file, line: line, found: found, expected: expected)
    }
}

/// Reads stretches of whole lines of one file.
protocol RowParser: Sendable {
    /// Parses all of `block`, whose last byte is a newline, into `rows`. A row may go on after the block unless it `isLast`.
    ///
    /// Counts lines in `rows.lineCount`, also when it throws.
    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault)

    /// Where a block may end that is to end at `aim` or later: after a newline, or at the end of `stretch`.
    func blockEnd(in stretch: UnsafeRawBufferPointer, from aim: Int) -> Int

    /// How many bytes of `stretch` are rows that do not depend on what follows; the rest is read with it.
    func wholeRows(of stretch: UnsafeRawBufferPointer) -> Int

    /// Whether rows have a rating.
    var hasRatings: Bool { get }
    /// How the file was taken, for people: what separates columns, and which column is what.
    var layout: String { get }
    var options: ReadingOptions { get }
    /// Whether times are dates, read as milliseconds.
    var usesCalendar: Bool { get }
}

extension RowParser {
    func blockEnd(in stretch: UnsafeRawBufferPointer, from aim: Int) -> Int {
        stretch[aim...].firstIndex(of: 10).map { $0 + 1 } ?? stretch.count
    }

    func wholeRows(of stretch: UnsafeRawBufferPointer) -> Int { stretch.count }

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool = false, seen: SeenNumbers) -> RatingsBlock {
        var rows = RatingsBlock(seen: seen)
        do {
            try parse(block, isLast: isLast, into: &rows)
        } catch {
            rows.fault = error
        }
        return rows
    }

    /// Calls `body` with each line of `block`, without its line end, that is not blank; counts lines, and passes over malformed rows as
    /// far as the options let.
    func forEachLine(
        of block: UnsafeRawBufferPointer, _ rows: inout RatingsBlock,
        _ body: (UnsafeRawBufferPointer, inout RatingsBlock) throws(RowFault) -> Void
    ) throws(RowFault) {
        var place = 0
        while place < block.count {
            let end = block[place...].firstIndex(of: 10) ?? block.count
            rows.lineCount += 1
            var line = UnsafeRawBufferPointer(rebasing: block[place..<end])
            place = end + 1
            if line.last == 13 { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            if line.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
            do throws(RowFault) {
                try body(line, &rows)
            } catch {
                try rows.pass(over: error, limit: options.badRowLimit)
            }
        }
    }
}

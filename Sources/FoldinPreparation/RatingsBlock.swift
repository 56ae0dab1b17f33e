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

    init(seen: SeenNumbers) { self.seen = seen }

    /// The number of rows.
    var count: Int { numbers?.count ?? users.count }

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
    /// Parses all of `block`, whose last byte is a newline, into `rows`.
    ///
    /// Counts lines in `rows.lineCount`, also when it throws.
    func parse(_ block: UnsafeRawBufferPointer, into rows: inout RatingsBlock) throws(RowFault)

    /// Whether rows have a rating.
    var hasRatings: Bool { get }
}

extension RowParser {
    func parse(_ block: UnsafeRawBufferPointer, seen: SeenNumbers) -> RatingsBlock {
        var rows = RatingsBlock(seen: seen)
        do {
            try parse(block, into: &rows)
        } catch {
            rows.fault = error
        }
        return rows
    }
}

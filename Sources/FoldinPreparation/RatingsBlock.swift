import FoldinInteractions

/// The rows that a ``RatingsParser`` reads from one block, with ids numbered by tables of the block.
///
/// Blocks are parsed independently and merged in order, so that the result is the same for any number of threads.
public struct RatingsBlock: Sendable {
    var users: [UInt32] = []
    var items: [UInt32] = []
    /// Empty if the format has no rating.
    var ratings: [Float] = []
    /// Empty unless times are read.
    var timestamps: [Int64] = []
    var userIds = IdTable()
    var itemIds = IdTable()
    /// All rows of the block if each has the fixed layout; then the other columns and tables are empty.
    var numbers: RowColumns?
    /// The ids found in rows of fixed layout anywhere in the file.
    let seen: SeenNumbers
    /// How many lines were read; with a fault, the lines up to and including the faulty one.
    var lineCount = 0
    /// What is wrong in line `lineCount` of the block.
    var fault: RowFault?
    /// Malformed rows that were skipped, and their lines in the block.
    var badRows: [(line: Int, fault: RowFault)] = []
    /// Rows that a filter of values left out.
    var notKept = 0
    /// The user of each line of a list, if each user must have one line only.
    var listUsers: [(user: UInt32, line: Int)] = []
    /// Where a row begins that the end of the block cuts inside quotes. The row and its lines are not counted.
    var openRow: Int?

    init(seen: SeenNumbers) { self.seen = seen }

    /// Appends a row with a user and an item as they are in the file.
    ///
    /// Either all rows have a rating or none, and either all have a time or none. Throws for an id that is empty, has a line break or is not
    /// valid in the encoding.
    public mutating func append(
        user: UnsafeRawBufferPointer, item: UnsafeRawBufferPointer, rating: Float? = nil, time: Int64? = nil,
        encoding: TextEncoding = .utf8
    ) throws(RowFault) {
        let userCode = try Field.code(of: user, encoding, &userIds, "a user")
        items.append(try Field.code(of: item, encoding, &itemIds, "an item"))
        users.append(userCode)
        if let rating { ratings.append(rating) }
        if let time { timestamps.append(time) }
    }

    /// The number of rows.
    var count: Int { numbers?.count ?? users.count }

    /// Skips a malformed row that ends in line `lineCount`; throws its fault if `limit` rows were skipped already.
    mutating func skip(_ fault: RowFault, limit: Int) throws(RowFault) {
        guard badRows.count < limit else { throw fault }
        badRows.append((lineCount, fault))
    }

    /// Appends rows of fixed layout to a block without rows, with codes of the block's tables.
    mutating func append(_ numbers: RowColumns) {
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

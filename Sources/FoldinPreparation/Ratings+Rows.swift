import FoldinInteractions
import FoldinKernels
import FoldinSupport

extension Ratings {
    /// Ratings from memory: each row has ids, and either all rows have a rating or none, and either all have a time or none.
    ///
    /// Throws `FoldinError` of kind `badData` if there are no rows, an id is empty or holds a line break, a rating is not finite, or some rows
    /// have a rating or a time and others have none.
    public init(rows: some Sequence<Row>, workers: Workers = Workers()) throws {
        var block = RatingsBlock(seen: SeenNumbers(byteCount: 0))
        for (place, row) in rows.enumerated() {
            do {
                var (user, item) = (row.user, row.item)
                let userCode = try user.withUTF8 { bytes throws(RowFault) in
                    try Field.code(of: UnsafeRawBufferPointer(bytes), .utf8, &block.userIds, "a user")
                }
                let itemCode = try item.withUTF8 { bytes throws(RowFault) in
                    try Field.code(of: UnsafeRawBufferPointer(bytes), .utf8, &block.itemIds, "an item")
                }
                block.users.append(userCode)
                block.items.append(itemCode)
                if let rating = row.rating {
                    guard rating.isFinite else { throw RowFault(found: "the rating \(rating)", expected: "a finite number") }
                    block.ratings.append(rating)
                }
                if let time = row.time { block.timestamps.append(time) }
                guard block.ratings.isEmpty || block.ratings.count == block.users.count,
                    block.timestamps.isEmpty || block.timestamps.count == block.users.count
                else { throw RowFault(found: "a rating or a time in some rows only", expected: "one in each row or in no row") }
            } catch let fault as RowFault {
                throw fault.error(file: "row", line: place + 1)
            }
        }
        guard block.count > 0 else { throw FoldinError(.badData, found: "no rows", expected: "at least one interaction") }
        try block.userIds.trimBlanks(file: "rows", kind: "user")
        try block.itemIds.trimBlanks(file: "rows", kind: "item")
        let codes = (Array(0..<UInt32(block.userIds.count)), Array(0..<UInt32(block.itemIds.count)))
        self.init(
            rows: [CodedRows(columns: RowColumns(block), codes: codes)], hasRatings: !block.ratings.isEmpty,
            timestamps: block.timestamps, usesCalendar: false, userIds: block.userIds, itemIds: block.itemIds, workers: workers)
    }

    /// Rows from memory, whose ids are those of the tables.
    init(
        rows: [CodedRows], hasRatings: Bool, timestamps: [Int64], usesCalendar: Bool, userIds: IdTable, itemIds: IdTable,
        workers: Workers, files: [LineSource] = [], layouts: [RatingsLayout] = []
    ) {
        self.files = files
        self.layouts = layouts
        self.workers = workers
        self.hasRatings = hasRatings
        self.rows = rows
        count = rows.reduce(0) { $0 + $1.count }
        self.timestamps = timestamps
        self.usesCalendar = usesCalendar
        self.userIds = userIds
        self.itemIds = itemIds
        userCount = userIds.count
        itemCount = itemIds.count
        reading = ReadingOptions()
        badRows = BadRows()
        notKeptCount = 0
    }

    /// A row of ratings in memory.
    public struct Row: Sendable, Equatable {
        /// The user id.
        public var user: String
        /// The item id.
        public var item: String
        /// The rating; nil if rows are clicks.
        public var rating: Float?
        /// The time since 1970 in seconds or another unit, the same for all rows.
        public var time: Int64?

        /// A row.
        public init(user: String, item: String, rating: Float? = nil, time: Int64? = nil) {
            self.user = user
            self.item = item
            self.rating = rating
            self.time = time
        }
    }
}

import FoldinInteractions
import FoldinKernels
import Foundation

/// The rows of ratings files in columns, with each id held once, and what is to be kept of them.
///
/// Takes 4 to 24 bytes a row, the fewer the more rows of a user stand together. The methods that filter only note what to keep;
/// `split(_:)` does the work, always in this order whatever the order of the calls: rows by rating, repeats of a user and item
/// (see ``Repeats``), items with too few interactions, users with too few, each once.
///
/// ```swift
/// let dataset = try Ratings(contentsOf: "ml-20m/ratings.csv", format: .movieLensCSV)
///     .rated(above: 3.5)
///     .keepingUsers(withAtLeast: 5)
///     .split(.strongGeneralization(heldOutUsers: 10_000, heldOutItems: 0.2, seed: 98_765))
/// ```
public struct Ratings: Sendable {
    /// The files, in order; none if the rows came from memory.
    let files: [MappedFile]
    /// How each file was taken, in the order of the files.
    public let layouts: [RatingsLayout]
    /// Whether rows have a rating; if not, every row is a click.
    public let hasRatings: Bool

    /// In the files' order.
    let rows: [CodedRows]
    /// When each row happened, in `timeUnit` since 1970, if times were asked for, otherwise empty.
    public let timestamps: [Int64]
    /// The unit of `timestamps`: that of the file, by the size of its numbers; milliseconds where the file has dates.
    public var timeUnit: TimeUnit { usesCalendar ? .milliseconds : TimeUnit(ofLatest: timestamps.max() ?? 0) }
    let usesCalendar: Bool
    let userIds: IdTable
    let itemIds: IdTable
    let workers: Workers
    /// How the values were read.
    let reading: ReadingOptions
    /// Malformed rows that were passed over.
    public let badRows: BadRows
    /// How many rows were left out because of a column's value.
    public let notKeptCount: Int

    private(set) var filter = Filter()
    private(set) var titles: Titles?

    /// What to keep of the rows.
    struct Filter: Sendable, Equatable {
        var ratingAbove: Double?
        var repeats: Repeats?
        var minimumItemInteractions = 0
        var minimumUserInteractions = 0
    }

    /// Which of several rows of the same user and item stands for them.
    public enum Repeats: String, Sendable, CaseIterable {
        /// The first row, with its rating.
        case first
        /// The last row, with its rating.
        case last
        /// The first row of those with the greatest rating.
        case max
        /// The first row, with the sum of all ratings.
        case sum
    }

    /// The number of rows that were read, without malformed ones and those left out by a column's value.
    public let count: Int
    /// The number of different users in the rows.
    public let userCount: Int
    /// The number of different items in the rows.
    public let itemCount: Int

    /// The layout the first file was read as.
    public var format: RatingsFormat { layouts.first?.format ?? .delimited(DelimitedColumns(user: 1, item: 2)) }
    /// The first file as the caller named it, for messages.
    public var path: String { files.first?.path ?? "ratings" }
    /// All files as the caller named them.
    public var paths: [String] { files.map(\.path) }
    /// The first file they came from. Takes its checksum: 0.7 seconds a GB.
    public var source: PreparationRecord.Source {
        sources.first ?? PreparationRecord.Source(name: "ratings", sha256: "", format: "memory")
    }
    /// The files they came from. Takes their checksums.
    public var sources: [PreparationRecord.Source] {
        zip(files, layouts).map { file, layout in
            PreparationRecord.Source(
                name: (file.path as NSString).lastPathComponent, sha256: file.withBytes(Checksum.sha256),
                format: layout.format.name)
        }
    }

    init(reader: RatingsReader, file: MappedFile, layout: RatingsLayout, workers: Workers) throws {
        let columns = try reader.columns()
        files = [file]
        layouts = [layout]
        self.workers = workers
        hasRatings = reader.hasRatings
        rows = columns.rows
        count = rows.reduce(0) { $0 + $1.count }
        timestamps = columns.timestamps
        usesCalendar = reader.parser.usesCalendar
        userIds = columns.userIds
        itemIds = columns.itemIds
        userCount = columns.userCount
        itemCount = columns.itemCount
        reading = reader.parser.options
        badRows = reader.badRows
        notKeptCount = reader.notKept
    }

    /// Rows from memory: ids, and for all rows or none a rating and a time in seconds since 1970.
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
                else { throw RowFault(found: "a rating or a time in some rows only", expected: "one in each row or in none") }
            } catch let fault as RowFault {
                throw fault.error(file: "row", line: place + 1)
            }
        }
        guard block.count > 0 else { throw FoldinError(.badData, found: "no rows", expected: "at least one interaction") }
        try block.userIds.trimBlanks(file: "rows", kind: "user")
        try block.itemIds.trimBlanks(file: "rows", kind: "item")
        files = []
        layouts = []
        self.workers = workers
        hasRatings = !block.ratings.isEmpty
        self.rows = [
            CodedRows(
                columns: RowColumns(block),
                codes: (Array(0..<UInt32(block.userIds.count)), Array(0..<UInt32(block.itemIds.count))))
        ]
        count = block.count
        timestamps = block.timestamps
        usesCalendar = false
        userIds = block.userIds
        itemIds = block.itemIds
        userCount = userIds.count
        itemCount = itemIds.count
        reading = ReadingOptions()
        badRows = BadRows()
        notKeptCount = 0
    }

    /// A row of ratings in memory.
    public struct Row: Sendable, Equatable {
        public var user: String
        public var item: String
        /// Nil where rows are clicks.
        public var rating: Float?
        /// Seconds since 1970, or any other unit, the same for all rows.
        public var time: Int64?

        public init(user: String, item: String, rating: Float? = nil, time: Int64? = nil) {
            self.user = user
            self.item = item
            self.rating = rating
            self.time = time
        }
    }

    /// The rows of another file after these.
    func followed(by other: Ratings) throws -> Ratings { try Ratings(self, other) }

    private init(_ first: Ratings, _ second: Ratings) throws {
        for (has, lacks, name) in [
            (first.hasRatings, second.hasRatings, "ratings"), (!first.timestamps.isEmpty, !second.timestamps.isEmpty, "times"),
            (
                first.usesCalendar && !first.timestamps.isEmpty, second.usesCalendar && !second.timestamps.isEmpty,
                "dates for times"
            ),
        ] where has != lacks {
            throw FoldinError(
                .badData, file: has ? second.path : first.path, found: "no \(name), which \(has ? first.path : second.path) has",
                expected: "\(name) in all files or in none")
        }
        var (users, items) = (first.userIds, first.itemIds)
        let (userCodes, itemCodes) = (users.merge(second.userIds), items.merge(second.itemIds))
        // Codes of numbers without rows are 0 and not asked for; an empty table has none.
        func joined(_ codes: [UInt32], _ new: [UInt32]) -> [UInt32] { codes.map { Int($0) < new.count ? new[Int($0)] : 0 } }
        files = first.files + second.files
        layouts = first.layouts + second.layouts
        hasRatings = first.hasRatings
        rows =
            first.rows
            + second.rows.map {
                CodedRows(columns: $0.columns, codes: (joined($0.codes.users, userCodes), joined($0.codes.items, itemCodes)))
            }
        timestamps = first.timestamps + second.timestamps
        usesCalendar = first.usesCalendar
        userIds = users
        itemIds = items
        userCount = users.count
        itemCount = items.count
        workers = first.workers
        reading = first.reading
        var bad = first.badRows
        bad.add(second.badRows)
        badRows = bad
        notKeptCount = first.notKeptCount + second.notKeptCount
        count = first.count + second.count
    }

    /// Keeps rows whose rating is strictly above `threshold`, compared in single precision.
    ///
    /// Throws `FoldinError` of kind `usage` if the file has no ratings or `threshold` is not a number.
    public func rated(above threshold: Double) throws -> Ratings {
        guard hasRatings else {
            throw FoldinError(
                .usage, file: path, found: "a rating threshold for a file without ratings (\(format.name))",
                expected: "no threshold: every row is a click")
        }
        guard threshold.isFinite else {
            throw FoldinError(.usage, found: "the rating threshold \(threshold)", expected: "a finite number")
        }
        var result = self
        result.filter.ratingAbove = threshold
        return result
    }

    /// Makes one row of those of the same user and item before rows are taken by rating. Without it, rows are taken by rating first, and the
    /// first of what is left stands.
    ///
    /// Throws `FoldinError` of kind `usage` for `max` and `sum` if the file has no ratings.
    public func joiningRepeats(_ repeats: Repeats) throws -> Ratings {
        guard hasRatings || repeats == .first || repeats == .last else {
            throw FoldinError(
                .usage, file: path, found: "the \(repeats.rawValue) of ratings for a file without ratings (\(format.name))",
                expected: "first or last")
        }
        var result = self
        result.filter.repeats = repeats
        return result
    }

    /// Keeps items with at least `count` interactions, counted once, before users are.
    public func keepingItems(withAtLeast count: Int) -> Ratings {
        var result = self
        result.filter.minimumItemInteractions = count
        return result
    }

    /// Keeps users with at least `count` interactions, counted once, after items were.
    public func keepingUsers(withAtLeast count: Int) -> Ratings {
        var result = self
        result.filter.minimumUserInteractions = count
        return result
    }

    /// Gives the items of the prepared dataset their titles.
    public func titled(by titles: Titles) -> Ratings {
        var result = self
        result.titles = titles
        return result
    }
}

extension Ratings {
    /// The rating that all rows have, nil if they differ or have none.
    public var onlyRating: Float? {
        guard hasRatings, let first = rows.first(where: { $0.count > 0 })?.columns.rating(0) else { return nil }
        let isConstant = rows.allSatisfy { piece in (0..<piece.count).allSatisfy { piece.columns.rating($0) == first } }
        return isConstant ? first : nil
    }

    /// How many of `titles` are ids of users in the rows, where none may be one of items.
    public func usersTitled(by titles: Titles) -> Int {
        titles.titles(of: (0..<userIds.count).map { userIds[$0] }).count { $0 != nil }
    }
}

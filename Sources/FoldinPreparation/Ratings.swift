import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

/// The rows of ratings files in columns, with each id stored once, and the filters to apply to them.
///
/// Takes 4 to 24 bytes per row; less if the rows of a user are adjacent. The methods that filter only record what to keep;
/// `split(_:)` filters, always in this order whatever the order of the calls: rows by rating, repeats of a user and item
/// (see ``Repeats``), items with too few interactions, users with too few interactions, each once.
///
/// ```swift
/// let dataset = try Ratings(contentsOf: "ml-20m/ratings.csv", format: .movieLensCSV)
///     .rated(above: 3.5)
///     .keepingUsers(withAtLeast: 5)
///     .split(.strongGeneralization(heldOutUsers: 10_000, heldOutItems: 0.2, seed: 98_765))
/// ```
public struct Ratings: Sendable {
    /// The files as the caller named them, in order; none if the rows came from memory.
    let files: [LineSource]
    /// How each file was read, in the order of the files.
    public let layouts: [RatingsLayout]
    /// Whether rows have a rating; if not, every row is a click.
    public let hasRatings: Bool

    /// In the files' order.
    let rows: [CodedRows]
    /// The time of each row, in `timeUnit` since 1970; empty unless times were read.
    public let timestamps: [Int64]
    /// The unit of `timestamps`: that of the file, recognised by the size of its numbers; milliseconds if the file has dates.
    public var timeUnit: TimeUnit { usesCalendar ? .milliseconds : TimeUnit(ofLatest: timestamps.max() ?? 0) }
    let usesCalendar: Bool
    let userIds: IdTable
    let itemIds: IdTable
    let workers: Workers
    /// How the values were read.
    let reading: ReadingOptions
    /// Malformed rows that were skipped.
    public let badRows: BadRows
    /// The number of rows left out by a filter of values.
    public let notKeptCount: Int

    var filter = Filter()
    var titles: Titles?

    /// The number of rows that were read, without malformed ones and those left out by a filter of values.
    public let count: Int
    /// The number of different users in the rows.
    public let userCount: Int
    /// The number of different items in the rows.
    public let itemCount: Int

    /// The format of the first file.
    public var format: RatingsFormat { layouts.first?.format ?? .delimited(DelimitedColumns(user: 1, item: 2)) }
    /// The first file as the caller named it, for messages.
    public var path: String { files.first?.path ?? "ratings" }
    /// All files as the caller named them.
    public var paths: [String] { files.map(\.path) }
    /// The first file, with its checksum, which takes 0.7 seconds per GB.
    public var source: PreparationRecord.Source {
        sources.first ?? PreparationRecord.Source(name: "ratings", sha256: "", format: "memory")
    }
    /// The files, with their checksums.
    public var sources: [PreparationRecord.Source] {
        zip(files, layouts).flatMap { file, layout in file.sources(format: layout.format.name) }
    }

    init(reader: RatingsReader, file: LineSource, layout: RatingsLayout, workers: Workers) throws {
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
}

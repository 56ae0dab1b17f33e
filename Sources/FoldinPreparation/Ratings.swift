import FoldinInteractions
import FoldinKernels
import Foundation

/// The rows of a ratings file in columns, with each id held once, and what is to be kept of them.
///
/// Takes 4 to 24 bytes a row, the fewer the more rows of a user stand together. The methods that filter only note what to keep;
/// `split(_:)` does the work, always in this order whatever the order of the calls: rows by rating, repeats of a user and item
/// (the first is kept), items with too few interactions, users with too few, each once.
///
/// ```swift
/// let dataset = try Ratings(contentsOf: "ml-20m/ratings.csv", format: .movieLensCSV)
///     .rated(above: 3.5)
///     .keepingUsers(withAtLeast: 5)
///     .split(.strongGeneralization(heldOutUsers: 10_000, heldOutItems: 0.2, seed: 98_765))
/// ```
public struct Ratings: Sendable {
    let file: MappedFile
    /// The layout the file was read as.
    public let format: RatingsFormat
    /// Whether rows have a rating; if not, every row is a click.
    public let hasRatings: Bool

    /// In the file's order.
    let rows: [CodedRows]
    /// Seconds since 1970 for each row if they were asked for, otherwise empty.
    public let timestamps: [Int64]
    let userIds: IdTable
    let itemIds: IdTable
    let workers: Workers

    private(set) var filter = Filter()
    private(set) var titles: Titles?

    /// What to keep of the rows.
    struct Filter: Sendable, Equatable {
        var ratingAbove: Double?
        var minimumItemInteractions = 0
        var minimumUserInteractions = 0
    }

    /// The number of rows in the file.
    public let count: Int
    /// The number of different users in the file.
    public var userCount: Int { userIds.count }
    /// The number of different items in the file.
    public var itemCount: Int { itemIds.count }

    /// The file as the caller named it, for messages.
    public var path: String { file.path }
    /// The file they came from. Takes its checksum: 0.7 seconds a GB.
    public var source: PreparationRecord.Source {
        PreparationRecord.Source(
            name: (path as NSString).lastPathComponent, sha256: file.withBytes(Checksum.sha256), format: format.name)
    }

    init(reader: RatingsReader, file: MappedFile, format: RatingsFormat, workers: Workers) {
        let columns = reader.columns()
        self.file = file
        self.format = format
        self.workers = workers
        hasRatings = reader.hasRatings
        rows = columns.rows
        count = rows.reduce(0) { $0 + $1.count }
        timestamps = columns.timestamps
        userIds = columns.userIds
        itemIds = columns.itemIds
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

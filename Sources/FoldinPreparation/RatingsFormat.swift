/// How a ratings file is laid out. Any of them may be compressed with gzip.
public enum RatingsFormat: Sendable, Equatable {
    /// MovieLens's `ratings.csv`: commas, a header with `userId`, `movieId` and perhaps `rating` and `timestamp`.
    case movieLensCSV
    /// MovieLens's `ratings.dat`: `user::item::rating::timestamp`, no header.
    case movieLensDat
    /// Amazon's reviews, a JSON object per line with `reviewerID`, `asin`, `overall` and `unixReviewTime` (or, since 2023,
    /// `user_id`, `parent_asin`, `rating` and `timestamp`).
    case amazonJSONLines
    /// One JSON object per line, with any keys.
    case jsonLines(JSONKeys)
    /// Columns separated by commas, tabs or something else.
    case delimited(DelimitedColumns)
    /// RecBole's `.inter`: tabs, a header of `name:type`, such as `user_id:token`.
    case recBole
    /// A user and then the user's items on each line, separated by blanks; every listed item is a click.
    case userItemLists
    /// The Netflix prize's files: a line `movie:` and then that movie's lines `customer,rating,date`.
    case netflixPrize

    /// The format's name on the command line and in `prepare.json`.
    public var name: String {
        switch self {
        case .movieLensCSV: "movielens-csv"
        case .movieLensDat: "movielens-dat"
        case .amazonJSONLines: "amazon-json"
        case .jsonLines: "json-lines"
        case .delimited: "delimited"
        case .recBole: "recbole"
        case .userItemLists: "user-item-lists"
        case .netflixPrize: "netflix-prize"
        }
    }

    /// The columns of the formats that have them.
    var columns: DelimitedColumns? {
        switch self {
        case .movieLensCSV:
            DelimitedColumns(user: "userId", item: "movieId", rating: "rating", timestamp: "timestamp", optional: true)
        case .movieLensDat:
            DelimitedColumns(delimiter: "::", hasHeader: false, user: 1, item: 2, rating: 3, timestamp: 4, optional: true)
        case .recBole:
            DelimitedColumns(
                delimiter: "\t", user: "user_id", item: "item_id", rating: "rating", timestamp: "timestamp", optional: true,
                typed: true)
        case .delimited(let columns): columns
        case .amazonJSONLines, .jsonLines, .userItemLists, .netflixPrize: nil
        }
    }
}

/// Which columns of a delimited file hold what.
public struct DelimitedColumns: Sendable, Equatable {
    /// A column by its name in the header or by its number from 1.
    public enum Column: Sendable, Equatable, CustomStringConvertible, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case name(String)
        case number(Int)

        /// The name, or the number in digits.
        public var description: String {
            switch self {
            case .name(let name): name
            case .number(let number): "\(number)"
            }
        }

        public init(stringLiteral name: String) { self = .name(name) }
        public init(integerLiteral number: Int) { self = .number(number) }

        /// `text` as a number if it is one, otherwise as a name.
        public init(_ text: String) { self = Int(text).map { .number($0) } ?? .name(text) }
    }

    /// The delimiter that stands for any number of blanks and tabs.
    public static let whitespace = "whitespace"

    /// What separates columns: one ASCII character, two such as `::`, or `whitespace`. Fields may stand in double quotes.
    public var delimiter: String
    /// Whether the first line names the columns.
    public var hasHeader: Bool
    public var user: Column
    public var item: Column
    /// The rating, or nil if every row is a click.
    public var rating: Column?
    /// When it happened: a number, such as seconds since 1970, or ISO 8601. Kept only on request.
    public var timestamp: Column?
    /// Whether rating and timestamp may be absent from the file.
    var optional = false
    /// Whether the header's names end in `:type`.
    var typed = false

    public init(
        delimiter: String = ",", hasHeader: Bool = true, user: Column, item: Column, rating: Column? = nil,
        timestamp: Column? = nil
    ) {
        self.delimiter = delimiter
        self.hasHeader = hasHeader
        self.user = user
        self.item = item
        self.rating = rating
        self.timestamp = timestamp
    }

    init(
        delimiter: String = ",", hasHeader: Bool = true, user: Column, item: Column, rating: Column?, timestamp: Column?,
        optional: Bool, typed: Bool = false
    ) {
        self.init(delimiter: delimiter, hasHeader: hasHeader, user: user, item: item, rating: rating, timestamp: timestamp)
        self.optional = optional
        self.typed = typed
    }
}

/// Which keys of JSON objects hold what. Keys inside other objects are joined by points, as `business.id`; where a key leads into an array,
/// as `items.item_id`, each of its elements is a row.
public struct JSONKeys: Sendable, Equatable {
    public var user: String
    public var item: String
    /// The rating, or nil if every object is a click.
    public var rating: String?
    /// When it happened: a number, such as seconds since 1970, or ISO 8601. Kept only on request.
    public var timestamp: String?

    public init(user: String, item: String, rating: String? = nil, timestamp: String? = nil) {
        self.user = user
        self.item = item
        self.rating = rating
        self.timestamp = timestamp
    }
}

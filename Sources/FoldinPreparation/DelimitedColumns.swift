/// Which columns of a delimited file hold what.
public struct DelimitedColumns: Sendable, Equatable {
    /// A column by its name in the header or by its number from 1.
    public enum Column: Sendable, Equatable, CustomStringConvertible, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        /// The column of that name in the header.
        case name(String)
        /// The column of that number, from 1.
        case number(Int)

        /// The name, or the number in digits.
        public var description: String {
            switch self {
            case .name(let name): name
            case .number(let number): "\(number)"
            }
        }

        /// The column of that name.
        public init(stringLiteral name: String) { self = .name(name) }
        /// The column of that number, from 1.
        public init(integerLiteral number: Int) { self = .number(number) }

        /// The column whose number is `text`, if that is a number; otherwise the column of that name.
        public init(_ text: String) { self = Int(text).map { .number($0) } ?? .name(text) }
    }

    /// The delimiter that matches any number of blanks and tabs.
    public static let whitespace = "whitespace"

    /// What separates columns: one ASCII character, two such as `::`, or `whitespace`. Fields may be in double quotes.
    public var delimiter: String
    /// Whether the first line names the columns.
    public var hasHeader: Bool
    /// The user id.
    public var user: Column
    /// The item id.
    public var item: Column
    /// The rating, or nil if every row is a click.
    public var rating: Column?
    /// The time of the interaction: a number, such as seconds since 1970, or ISO 8601. Read on request only.
    public var timestamp: Column?
    /// Whether rating and timestamp may be absent from the file.
    var optional = false
    /// Whether the header's names end in `:type`.
    var typed = false

    /// Columns of a delimited file.
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

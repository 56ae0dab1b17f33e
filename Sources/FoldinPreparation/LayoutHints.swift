/// What somebody says of a file's layout; the rest is recognised.
public struct LayoutHints: Sendable, Equatable {
    /// What separates columns.
    public var delimiter: String?
    /// Whether the first line names the columns.
    public var hasHeader: Bool?
    public var user: DelimitedColumns.Column?
    public var item: DelimitedColumns.Column?
    /// Where user and item are given and this is not, every row is a click.
    public var rating: DelimitedColumns.Column?
    public var timestamp: DelimitedColumns.Column?
    /// Whether the file is one JSON object per line; nil to look.
    public var isJSON: Bool?
    /// The name of the id column of a file of titles: of several item columns, that one is taken.
    public var titleKey: String?

    public init(
        delimiter: String? = nil, hasHeader: Bool? = nil, user: DelimitedColumns.Column? = nil,
        item: DelimitedColumns.Column? = nil,
        rating: DelimitedColumns.Column? = nil, timestamp: DelimitedColumns.Column? = nil, isJSON: Bool? = nil,
        titleKey: String? = nil
    ) {
        self.delimiter = delimiter
        self.hasHeader = hasHeader
        self.user = user
        self.item = item
        self.rating = rating
        self.timestamp = timestamp
        self.isJSON = isJSON
        self.titleKey = titleKey
    }
}

/// How a ratings file was taken.
public struct RatingsLayout: Sendable, Equatable {
    public let format: RatingsFormat
    /// What separates columns, and which column or key is what, for people.
    public let description: String
    /// Whether the columns were chosen by their position alone, nothing in the file naming them.
    public let isByPosition: Bool
    /// What else speaks for it, or what to look out for.
    public let notes: [String]
}

import FoldinInteractions
import FoldinSupport

/// What the caller says about the layout of a ratings file; the rest is recognised.
public struct LayoutHints: Sendable, Equatable {
    /// What separates columns.
    public var delimiter: String?
    /// Whether the first line names the columns.
    public var hasHeader: Bool?
    /// The column or key of the user ids.
    public var user: DelimitedColumns.Column?
    /// The column or key of the item ids.
    public var item: DelimitedColumns.Column?
    /// The column or key of the ratings. If user and item are given and this is not, every row is a click.
    public var rating: DelimitedColumns.Column?
    /// The column or key of the times.
    public var timestamp: DelimitedColumns.Column?
    /// Whether the file has one JSON object per line; nil if this is to be recognised.
    public var isJSON: Bool?
    /// The name of the id column of a file of titles; it is preferred if the ratings file has several item columns.
    public var titleKey: String?

    /// Hints about a layout; nil means that nothing is said.
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

/// How a ratings file was read.
public struct RatingsLayout: Sendable, Equatable {
    /// The format, with its columns or keys.
    public let format: RatingsFormat
    /// What separates columns, and which column or key holds what, as text.
    public let description: String
    /// Whether the columns were chosen by their position alone, because nothing in the file names them.
    public let isByPosition: Bool
    /// Evidence for the choice, or what the caller should check.
    public let notes: [Note]

    /// A remark on a layout.
    public struct Note: Sendable, Equatable {
        /// The remark, part of a sentence.
        public let text: String
        /// The name of the case, if a caller may have advice for it.
        public let reason: FoldinError.Reason?

        /// A remark.
        public init(_ text: String, reason: FoldinError.Reason? = nil) { (self.text, self.reason) = (text, reason) }
    }
}

import FoldinInteractions
import FoldinSupport

/// What can be wrong with a ratings file or a file of titles in a way that options of the caller may mend. The texts of the errors say what
/// is missing; how the options are spelled is known to the caller only.
extension FoldinError.Reason {
    /// No format recognises the file; `hints` may describe it, or `format` name it.
    public static let unknownLayout = Self("unknown-layout")
    /// No keys of the JSON objects are known as users and items.
    public static let unknownKeys = Self("unknown-keys")
    /// No delimiter gives a header with a column that was named.
    public static let unknownDelimiter = Self("unknown-delimiter")
    /// There is no header, and the values do not look like a user in the first and an item in the second column.
    public static let unclearColumns = Self("unclear-columns")
    /// The first column, where the user is expected, has row numbers.
    public static let rowNumbersInFirstColumn = Self("row-numbers-in-first-column")
    /// Lines with blanks between values may be rows with columns or lists of items.
    public static let rowsOrLists = Self("rows-or-lists")
    /// An id is not valid UTF-8; the file may have another encoding.
    public static let invalidUTF8 = Self("invalid-utf-8")
    /// A number has a comma; it may be a decimal comma.
    public static let decimalComma = Self("decimal-comma")
    /// A column was given by number, and JSON objects have keys.
    public static let columnNumberForKeys = Self("column-number-for-keys")
    /// The first line was described as a header, and it looks like data.
    public static let dataInHeader = Self("data-in-header")
    /// The columns of a file of titles are not known.
    public static let unknownTitleColumns = Self("unknown-title-columns")
    /// A note: other columns could hold the users as well.
    public static let otherUserColumns = Self("other-user-columns")
    /// A note: other columns could hold the items as well.
    public static let otherItemColumns = Self("other-item-columns")
    /// A note: other columns could hold the ratings as well.
    public static let otherRatingColumns = Self("other-rating-columns")
    /// A note: ratings of 0 mean that there is no rating.
    public static let zeroMeansUnrated = Self("zero-means-unrated")
}

import Foldin

/// The options that mend an error in reading ratings or titles, by the error's reason.
let preparationAdvice: [FoldinError.Reason: String] = [
    .unknownLayout: "--format, --delimiter, --no-header and --user-column, --item-column, ... describe the layout",
    .unknownKeys: "--user-column, --item-column, --rating-column and --time-column name the keys",
    .unknownDelimiter: "--delimiter says what separates columns",
    .unclearColumns: "--no-header --user-column N --item-column N number the columns",
    .rowNumbersInFirstColumn: "--no-header --user-column 2 --item-column 3 ... number the columns",
    .rowsOrLists: "--delimiter ' ' (or whitespace) reads columns, --format user-item-lists reads lists of items",
    .invalidUTF8: "--encoding names another encoding",
    .decimalComma: "--decimal , reads decimal commas",
    .columnNumberForKeys: "--keep names a key, as in --keep 'event=buy'",
    .dataInHeader: "--no-header says that the first line holds data",
    .unknownTitleColumns: "--title-id-column and --title-column name the columns, or number them from 1",
    .otherUserColumns: "--user-column takes another column",
    .otherItemColumns: "--item-column takes another column",
    .otherRatingColumns: "--rating-column takes another column",
    .zeroMeansUnrated: "--rating-above 0 leaves those rows out",
]

extension RatingsLayout.Note {
    /// The note with the options that it suggests, where there are any.
    var textWithAdvice: String { text + (reason.flatMap { advice(for: $0) }.map { "; " + $0 } ?? "") }
}

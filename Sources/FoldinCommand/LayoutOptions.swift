import ArgumentParser
import Foldin
import Foundation

/// What the caller says about the layout of a ratings file, and how its values are written.
struct LayoutOptions: ParsableArguments {
    @Option(help: "The layout. (default: recognised by name and first lines)")
    var format: RatingsFormat.Kind?

    @Option(
        help: ArgumentHelp("The user column, by name or number from 1; a key of JSON lines, as user.id.", valueName: "column"))
    var userColumn: String?

    @Option(
        help: ArgumentHelp(
            "The item column, by name or number from 1; a key of JSON lines, as items.item_id for each element of an array.",
            valueName: "column"))
    var itemColumn: String?

    @Option(
        help: ArgumentHelp(
            "The rating column; if the user and item columns are given and this is not, every row is a click.",
            valueName: "column"))
    var ratingColumn: String?

    @Option(
        name: [.customLong("time-column"), .customLong("timestamp-column")],
        help: ArgumentHelp(
            "The time column: numbers, such as seconds since 1970, or ISO 8601, in UTC unless a zone is given.",
            valueName: "column"))
    var timestampColumn: String?

    @Flag(help: "The first line holds data, not the names of columns.")
    var noHeader = false

    @Option(
        help: ArgumentHelp(
            "What separates columns: a character, two such as '::', 'tab', or 'whitespace' for any blanks. (default: recognised)",
            valueName: "characters"))
    var delimiter: String?

    @Flag(help: "Read quotes as ordinary characters.")
    var noQuotes = false

    @Option(help: ArgumentHelp("The file's encoding: utf-8, iso-8859-1 or windows-1252. (default: utf-8)", valueName: "name"))
    var encoding: TextEncoding?

    @Option(help: ArgumentHelp("The decimal separator of ratings, '.' or ','. (default: '.')", valueName: "character"))
    var decimal: ReadingOptions.DecimalSeparator?

    @Option(
        help: ArgumentHelp(
            "Read only rows whose column has one of some values, as 'event=transaction,addtocart'; if repeated, all must hold.",
            valueName: "column=value,…"))
    var keep: [String] = []

    @Option(
        help: ArgumentHelp(
            "Skip up to this number of malformed rows; they are counted and the first are shown. (default: 0)", valueName: "n"))
    var skipBadRows: Int?

    private var separator: String? {
        switch delimiter {
        case "tab", "\\t": "\t"
        case "blank", "space": " "
        default: delimiter
        }
    }

    private var namesColumns: Bool {
        userColumn != nil || itemColumn != nil || ratingColumn != nil || timestampColumn != nil || noHeader || delimiter != nil
    }

    func validate() throws {
        if let format, format.addressing == .fixed, namesColumns {
            throw ValidationError(
                "--format: found columns for a layout that has its own; expected them with '--format delimited' or 'json-lines'")
        }
        if let format, format.addressing != .columns, noHeader || delimiter != nil {
            throw ValidationError(
                "--no-header, --delimiter: found with --format \(format.name); expected them with delimited")
        }
        if noHeader {
            for column in [userColumn, itemColumn, ratingColumn, timestampColumn] {
                if let column, Int(column) == nil {
                    throw ValidationError("--no-header: found the column name '\(column)'; expected a number from 1")
                }
            }
        }
        if let skipBadRows, skipBadRows < 0 {
            throw ValidationError("--skip-bad-rows: found \(skipBadRows); expected 0 or more")
        }
        for text in keep where filter(text) == nil {
            throw ValidationError("--keep: found '\(text)'; expected a column, '=' and values, as 'event=transaction,addtocart'")
        }
    }

    private func filter(_ text: String) -> ReadingOptions.ValueFilter? {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        let column = String(text[..<equals]).trimmingCharacters(in: .whitespaces)
        var list = String(text[text.index(after: equals)...])
        let fields = list.withUTF8 { bytes in
            try? IdField.split(UnsafeRawBufferPointer(bytes), at: { $0 == UInt8(ascii: ",") })
        }
        guard let fields, !column.isEmpty else { return nil }
        return ReadingOptions.ValueFilter(column: .init(column), values: fields.map(\.id))
    }

    /// The format, if the options determine it; nil if it is to be recognised with the help of `hints`.
    var knownFormat: RatingsFormat? { namesColumns ? nil : format?.format }

    /// What the options say about the layout. `titleKey` is the name of the ids in the file of titles.
    func hints(titleKey: String? = nil) -> LayoutHints {
        let isJSON: Bool? =
            switch format?.addressing {
            case .keys: true
            case .columns: false
            case .fixed, nil: nil
            }
        // A number is the place of a column; in JSON it can only be a key.
        func column(_ text: String?) -> DelimitedColumns.Column? { text.map { isJSON == true ? .name($0) : .init($0) } }
        return LayoutHints(
            delimiter: separator, hasHeader: noHeader ? false : nil, user: column(userColumn), item: column(itemColumn),
            rating: column(ratingColumn), timestamp: column(timestampColumn), isJSON: isJSON, titleKey: titleKey)
    }

    /// How values are written and which rows are read.
    func readingOptions(keepingTimestamps: Bool = false) -> ReadingOptions {
        ReadingOptions(
            encoding: encoding ?? .utf8, decimalSeparator: decimal ?? .point, keep: keep.compactMap(filter),
            badRowLimit: skipBadRows ?? 0, allowsQuotes: !noQuotes, keepsTimestamps: keepingTimestamps)
    }
}

extension RatingsFormat.Kind: ExpressibleByArgument {
    public init?(argument: String) {
        guard let kind = RatingsFormatRegistry.standard[argument] else { return nil }
        self = kind
    }

    public static var allValueStrings: [String] { RatingsFormatRegistry.standard.kinds.map(\.name) }
}

extension TextEncoding: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }
}

extension ReadingOptions.DecimalSeparator: ExpressibleByArgument {
    public init?(argument: String) {
        switch argument {
        case ".", "point", "dot": self = .point
        case ",", "comma": self = .comma
        default: return nil
        }
    }

    public static var allValueStrings: [String] { [".", ","] }
}

extension Ratings.Repeats: ExpressibleByArgument {}

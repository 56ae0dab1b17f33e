/// How the values in a ratings file are written, and which of its rows are read.
public struct ReadingOptions: Sendable, Equatable {
    /// Keeps the rows in which a column has one of some values.
    public struct ValueFilter: Sendable, Equatable {
        /// The column or key.
        public var column: DelimitedColumns.Column
        /// The values, each of which must equal the whole field exactly.
        public var values: [String]

        /// A filter that keeps rows with one of `values` in `column`.
        public init(column: DelimitedColumns.Column, values: [String]) {
            self.column = column
            self.values = values
        }
    }

    /// The character before the decimals of a number.
    public enum DecimalSeparator: Character, Sendable, CaseIterable {
        /// A point, as in `3.5`.
        case point = "."
        /// A comma, as in `3,5`.
        case comma = ","
    }

    /// The encoding of the file. Bytes that are not valid in it are refused.
    public var encoding = TextEncoding.utf8
    /// The character before the decimals of ratings.
    public var decimalSeparator = DecimalSeparator.point
    /// Filters, all of which a row must pass. For layouts with columns or keys.
    public var keep: [ValueFilter] = []
    /// The number of malformed rows to skip; one more is an error.
    public var badRowLimit = 0
    /// Whether fields may be in double quotes. If not, quotes are ordinary characters.
    public var allowsQuotes = true
    /// Whether to read times, which some splits need.
    public var keepsTimestamps = false

    /// Options, by default those of most files.
    public init(
        encoding: TextEncoding = .utf8, decimalSeparator: DecimalSeparator = .point, keep: [ValueFilter] = [],
        badRowLimit: Int = 0,
        allowsQuotes: Bool = true, keepsTimestamps: Bool = false
    ) {
        self.encoding = encoding
        self.decimalSeparator = decimalSeparator
        self.keep = keep
        self.badRowLimit = badRowLimit
        self.allowsQuotes = allowsQuotes
        self.keepsTimestamps = keepsTimestamps
    }
}

extension ReadingOptions {
    /// The options that differ from the defaults, in the spelling of `prepare.json`.
    var options: [String: String] {
        var options: [String: String] = [:]
        if encoding != .utf8 { options["encoding"] = encoding.rawValue }
        if decimalSeparator != .point { options["decimal"] = String(decimalSeparator.rawValue) }
        if badRowLimit > 0 { options["skip-bad-rows"] = "\(badRowLimit)" }
        if !allowsQuotes { options["no-quotes"] = "true" }
        if !keep.isEmpty {
            options["keep"] = keep.map { "\($0.column)=\($0.values.joined(separator: ","))" }.joined(separator: "; ")
        }
        return options
    }
}

/// How the values in a ratings file are written, and which of its rows are read.
public struct ReadingOptions: Sendable, Equatable {
    /// Keeps the rows in which a column has one of some values.
    public struct ValueFilter: Sendable, Equatable {
        public var column: DelimitedColumns.Column
        /// Compared with the whole field, letter by letter.
        public var values: [String]

        public init(column: DelimitedColumns.Column, values: [String]) {
            self.column = column
            self.values = values
        }
    }

    /// What separates the whole part of a number from its decimals.
    public enum DecimalSeparator: Character, Sendable, CaseIterable {
        case point = "."
        case comma = ","
    }

    /// The encoding of the file. What is not valid in it is refused.
    public var encoding = TextEncoding.utf8
    public var decimalSeparator = DecimalSeparator.point
    /// Rows must pass all of them. For layouts with columns or keys.
    public var keep: [ValueFilter] = []
    /// How many malformed rows to pass over; one more is an error.
    public var badRowLimit = 0
    /// Whether fields may stand in double quotes. Without, quotes are characters like any other.
    public var allowsQuotes = true
    /// Whether to read times, which some splits need.
    public var keepsTimestamps = false

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
    /// What differs from the defaults, as the command takes it.
    var said: [String: String] {
        var said: [String: String] = [:]
        if encoding != .utf8 { said["encoding"] = encoding.rawValue }
        if decimalSeparator != .point { said["decimal"] = String(decimalSeparator.rawValue) }
        if badRowLimit > 0 { said["skip-bad-rows"] = "\(badRowLimit)" }
        if !allowsQuotes { said["no-quotes"] = "true" }
        if !keep.isEmpty {
            said["keep"] = keep.map { "\($0.column)=\($0.values.joined(separator: ","))" }.joined(separator: "; ")
        }
        return said
    }
}

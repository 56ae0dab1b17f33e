import Foundation

/// How a ratings file is laid out. A file in any of these formats may be compressed with gzip.
///
/// A format has a ``name``, the columns or keys that it reads, and a ``RatingsParser``. Its ``Kind`` recognises files of the format; the
/// ``RatingsFormatRegistry`` lists the kinds.
public struct RatingsFormat: Sendable {
    /// The name on the command line and in `prepare.json`.
    public let name: String
    /// Which columns or keys hold what.
    public let columns: Columns
    /// Makes the parser of a file; `headerLength` is the number of bytes before the first row.
    let makeParser: @Sendable (LayoutSample) throws -> (parser: any RatingsParser, headerLength: Int)

    /// Which columns or keys of a file hold users, items, ratings and times.
    public enum Columns: Sendable, Equatable {
        /// The format has columns or keys of its own.
        case fixed
        /// Columns of a delimited file.
        case delimited(DelimitedColumns)
        /// Keys of JSON objects.
        case keys(JSONKeys)
    }

    /// A format without header lines, whose files are read by the parser that `parser` makes from a file's first lines.
    public init(
        name: String, columns: Columns = .fixed, parser: @escaping @Sendable (LayoutSample) throws -> any RatingsParser
    ) {
        self.init(name: name, columns: columns, parserAndHeader: { (try parser($0), 0) })
    }

    init(
        name: String, columns: Columns = .fixed,
        parserAndHeader: @escaping @Sendable (LayoutSample) throws -> (parser: any RatingsParser, headerLength: Int)
    ) {
        (self.name, self.columns, makeParser) = (name, columns, parserAndHeader)
    }
}

extension RatingsFormat: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

extension RatingsFormat: Equatable {
    /// Formats are equal if their names and columns are.
    public static func == (left: Self, right: Self) -> Bool { left.name == right.name && left.columns == right.columns }
}

extension RatingsFormat {
    /// What the registry knows of a format: its name, what a caller may say about it, and how its files are recognised.
    public struct Kind: Sendable {
        /// How a caller names columns.
        public enum Addressing: Sendable {
            /// Not at all: the format has columns of its own.
            case fixed
            /// By name or number; the delimiter and the header may be given too.
            case columns
            /// By keys of JSON objects.
            case keys
        }

        /// The name of the formats of this kind.
        public let name: String
        /// How a caller names columns.
        public let addressing: Addressing
        /// The format of this kind whose columns are known without reading a file; nil if columns must be given or recognised.
        public let format: RatingsFormat?
        let recognise: @Sendable (LayoutSample) throws -> RecognisedLayout?

        /// A kind of formats.
        ///
        /// - Parameters:
        ///   - name: the name of the formats of this kind.
        ///   - addressing: how a caller names columns.
        ///   - format: the format of this kind whose columns are known without reading a file, if there is one.
        ///   - recognise: the layout of the file that a sample comes from, or nil if it is not of this kind. Throws `FoldinError` for a
        ///     file that is of this kind but cannot be read.
        public init(
            name: String, addressing: Addressing = .fixed, format: RatingsFormat?,
            recognise: @escaping @Sendable (LayoutSample) throws -> RecognisedLayout?
        ) {
            (self.name, self.addressing, self.format, self.recognise) = (name, addressing, format, recognise)
        }
    }
}

/// The format that a file was recognised as, and why.
public struct RecognisedLayout: Sendable {
    /// The format, with the columns or keys to read.
    public var format: RatingsFormat
    /// Whether the columns were chosen by their position alone.
    public var isByPosition: Bool
    /// Evidence for the choice, or what the caller should check.
    public var notes: [RatingsLayout.Note]

    /// A recognised layout.
    public init(_ format: RatingsFormat, isByPosition: Bool = false, notes: [RatingsLayout.Note] = []) {
        (self.format, self.isByPosition, self.notes) = (format, isByPosition, notes)
    }
}

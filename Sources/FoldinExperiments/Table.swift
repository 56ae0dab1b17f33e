import Foundation

/// Rows and columns to be printed, as CSV, Markdown, LaTeX, JSON or HTML.
public struct Table: Sendable, Equatable {
    /// What stands in one place.
    public enum Cell: Sendable, Equatable {
        case text(String)
        /// A number with so many digits after the point.
        case number(Double, digits: Int)
        /// A mean with its standard error. In CSV and JSON these are two columns.
        case measure(Double, error: Double?, digits: Int)
        case missing
    }

    /// What a column holds.
    public enum Kind: Sendable, Equatable {
        /// Words, to be read from the left.
        case text
        case number
        /// A mean with its standard error.
        case measure
    }

    public struct Column: Sendable, Equatable {
        public let name: String
        public let kind: Kind

        public init(_ name: String, _ kind: Kind = .text) {
            self.name = name
            self.kind = kind
        }
    }

    public let title: String
    public let columns: [Column]
    /// As many cells a row as there are columns.
    public let rows: [[Cell]]

    public init(_ title: String, columns: [Column], rows: [[Cell]]) {
        precondition(rows.allSatisfy { $0.count == columns.count }, "a row needs a cell for each column")
        self.title = title
        self.columns = columns
        self.rows = rows
    }

    /// The languages a table can be written in.
    public enum Format: String, Sendable, CaseIterable { case csv, markdown, latex, json }

    /// The table as text that ends with a newline.
    public func text(as format: Format) -> String {
        switch format {
        case .csv: csv
        case .markdown: markdown
        case .latex: latex
        case .json: json
        }
    }
}

extension Table.Cell {
    init(_ text: String?) { self = text.map { .text($0) } ?? .missing }

    init(_ number: Int?) { self = number.map { .number(Double($0), digits: 0) } ?? .missing }

    init(_ number: Double?, digits: Int) { self = number.map { .number($0, digits: digits) } ?? .missing }

    init(_ mean: Double?, error: Double?, digits: Int = 4) {
        self = mean.map { .measure($0, error: error, digits: digits) } ?? .missing
    }

    /// For people; `plusMinus` stands between a mean and its error.
    func readable(_ plusMinus: String = " ± ") -> String {
        switch self {
        case .text(let text): return text
        case .number(let value, let digits): return Self.fixed(value, digits)
        case .measure(let mean, let error, let digits):
            return Self.fixed(mean, digits) + (error.map { plusMinus + Self.fixed($0, digits) } ?? "")
        case .missing: return ""
        }
    }

    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "" }
        // Small p-values would be a row of zeros.
        if value != 0, digits > 0, abs(value) < 0.5 * pow(10, -Double(digits)) { return String(format: "%.1e", value) }
        return String(format: "%.\(digits)f", value)
    }
}

#if Experiments
import Foundation

/// A table that can be written as CSV, Markdown, LaTeX, JSON or HTML.
///
///     let table = Table("Results", columns: [.init("model"), .init("ndcg@100", .measure)], rows: [[.text("a"), .missing]])
///     print(table.text(as: .markdown))
public struct Table: Sendable, Equatable {
    /// One cell.
    public enum Cell: Sendable, Equatable {
        /// Words.
        case text(String)
        /// A number, with `digits` after the point.
        case number(Double, digits: Int)
        /// A mean with its standard error. In CSV and JSON these are two columns.
        case measure(Double, error: Double?, digits: Int)
        /// No value.
        case missing
    }

    /// The kind of value in a column.
    public enum Kind: Sendable, Equatable {
        /// Words, aligned left.
        case text
        /// Numbers, aligned right.
        case number
        /// A mean with its standard error.
        case measure
    }

    /// The heading and kind of a column.
    public struct Column: Sendable, Equatable {
        /// The heading.
        public let name: String
        /// The kind of its cells.
        public let kind: Kind

        /// A column, by default of words.
        public init(_ name: String, _ kind: Kind = .text) {
            self.name = name
            self.kind = kind
        }
    }

    /// The heading.
    public let title: String
    /// The columns from left to right.
    public let columns: [Column]
    /// Rows with one cell per column.
    public let rows: [[Cell]]

    /// A table; each row must have one cell per column.
    public init(_ title: String, columns: [Column], rows: [[Cell]]) {
        precondition(rows.allSatisfy { $0.count == columns.count }, "a row needs a cell for each column")
        self.title = title
        self.columns = columns
        self.rows = rows
    }

    /// The format of a table's text.
    public enum Format: String, Sendable, CaseIterable {
        /// RFC 4180 with exact numbers.
        case csv
        /// GitHub's tables.
        case markdown
        /// A `tabular` with rules of the package booktabs.
        case latex
        /// An array of one object per row, with exact numbers.
        case json
    }

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

    /// The rounded value as text; `plusMinus` is put between a mean and its error.
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
        // A small p-value would be shown as zeros only.
        if value != 0, digits > 0, abs(value) < 0.5 * pow(10, -Double(digits)) { return String(format: "%.1e", value) }
        return String(format: "%.\(digits)f", value)
    }
}
#endif

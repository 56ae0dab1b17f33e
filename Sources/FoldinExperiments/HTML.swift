#if Experiments
import Foundation

/// Elements of an HTML page.
enum HTML {
    /// The cells of a table among which the largest value is marked as the best.
    enum Marks {
        /// The cells of each of these columns.
        case inColumns(Set<String>)
        /// In each row with one of these texts in its first column (in every row if nil), the cells of each group of columns.
        case inRows(Set<String>?, columns: [[String]])
        /// No marks.
        case none
    }

    /// A text without characters that a browser reads as markup, also in a quoted attribute.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t", "\r": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A heading of level 2 or 3 that links to itself.
    static func heading(_ level: Int, _ title: String, id: String) -> String {
        "<h\(level) id=\"\(id)\"><a href=\"#\(id)\">\(escaped(title))</a></h\(level)>\n"
    }

    /// A table in a box of its own scroll bar; its first column stays in view. Columns without any value are left out.
    ///
    /// - Parameter details: for a column the one whose text is shown below its own, in the same cell.
    static func table(_ table: Table, marking marks: Marks = .none, details: [String: String] = [:]) -> String {
        let names = table.columns.map(\.name)
        let below = table.columns.indices.map { column in details[names[column]].flatMap { names.firstIndex(of: $0) } }
        let shown = table.columns.indices.filter { column in
            !below.contains(column) && table.rows.contains { !$0[column].readable().isEmpty }
        }
        let best = bestCells(table, marks)
        let head = shown.map { column -> String in
            // A metric's name may break before its cutoff.
            let name = table.columns[column].name
            let text = escaped(name).replacing("@", with: "<wbr>@")
            // The hyphen of a short name, such as a model's, is no place to break it.
            let classes = [
                table.columns[column].kind == .text ? nil : "n", name.count <= 12 && name.contains("-") ? "name" : nil,
            ]
            return "<th scope=\"col\"\(attribute(classes))>\(text)</th>"
        }.joined()
        let body = table.rows.enumerated().map { index, row -> String in
            let cells = shown.enumerated().map { place, column -> String in
                cell(
                    row[column], below[column].map { row[$0].readable() } ?? "", table.columns[column].kind, isHeader: place == 0,
                    isBest: best.contains([index, column]))
            }
            return "<tr>\(cells.joined())</tr>\n"
        }.joined()
        // Sorting is of use from three rows on.
        let kind = table.rows.count > 2 ? " class=\"sortable\"" : ""
        return
            "<div class=\"scroll\(shown.count <= 5 ? " narrow" : "")\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(table.title))\"><table\(kind)>\n<thead><tr>\(head)</tr></thead>\n"
            + "<tbody>\n\(body)</tbody></table></div>\n"
    }

    private static func cell(_ cell: Table.Cell, _ detail: String, _ kind: Table.Kind, isHeader: Bool, isBest: Bool) -> String {
        var text: String
        var key = ""
        switch cell {
        case .text(let words): text = escaped(words)
        case .number(let value, let digits):
            text = number(value, digits)
            key = value.isFinite ? " data-v=\"\(value)\"" : ""
        case .measure(let mean, let error, let digits):
            text = number(mean, digits)
            key = mean.isFinite ? " data-v=\"\(mean)\"" : ""
            if let error, error.isFinite { text += " <span class=\"below\">±\u{2009}\(number(error, digits))</span>" }
        case .missing: text = ""
        }
        if !detail.isEmpty { text += " <span class=\"below\">\(escaped(detail))</span>" }
        if isBest { text = "<b>\(text)</b>" }
        let isLong = kind == .text && cell.readable().count > 24
        let attributes = attribute([kind == .text ? nil : "n", isLong ? "long" : nil]) + key
        return isHeader ? "<th scope=\"row\"\(attributes)>\(text)</th>" : "<td\(attributes)>\(text)</td>"
    }

    /// The attribute `class`; empty without classes.
    private static func attribute(_ classes: [String?]) -> String {
        let names = classes.compactMap(\.self)
        return names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
    }

    /// A number with a minus sign; one too small for its digits as `<0.0001`.
    static func number(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "" }
        let isTiny = value != 0 && digits > 0 && abs(value) < 0.5 * pow(10, -Double(digits))
        let text = String(format: "%.\(digits)f", isTiny ? pow(10, -Double(digits)) : abs(value))
        return (isTiny && value > 0 ? "&lt;" : isTiny ? "&gt;−" : value < 0 ? "−" : "") + text
    }

    /// The places (row, column) of the best cells; none where all values are equal.
    private static func bestCells(_ table: Table, _ marks: Marks) -> Set<[Int]> {
        let groups: [[[Int]]]
        switch marks {
        case .none: groups = []
        case .inColumns(let names):
            groups = table.columns.indices.filter { names.contains(table.columns[$0].name) }
                .map { column in table.rows.indices.map { [$0, column] } }
        case .inRows(let rows, let names):
            groups = table.rows.indices.filter { rows?.contains(table.rows[$0][0].readable()) ?? true }.flatMap { row in
                names.map { group in table.columns.indices.filter { group.contains(table.columns[$0].name) }.map { [row, $0] } }
            }
        }
        return groups.reduce(into: []) { best, group in
            let values = group.compactMap { place in table.rows[place[0]][place[1]].value.map { (place: place, value: $0) } }
            guard let least = values.map(\.value).min(), let most = values.map(\.value).max(), least < most else { return }
            best.formUnion(values.filter { $0.value == most }.map(\.place))
        }
    }
}

extension Table.Cell {
    /// The value that ranks it among others: a number, the mean of a measure, or the number that a text is with a percent sign.
    fileprivate var value: Double? {
        switch self {
        case .number(let value, _), .measure(let value, _, _): value.isFinite ? value : nil
        case .text(let text): text.hasSuffix("%") ? Double(text.dropLast()) : nil
        case .missing: nil
        }
    }
}
#endif

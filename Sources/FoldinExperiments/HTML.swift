#if Experiments
import Foundation

/// Elements of an HTML page.
enum HTML {
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

    /// A table in a box of its own scroll bar. Columns without any value are left out; the first row can be highlighted.
    static func table(_ table: Table, highlightingFirst: Bool = false) -> String {
        let shown = table.columns.indices.filter { column in table.rows.contains { !$0[column].readable().isEmpty } }
        func line(_ row: [Table.Cell]) -> String {
            shown.map { column -> String in
                let isText = table.columns[column].kind == .text
                let text = escaped(row[column].readable("\u{2009}±\u{2009}"))
                return isText ? "<td>\(text)</td>" : "<td class=\"n\">\(text)</td>"
            }.joined()
        }
        let head = shown.map { column -> String in
            let name = escaped(table.columns[column].name)
            return table.columns[column].kind == .text
                ? "<th scope=\"col\">\(name)</th>" : "<th scope=\"col\" class=\"n\">\(name)</th>"
        }.joined()
        let body = table.rows.enumerated().map { index, row -> String in
            "<tr\(highlightingFirst && index == 0 ? " class=\"first\"" : "")>\(line(row))</tr>\n"
        }.joined()
        return
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(table.title))\"><table>\n<thead><tr>\(head)</tr></thead>\n"
            + "<tbody>\n\(body)</tbody></table></div>\n"
    }

    /// A picture by gnuplot as an element of a page: its identifiers are made unique by `number`, and black becomes the text's colour.
    static func inline(svg data: Data, title: String, number: Int) -> String {
        let text = String(decoding: data, as: UTF8.self)
        guard let start = text.range(of: "<svg"), let open = text.range(of: ">", range: start.upperBound..<text.endIndex),
            let box = text.firstMatch(of: /viewBox="([0-9. ]+)"/)
        else { return "" }
        var body = String(text[open.upperBound...])
        for (old, new) in [
            ("<title>Gnuplot</title>", ""), (" color=\"black\"", ""), ("'black'", "'currentColor'"),
            ("\"black\"", "\"currentColor\""),
            ("'rgb(  0,   0,   0)'", "'currentColor'"), ("\"rgb(0,0,0)\"", "\"currentColor\""),
            (" font-family=\"Helvetica\"", ""),
            ("id='", "id='f\(number)"), ("id=\"", "id=\"f\(number)"), ("'#", "'#f\(number)"), ("url(#", "url(#f\(number)"),
        ] {
            body = body.replacing(old, with: new)
        }
        body = body.replacing(/<desc>[^<]*<\/desc>/, with: "").replacing(/<title>[^<]*<\/title>/, with: "")
        return "<svg viewBox=\"\(box.1)\" role=\"img\" aria-label=\"\(escaped(title))\">"
            + body.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
#endif

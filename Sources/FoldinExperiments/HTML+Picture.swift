#if Experiments
import Foundation

extension HTML {
    /// A picture by gnuplot as an element of a page. Its identifiers are made unique by `number`. Its colours become the page's, so that they
    /// follow the colour scheme: black is the colour of text, white that of the paper, a series' colour a variable of the style sheet.
    static func inline(svg data: Data, title: String, number: Int) -> String {
        let text = String(decoding: data, as: UTF8.self)
        guard let start = text.range(of: "<svg"), let open = text.range(of: ">", range: start.upperBound..<text.endIndex),
            let box = text.firstMatch(of: /viewBox="([0-9. ]+)"/)
        else { return "" }
        var body = String(text[open.upperBound...])
        for (old, new) in [
            ("<title>Gnuplot</title>", ""), (" color=\"black\"", ""), (" color=\"white\"", ""), (" color=\"gray\"", ""),
            ("'black'", "'currentColor'"), ("\"black\"", "\"currentColor\""), ("'white'", "'var(--paper)'"),
            ("\"white\"", "\"var(--paper)\""), (" font-family=\"Helvetica\"", ""),
            ("id='", "id='f\(number)"), ("id=\"", "id=\"f\(number)"), ("'#", "'#f\(number)"), ("url(#", "url(#f\(number)"),
        ] {
            body = body.replacing(old, with: new)
        }
        body = body.replacing(/<desc>[^<]*<\/desc>/, with: "").replacing(/<title>[^<]*<\/title>/, with: "")
            .replacing(/<filter[\s\S]*?<\/filter>/, with: "").replacing(/<g [^>]*>\s*<\/g>\s*/, with: "")
        body = body.replacing(/rgb\(\s*(\d+),\s*(\d+),\s*(\d+)\)/) { match in
            variable([match.1, match.2, match.3].map { Int($0) ?? 0 })
        }
        return "<svg viewBox=\"\(box.1)\" role=\"img\" aria-label=\"\(escaped(title))\">"
            + body.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A figure's legend as a list, which takes as many lines as the screen needs; each item has a sample of the line and the mark.
    static func legend(_ entries: [Figure.Entry]) -> String {
        let items = entries.map { entry -> String in
            let colour = "var(--s\(entry.index % Series.limit + 1))"
            var sample = ""
            if entry.hasLine {
                let dashes = lineDashes[entry.index % Series.limit]
                sample += "<path d=\"M1 7H35\" stroke=\"\(colour)\" stroke-width=\"2\""
                sample += dashes.isEmpty ? "/>" : " stroke-dasharray=\"\(dashes)\"/>"
            }
            if entry.hasMarks { sample += "<path d=\"\(markShapes[entry.index % Series.limit])\" fill=\"\(colour)\"/>" }
            return "<li><svg viewBox=\"0 0 36 14\" aria-hidden=\"true\">\(sample)</svg>\(escaped(entry.title))</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    /// `Series.dashes` and `Series.marks` for a sample of 36 by 14.
    private static let lineDashes = ["", "8 4", "2 3", "9 3 2 3", "14 4", "5 2 2 2 2 2"]
    private static let markShapes = [
        "M18 3a4 4 0 1 1 0 8a4 4 0 1 1 0-8z", "M14.5 3.5h7v7h-7z", "M18 2.5l4.5 8h-9z", "M18 2l5 5l-5 5l-5-5z",
        "M18 11.5l4.5-8h-9z",
        "M18 2.5l4.5 3.3l-1.7 5.2h-5.6l-1.7-5.2z",
    ]

    /// The style sheet's variable for a colour of a figure; one that no figure uses becomes the colour of text.
    private static func variable(_ colour: [Int]) -> String {
        let name = "#" + colour.map { String(format: "%02X", $0) }.joined()
        if name == Series.gridColour { return "var(--grid)" }
        return Series.colours.firstIndex(of: name).map { "var(--s\($0 + 1))" } ?? "currentColor"
    }
}
#endif

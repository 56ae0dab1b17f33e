#if Experiments
import Foundation

extension Table {
    /// Column names and exact values, with a mean and its standard error in two columns (`…_se`).
    private var exact: (names: [String], rows: [[Table.Cell]]) {
        let names = columns.flatMap { $0.kind == .measure ? [$0.name, $0.name + "_se"] : [$0.name] }
        let rows = rows.map { row in
            zip(columns, row).flatMap { column, cell -> [Cell] in
                guard column.kind == .measure else { return [cell] }
                guard case .measure(let mean, let error, let digits) = cell else { return [.missing, .missing] }
                return [.number(mean, digits: digits), error.map { .number($0, digits: digits) } ?? .missing]
            }
        }
        return (names, rows)
    }

    /// RFC 4180, with exact numbers.
    var csv: String {
        func quoted(_ text: String) -> String {
            text.contains { ",\"\n\r\r\n".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
        }
        let (names, rows) = exact
        let lines =
            [names.map(quoted)]
            + rows.map { row in
                row.map { cell in
                    if case .number(let value, _) = cell { return Self.exact(value) }
                    return quoted(cell.readable())
                }
            }
        return lines.map { $0.joined(separator: ",") + "\n" }.joined()
    }

    /// GitHub's Markdown.
    var markdown: String {
        func escaped(_ text: String) -> String {
            var result = ""
            for character in text {
                switch character {
                case "\n", "\r", "\r\n": result += " "
                case "\\", "|", "*", "_", "`", "[", "]", "<", ">", "#": result += "\\" + String(character)
                default: result.append(character)
                }
            }
            return result
        }
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        return line(columns.map { escaped($0.name) }) + line(columns.map { $0.kind == .text ? "---" : "---:" })
            + rows.map { line($0.map { escaped($0.readable()) }) }.joined()
    }

    /// A `tabular` with the rules of the package booktabs.
    var latex: String {
        func escaped(_ text: String) -> String {
            text.map { character in
                switch character {
                case "\\": "\\textbackslash{}"
                case "~": "\\textasciitilde{}"
                case "^": "\\textasciicircum{}"
                case "&", "%", "$", "#", "_", "{", "}": "\\" + String(character)
                case "\n", "\r", "\r\n": " "
                case "<": "\\textless{}"
                case ">": "\\textgreater{}"
                case "|": "\\textbar{}"
                case "[": "{[}"  // after \\ it would be an option
                case "\"": "\\textquotedbl{}"
                default: String(character)
                }
            }.joined()
        }
        func line(_ cells: [String]) -> String { cells.joined(separator: " & ") + " \\\\\n" }
        let body = rows.map { row in
            line(
                row.map { cell in
                    if case .text(let text) = cell { return escaped(text) }
                    let text = cell.readable(" \\pm ")
                    return text.isEmpty ? "" : "$\(text)$"
                })
        }
        return "% needs \\usepackage{booktabs}\n\\begin{tabular}{" + columns.map { $0.kind == .text ? "l" : "r" }.joined()
            + "}\n\\toprule\n"
            + line(columns.map { escaped($0.name) }) + "\\midrule\n" + body.joined() + "\\bottomrule\n\\end{tabular}\n"
    }

    /// An array of one object per row; a missing value is null.
    var json: String {
        func quoted(_ text: String) -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        }
        let (names, rows) = exact
        let objects = rows.map { row in
            let fields = zip(names, row).map { name, cell in
                switch cell {
                case .text(let text): quoted(name) + ": " + quoted(text)
                case .number(let value, _) where value.isFinite: quoted(name) + ": " + Self.exact(value)
                default: quoted(name) + ": null"
                }
            }
            return "  {" + fields.joined(separator: ", ") + "}"
        }
        return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }

    /// The shortest text that reads back as this number.
    private static func exact(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }
}
#endif

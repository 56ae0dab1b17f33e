/// Aligned columns of text for a terminal.
package enum TextColumns {
    /// The rows of a table, each a line without blanks at its end. Columns that do not fit beside the others follow below, after an empty
    /// line, with the first column again.
    ///
    /// - Parameters:
    ///   - columns: the cells of each column from the top, all of the same number.
    ///   - width: the most characters of a line, unless the first column and one more need more.
    package static func lines(_ columns: [[String]], width: Int) -> [String] {
        guard let first = columns.first else { return [] }
        let widths = columns.map { $0.map(\.count).max() ?? 0 }
        var blocks: [[Int]] = []
        var used = Int.max
        for index in columns.indices.dropFirst() {
            if used > width - 2 - widths[index] {
                blocks.append([0])
                used = widths[0]
            }
            blocks[blocks.count - 1].append(index)
            used += 2 + widths[index]
        }
        if blocks.isEmpty { blocks = [[0]] }
        return Array(
            blocks.map { block in
                first.indices.map { row in
                    let line = block.map { columns[$0][row].padding(to: widths[$0]) }.joined(separator: "  ")
                    return String(line.reversed().drop { $0 == " " }.reversed())
                }
            }.joined(separator: [""]))
    }

    /// A sentence as lines of at most `width` characters, broken at blanks; lines after the first begin with two blanks.
    package static func wrapped(_ sentence: String, width: Int) -> String {
        var lines: [String] = []
        var line = ""
        for word in sentence.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = "  " + word
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return (lines + [line]).joined(separator: "\n")
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String { self + String(repeating: " ", count: max(0, count - self.count)) }
}

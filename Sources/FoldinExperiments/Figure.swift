#if Experiments
import Foundation

/// A diagram as a script for `Gnuplot`.
public struct Figure: Sendable, Equatable {
    /// One series in the legend.
    struct Entry: Sendable, Equatable {
        /// The series' title.
        let title: String
        /// The index of its colour, dash pattern and point mark in `Series`.
        let index: Int
        /// Whether the diagram has a line of it.
        let hasLine: Bool
        /// Whether the diagram has point marks of it.
        let hasMarks: Bool
    }

    /// The file name without its extension: `annealing`.
    public let name: String
    /// The heading.
    public let title: String
    /// The text below the diagram, which explains it.
    public let caption: String
    /// The series, best first. A file has them as gnuplot's key, the report as HTML, which adapts to the width of the screen.
    let legend: [Entry]
    /// The height in pixels at a width of 640, with the legend.
    let height: Int
    /// gnuplot's commands, without those that set terminal and output. Its variable `keyed` is 1 for a diagram with the legend, otherwise 0.
    let script: String
}

/// A series of points. Colour, dash pattern and point mark all differ, so that each one alone identifies the series.
struct Series {
    let title: String
    /// Rows of numbers; nil for a missing one.
    let rows: [[Double?]]

    /// Colours with a contrast of at least 3.5 to 1 on white. For normal sight, protanopia, deuteranopia and tritanopia (Machado et al. 2009)
    /// any two differ by at least 22 in CIELAB.
    static let colours = ["#14528F", "#D96500", "#00925A", "#A9709D", "#7C4300", "#7F73E6"]
    /// The colours for a dark page, with a contrast of at least 4 to 1 on `ReportStyle`'s dark paper and the same differences.
    static let darkColours = ["#9CCBFF", "#EB6A34", "#4FE08F", "#BE6C8E", "#F0D94A", "#7A68FF"]
    /// gnuplot's dash patterns and point marks, in the same order.
    static let dashes = ["solid", "(12,5)", "(3,4)", "(14,4,3,4)", "(20,6)", "(6,3,2,3,2,3)"]
    static let marks = [7, 5, 9, 13, 11, 15]

    /// The number of series that can be distinguished.
    static var limit: Int { colours.count }

    /// The rows as a data block of a script, named `$d` and the index.
    func block(_ index: Int) -> String {
        let lines = rows.map { row in row.map { $0.map { "\($0)" } ?? "NaN" }.joined(separator: " ") + "\n" }
        return "$d\(index) << EOD\n" + lines.joined() + "EOD\n"
    }

    /// Colour and dash pattern of a line.
    static func line(_ index: Int, width: Double = 2) -> String {
        "lc rgb '\(colours[index % limit])' dt \(dashes[index % limit]) lw \(width)"
    }

    /// Colour and point mark.
    static func mark(_ index: Int, size: Double = 0.8) -> String {
        "lc rgb '\(colours[index % limit])' pt \(marks[index % limit]) ps \(size)"
    }

    /// The colour of grid lines.
    static let gridColour = "#BBBBBB"

    /// The settings that all figures share.
    static let style = """
        set border 3
        set tics nomirror out scale 0.6
        set grid ytics lc rgb '\(gridColour)' lw 0.6 dt solid
        set key samplen 3 spacing 1.1
        set datafile missing 'NaN'

        """

    /// The command for a key of `titles` above the diagram, in as many columns as fit. Without `keyed` there is none.
    static func key(_ titles: [String]) -> String {
        "if (keyed) { set key tmargin center horizontal maxcols \(keyColumns(titles)) } else { unset key; set tmargin 0.8 }\n"
    }

    /// The lines of that key.
    static func keyRows(_ titles: [String]) -> Int { (titles.count + keyColumns(titles) - 1) / keyColumns(titles) }

    private static func keyColumns(_ titles: [String]) -> Int {
        // Pixels at a font size of 15: a letter, and the sample with its distances.
        let width = 8 * (titles.map(\.count).max() ?? 0) + 70
        return max(1, min(titles.count, 520 / width))
    }

    /// The commands for the range, the tics and their format on an axis with these values.
    static func axis(_ name: String, _ values: some Sequence<Double>, wholeNumbers: Bool = false, tics: Double = 4) -> String {
        let finite = values.filter(\.isFinite)
        guard let least = finite.min(), let most = finite.max() else { return "" }
        // A single value has an axis too: a tenth to both sides.
        let margin = most > least ? 0 : max(abs(least) * 0.1, 1e-3)
        let step = max(tic(from: least - margin, to: most + margin, count: tics), wholeNumbers ? 1 : 0)
        let (low, high) = (((least - margin) / step).rounded(.down) * step, ((most + margin) / step).rounded(.up) * step)
        let digits = min(15, max(0, Int(-log10(step).rounded(.down))))
        let (begin, end, distance) = (
            String(format: "%.\(digits)f", low), String(format: "%.\(digits)f", high), String(format: "%.\(digits)f", step)
        )
        return "set \(name)range [\(begin):\(end)]\nset \(name)tics \(distance)\nset format \(name) '%.\(digits)f'\n"
    }

    /// A distance between tics that gives about `count`: 1, 2 or 5 times a power of ten.
    private static func tic(from least: Double, to most: Double, count: Double) -> Double {
        guard most > least, (most - least).isFinite else { return 1 }
        let rough = (most - least) / count
        let power = pow(10, log10(rough).rounded(.down))
        return power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
    }
}
#endif

#if Experiments
import Foundation

/// A diagram as a script for `Gnuplot`.
public struct Figure: Sendable, Equatable {
    /// The file name without its extension: `annealing`.
    public let name: String
    /// The heading.
    public let title: String
    /// The text below the diagram, which explains it.
    public let caption: String
    /// The height in pixels at a width of 640.
    let height: Int
    /// gnuplot's commands, without those that set terminal and output.
    let script: String
}

/// A series of points. Colour, dash pattern and point mark all differ, so that each one alone identifies the series.
struct Series {
    let title: String
    /// Rows of numbers; nil for a missing one.
    let rows: [[Double?]]

    /// The colours of Okabe and Ito (2008) that colour-blind people can distinguish, without black and yellow.
    static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
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

    /// The settings that all figures share.
    static let style = """
        set border 3
        set tics nomirror out
        set grid ytics lc rgb '#bbbbbb' lw 0.6 dt solid
        set key samplen 3 spacing 1.1
        set datafile missing 'NaN'

        """
}
#endif

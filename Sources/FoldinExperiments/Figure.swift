import Foundation

/// A picture to be drawn by `Gnuplot`.
public struct Figure: Sendable, Equatable {
    /// For a file's name.
    public let name: String
    public let title: String
    /// What is to be seen, for the text below it.
    public let caption: String
    /// The height for a width of 640.
    let height: Int
    /// gnuplot's commands, without those of the terminal.
    let script: String
}

/// A series of points with its look: colour, dashes and mark all differ, so that any one of them is enough to tell it.
struct Series {
    let title: String
    /// Rows of numbers; what is missing is nil.
    let rows: [[Double?]]

    /// Okabe and Ito's colours that colour-blind people can tell apart (2008), without black and yellow.
    static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
    /// gnuplot's dash patterns and point marks, in the same order.
    static let dashes = ["solid", "(12,5)", "(3,4)", "(14,4,3,4)", "(20,6)", "(6,3,2,3,2,3)"]
    static let marks = [7, 5, 9, 13, 11, 15]

    /// How many can be told apart.
    static var most: Int { colours.count }

    /// A data block for a script.
    func block(_ index: Int) -> String {
        let lines = rows.map { row in row.map { $0.map { "\($0)" } ?? "NaN" }.joined(separator: " ") + "\n" }
        return "$d\(index) << EOD\n" + lines.joined() + "EOD\n"
    }

    /// Colour and dashes.
    static func line(_ index: Int, width: Double = 2) -> String {
        "lc rgb '\(colours[index % most])' dt \(dashes[index % most]) lw \(width)"
    }

    /// Colour and mark.
    static func mark(_ index: Int, size: Double = 0.8) -> String {
        "lc rgb '\(colours[index % most])' pt \(marks[index % most]) ps \(size)"
    }

    /// What all figures have in common.
    static let style = """
        set border 3
        set tics nomirror out
        set grid ytics lc rgb '#bbbbbb' lw 0.6 dt solid
        set key samplen 3 spacing 1.1
        set datafile missing 'NaN'

        """
}

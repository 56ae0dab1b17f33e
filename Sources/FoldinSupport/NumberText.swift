import Foundation

extension Int {
    /// The number with its digits in groups of three: `8,075`.
    package var grouped: String {
        let digits = String(magnitude)
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// This number of bytes in decimal units, with two significant digits below 10: `386 MB`, `1.2 GB`, `12 GB`.
    package var formattedBytes: String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(self)
        var unit = 0
        while value >= 999.5, unit + 1 < units.count {
            value /= 1_000
            unit += 1
        }
        return String(format: unit > 0 && value < 9.95 ? "%.1f " : "%.0f ", value) + units[unit]
    }
}

extension Double {
    /// A number from 0, rounded to tenths, with its digits in groups of three: `8,075` or `171.7`.
    package var grouped: String {
        let tenths = (self * 10).rounded() / 10
        guard let whole = Int(exactly: tenths.rounded(.down)) else { return String(format: "%.1f", tenths) }
        let rest = Int(((tenths - Double(whole)) * 10).rounded())
        return rest == 0 ? whole.grouped : "\(whole.grouped).\(rest)"
    }
}

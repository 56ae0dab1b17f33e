import Foundation

/// Parts of a line that shows the progress of long work.
package enum ProgressText {
    /// A bar of 24 characters, of which `fraction`, from 0 to 1, is filled.
    package static func bar(_ fraction: Double) -> String {
        let filled = Int(max(0, min(1, fraction)) * 24)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    }

    /// A duration in minutes and seconds, `3:07`, or with hours, `1:02:03`.
    package static func duration(_ seconds: Double) -> String {
        let total = Int(max(0, min(seconds, 1e7)).rounded())
        return total >= 3600
            ? String(format: "%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60)
            : String(format: "%d:%02d", total / 60, total % 60)
    }

    /// The beginning of a line that fits into `columns` of a terminal; characters of East Asian scripts and emoji take two.
    package static func cut(_ line: String, toColumns columns: Int) -> Substring {
        var used = 0
        for index in line.indices {
            used += isWide(line[index]) ? 2 : 1
            if used > columns { return line[..<index] }
        }
        return line[...]
    }

    private static func isWide(_ character: Character) -> Bool {
        switch character.unicodeScalars.first?.value ?? 0 {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6,
            0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}

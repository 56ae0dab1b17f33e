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
}

import FoldinInteractions
import FoldinSupport

/// Malformed rows that were skipped.
public struct BadRows: Sendable, Equatable {
    /// The number of such rows.
    public private(set) var count = 0
    /// What is wrong with the first three.
    public private(set) var first: [FoldinError] = []

    mutating func add(_ error: FoldinError) {
        count += 1
        if first.count < 3 { first.append(error) }
    }

    mutating func add(_ other: BadRows) {
        count += other.count
        first.append(contentsOf: other.first.prefix(max(0, 3 - first.count)))
    }
}

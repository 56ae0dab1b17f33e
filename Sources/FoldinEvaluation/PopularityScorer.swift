import FoldinInteractions
import FoldinKernels

/// Ranks items by how many training users clicked them, the same for everybody: the least a model has to beat.
public struct PopularityScorer: Scorer {
    private let scores: [Float]

    /// Counts the clicks of `training`. Above 2^24 clicks an item, counts are rounded to `Float`.
    public init(_ training: InteractionMatrix) { scores = training.itemCounts().map { Float($0) } }

    /// The number of columns of the training matrix.
    public var itemCount: Int { scores.count }

    /// Gives every user the same scores; the histories are not looked at.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        for row in 0..<rows.count { (scores + row * itemCount).update(from: self.scores, count: itemCount) }
    }
}

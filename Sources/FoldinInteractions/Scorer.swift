import FoldinKernels

/// Anything that can rank items for a person from the items the person clicked.
public protocol Scorer: Sendable {
    /// The number of items it scores; the number of columns of every matrix it is given.
    var itemCount: Int { get }

    /// Scores every item for the users `rows` of `histories`: higher is better, seen items are not special.
    ///
    /// `scores` is [rows.count, itemCount], row-major, and is overwritten. A user without clicks gets finite scores too.
    /// The result does not depend on the number of workers nor on which other rows are scored at the same time beyond
    /// rounding.
    func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers)

    /// The same scorer at less cost and precision; nil, as by default, where there is none on this machine.
    ///
    /// Making one may cost as much as scoring a few dozen users, and memory as long as it is kept.
    func approximate(workers: Workers) -> (any ApproximateScorer)?
}

extension Scorer {
    public func approximate(workers: Workers) -> (any ApproximateScorer)? { nil }
}

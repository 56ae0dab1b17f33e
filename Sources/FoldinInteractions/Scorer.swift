import FoldinKernels

/// A model that scores items for users from the items that they clicked.
public protocol Scorer: Sendable {
    /// The number of items that it scores, and the number of columns of every matrix that it takes.
    var itemCount: Int { get }

    /// Writes the scores of all items for the users `rows` of `histories` to `scores` [rows.count, itemCount], row-major.
    ///
    /// A higher score is better. Items of the history are scored as well. A user without clicks gets finite scores, too. Apart from
    /// rounding, the result depends neither on the number of workers nor on the other rows that are scored at the same time.
    ///
    /// See ``scores(for:rows:workers:)`` for scores as arrays.
    func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers)

    /// A faster scorer of lower precision; nil, the default, if there is none on this machine.
    ///
    /// Creating one may take as long as scoring a few dozen users. It holds memory while it exists.
    func approximate(workers: Workers) -> (any ApproximateScorer)?
}

extension Scorer {
    /// Nil: the scorer has no approximate variant.
    public func approximate(workers: Workers) -> (any ApproximateScorer)? { nil }

    /// The scores of all items for each user: element `[i][j]` is the score of item `j` for the user `rows[i]` of `histories`.
    ///
    /// Takes 4 bytes per user and item. Callers that need only the best items of many users use ``ScoredBlock``.
    ///
    /// - Parameters:
    ///   - histories: the users' items, [users, itemCount].
    ///   - rows: the users to score; all if nil.
    ///   - workers: the threads to use.
    public func scores(for histories: InteractionMatrix, rows: Range<Int>? = nil, workers: Workers = Workers()) -> [[Float]] {
        let rows = rows ?? 0..<histories.userCount
        precondition(histories.itemCount == itemCount, "found \(histories.itemCount) items; expected \(itemCount)")
        let atOnce = min(rows.count, ScoredBlock.usersAtOnce(500, items: itemCount))
        guard atOnce > 0, itemCount > 0 else { return rows.map { _ in [] } }
        let block = FloatBuffer(count: atOnce * itemCount)
        var result: [[Float]] = []
        result.reserveCapacity(rows.count)
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: atOnce) {
            let part = start..<min(rows.upperBound, start + atOnce)
            score(histories, rows: part, into: block.pointer, workers: workers)
            for row in 0..<part.count {
                result.append(Array(UnsafeBufferPointer(start: block.pointer + row * itemCount, count: itemCount)))
            }
        }
        return withExtendedLifetime(block) { result }
    }
}

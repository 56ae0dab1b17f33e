import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

extension Recommender {
    /// The `count` best items by index for each row of `histories`, into `items` and `scores` [histories.userCount, count], row-major.
    ///
    /// Places for which no item is left get the index -1 and the score NaN. An empty history gets the most popular items, as
    /// ``recommend(_:havingLiked:excluding:allowing:)``. Users are scored in blocks of 500.
    ///
    /// - Parameters:
    ///   - count: the number of items per user.
    ///   - histories: [users, items of the model].
    ///   - keepsHistory: whether items of the history may be recommended.
    ///   - excluded: items not to recommend.
    ///   - allowed: the only items to recommend; all if nil.
    ///   - items: the result.
    ///   - scores: the scores of the result, in the same places.
    ///   - isCancelled: called before each block of users.
    /// - Throws: `FoldinError` of kind `usage` if `count` is not positive; `CancellationError`.
    package func bestItems(
        _ count: Int, for histories: InteractionMatrix, keepingHistory keepsHistory: Bool, excluding excluded: [Int32],
        allowing allowed: [Int32]?, into items: UnsafeMutablePointer<Int32>, scores: UnsafeMutablePointer<Float>,
        isCancelled: () -> Bool
    ) throws {
        try check(count)
        let forbidden = masked(excluding: excluded, allowing: allowed)
        let hasEmpty = (0..<histories.userCount).contains { histories.row($0).isEmpty }
        let popular = hasEmpty ? popularIndices(count, without: forbidden) : ([], [])
        _ = try lists(count, for: histories, keepingHistory: keepsHistory, without: forbidden, isCancelled: isCancelled) {
            row, best in
            let place = row * count
            if histories.row(row).isEmpty {
                Self.fill(items + place, scores + place, count, popular.0, popular.1)
            } else {
                let found = best()
                Self.fill(items + place, scores + place, count, found.items, found.scores)
            }
        }
    }

    /// Copies a list to a row of `count` places; those without an item get -1 and NaN.
    package static func fill(
        _ items: UnsafeMutablePointer<Int32>, _ scores: UnsafeMutablePointer<Float>, _ count: Int, _ best: some Collection<Int32>,
        _ bestScores: some Collection<Float>
    ) {
        for (place, (item, score)) in zip(best, bestScores).enumerated() { (items[place], scores[place]) = (item, score) }
        for place in best.count..<count { (items[place], scores[place]) = (-1, .nan) }
    }
}

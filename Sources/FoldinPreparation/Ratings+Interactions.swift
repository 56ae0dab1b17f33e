extension Ratings {
    /// Calls `body` with every row of the file, in the file's order and before any filter.
    ///
    /// `rating` is nil in a file without ratings, `timestamp` if times were not read. An error of `body` ends the iteration and is thrown.
    ///
    /// ```swift
    /// let ratings = try Ratings(contentsOf: "ratings.csv", keepingTimestamps: true)
    /// ratings.forEachInteraction { user, item, rating, timestamp in print(user, item) }
    /// ```
    public func forEachInteraction(
        _ body: (_ user: String, _ item: String, _ rating: Float?, _ timestamp: Int64?) throws -> Void
    ) rethrows {
        var number = 0
        for piece in rows {
            let columns = piece.columns
            for run in 0..<columns.runCount {
                let user = userIds[Int(piece.codes.users[Int(columns.runs[run].user)])]
                for row in columns.rows(ofRun: run) {
                    let item = itemIds[Int(piece.codes.items[Int(columns.item(row))])]
                    try body(
                        user, item, hasRatings ? columns.rating(row) : nil, timestamps.isEmpty ? nil : timestamps[number])
                    number += 1
                }
            }
        }
    }
}

import CFoldinKernels

/// Rows of one block, and for each of the block's own codes of users and items the code in the whole file. Rows keep their own codes; these
/// are translated when rows are copied, which saves a pass over all rows.
struct CodedRows: Sendable {
    let columns: RowColumns
    let codes: (users: [UInt32], items: [UInt32])

    var count: Int { columns.count }

    /// The number of rows rated above a threshold; of all rows if it is nil.
    func count(ratedAbove threshold: Float?) -> Int {
        guard let threshold else { return count }
        return withRows { foldin_count_rated($0, threshold) }
    }

    /// Copies the codes of the rows rated above a threshold, of all rows if it is nil, to `users` and `items`. There are `kept` such rows by
    /// `count(ratedAbove:)`.
    func copy(
        _ kept: Int, ratedAbove threshold: Float?, users: UnsafeMutablePointer<UInt32>, items: UnsafeMutablePointer<UInt32>
    ) {
        // Every rating is finite.
        withRows { foldin_keep_rated($0, threshold ?? -.infinity, users, items, kept) }
    }

    /// Calls `body` with the rows in the form of the C functions.
    private func withRows<Result>(_ body: (foldin_rated_rows) -> Result) -> Result {
        codes.users.withUnsafeBufferPointer { users in
            codes.items.withUnsafeBufferPointer { items in
                // An empty array may have no address; then there are no rows, and no code is read.
                withUnsafePointer(to: UInt32(0)) { none in
                    body(
                        foldin_rated_rows(
                            count: columns.count, items: columns.items, ratings: columns.ratings.map { UnsafePointer($0) },
                            runs: columns.runs, run_count: columns.runCount,
                            user_codes: users.baseAddress ?? none, item_codes: items.baseAddress ?? none))
                }
            }
        }
    }
}

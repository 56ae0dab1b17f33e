import FoldinKernels

/// Which items each user clicked: a binary matrix [users, items] in compressed sparse row format.
///
/// Row `u` is `columns[rowStarts[u] ..< rowStarts[u + 1]]`, ascending and without duplicates. Takes 4 bytes per interaction and 8 bytes per
/// user.
public struct InteractionMatrix: Sendable, Equatable {
    /// Where each row begins in `columns`; the first is 0, and one more entry than rows holds the end of the last row.
    public let rowStarts: [Int]
    /// Item indices, row after row.
    public let columns: [Int32]
    /// The number of items (columns).
    public let itemCount: Int

    /// The number of users (rows).
    public var userCount: Int { rowStarts.count - 1 }
    /// The number of interactions.
    public var count: Int { columns.count }

    /// Creates a matrix from parts that have the format described above.
    public init(rowStarts: [Int], columns: [Int32], itemCount: Int) {
        precondition(rowStarts.first == 0 && rowStarts.last == columns.count, "rowStarts must run from 0 to columns.count")
        self.rowStarts = rowStarts
        self.columns = columns
        self.itemCount = itemCount
    }

    /// Creates a matrix of the given rows of item indices; rows are sorted and duplicates removed. Indices must be in range.
    public init<Rows: Sequence>(rows: Rows, itemCount: Int) where Rows.Element: Sequence, Rows.Element.Element == Int {
        var starts = [0]
        var columns: [Int32] = []
        for row in rows {
            var previous: Int32 = -1
            for item in row.map({ Int32($0) }).sorted() where item != previous {
                precondition(item >= 0 && item < itemCount, "item index \(item) is not in 0..<\(itemCount)")
                columns.append(item)
                previous = item
            }
            starts.append(columns.count)
        }
        self.init(rowStarts: starts, columns: columns, itemCount: itemCount)
    }

    /// Creates a matrix from parallel lists of user and item indices in any order; duplicate pairs are removed.
    ///
    /// Takes time linear in the number of pairs, and `workers` share the sorting of the rows. Indices must be in range.
    public init(users: [Int32], items: [Int32], userCount: Int, itemCount: Int, workers: Workers = Workers()) {
        precondition(users.count == items.count, "\(users.count) users cannot be paired with \(items.count) items")
        var starts = [Int](repeating: 0, count: userCount + 1)
        for user in users { starts[Int(user) + 1] += 1 }
        for user in 0..<userCount { starts[user + 1] += starts[user] }
        var rowCounts = [Int](repeating: 0, count: userCount)
        var columns = [Int32](largeCapacity: items.count) { columns in
            var next = starts
            for index in users.indices {
                let user = Int(users[index])
                (columns + next[user]).initialize(to: items[index])
                next[user] += 1
            }
            rowCounts.withUnsafeMutableBufferPointer { counts in
                guard let counts = counts.baseAddress else { return }
                // Each piece sorts the rows and writes the counts of its own users only.
                workers.forEachPiece(of: userCount, size: 1_024) { piece, _ in
                    for user in piece {
                        let row = UnsafeMutableBufferPointer(
                            start: columns + starts[user], count: starts[user + 1] - starts[user])
                        counts[user] = Self.sortRemovingDuplicates(row)
                    }
                }
            }
            return items.count
        }
        guard rowCounts.reduce(0, +) < columns.count else {
            self.init(rowStarts: starts, columns: columns, itemCount: itemCount)
            return
        }
        var end = 0
        for user in 0..<userCount {
            let first = starts[user]
            starts[user] = end
            for index in first..<first + rowCounts[user] {
                columns[end] = columns[index]
                end += 1
            }
        }
        starts[userCount] = end
        columns.removeLast(columns.count - end)
        self.init(rowStarts: starts, columns: columns, itemCount: itemCount)
    }

    /// Sorts a row, moves its distinct items to the front and returns their number.
    private static func sortRemovingDuplicates(_ row: UnsafeMutableBufferPointer<Int32>) -> Int {
        var row = row
        row.sort()
        var end = 0
        for index in row.indices where index == 0 || row[index] != row[end - 1] {
            row[end] = row[index]
            end += 1
        }
        return end
    }

    /// The items of one user, ascending. Copies nothing.
    public func row(_ user: Int) -> ArraySlice<Int32> { columns[rowStarts[user]..<rowStarts[user + 1]] }

    /// Some rows, in the order given.
    package func selecting(_ rows: [Int]) -> InteractionMatrix {
        InteractionMatrix(
            rowStarts: rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + row($1).count) }, columns: rows.flatMap(row),
            itemCount: itemCount)
    }

    /// The most items that a row has; 0 without rows.
    package var longestRow: Int { (0..<userCount).reduce(0) { max($0, row($1).count) } }

    /// Which users clicked each item: [items, users].
    package func transposed() -> InteractionMatrix {
        var starts = [Int](repeating: 0, count: itemCount + 1)
        for item in columns { starts[Int(item) + 1] += 1 }
        for item in 0..<itemCount { starts[item + 1] += starts[item] }
        var next = starts
        var users = [Int32](repeating: 0, count: columns.count)
        for user in 0..<userCount {
            for item in row(user) {
                users[next[Int(item)]] = Int32(user)
                next[Int(item)] += 1
            }
        }
        return InteractionMatrix(rowStarts: starts, columns: users, itemCount: userCount)
    }

    /// The number of users who clicked each item.
    public func itemCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: itemCount)
        for item in columns { counts[Int(item)] += 1 }
        return counts
    }
}

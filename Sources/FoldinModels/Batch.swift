import CFoldinKernels
import FoldinInteractions

/// The clicks of one training batch, by user and by item.
///
/// Reused from step to step: after the first batches assembling one allocates nothing. Costs a pass over the clicks and one
/// over the item counts.
struct Batch {
    /// The number of users.
    private(set) var userCount = 0
    /// Row `u` of `columns` and `values` is `rowStarts[u] ..< rowStarts[u + 1]`.
    private(set) var rowStarts: [Int] = []
    /// Clicked items, ascending in each row.
    private(set) var columns: [Int32] = []
    /// What the first layer sees of each click: L2-normalised, dropped out, perhaps through tanh.
    private(set) var values: [Float] = []
    /// The same clicks by item: entry `i` of `itemRows` and `itemValues` is `itemStarts[i] ..< itemStarts[i + 1]`.
    private(set) var itemStarts: [Int] = []
    /// Users of the batch, ascending for each item; clicks that dropout removed are left out.
    private(set) var itemRows: [Int32] = []
    private(set) var itemValues: [Float] = []

    /// Takes the clicks of `users`, draws the input dropout of `layer`, and groups by item.
    mutating func assemble(
        _ matrix: InteractionMatrix, users: ArraySlice<Int32>, layer: Layer, randomness: foldin_random_source
    ) {
        takeClicks(matrix, users: users, layer: layer, randomness: randomness)
        group(by: columns, count: matrix.itemCount)
    }

    /// The first part of `assemble`: what goes by user.
    mutating func takeClicks(
        _ matrix: InteractionMatrix, users: ArraySlice<Int32>, layer: Layer, randomness: foldin_random_source
    ) {
        userCount = users.count
        rowStarts.removeAll(keepingCapacity: true)
        columns.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        rowStarts.append(0)
        for user in users {
            let row = matrix.row(Int(user))
            columns.append(contentsOf: row)
            values.append(contentsOf: repeatElement(normalizedClick(row.count), count: row.count))
            rowStarts.append(columns.count)
        }
        values.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return }
            if layer.dropout > 0 { foldin_dropout(randomness, 0, values.count, 1 - layer.dropout, start, start) }
            if layer.activatesInput { foldin_tanh(values.count, start, start) }
        }
    }

    /// A counting sort of the surviving clicks by item, which keeps the users of an item in order.
    ///
    /// `keys` has a number below `count` for each click, which is its item for `itemStarts`.
    mutating func group(by keys: [Int32], count itemCount: Int) {
        if itemStarts.count < itemCount + 1 { itemStarts = [Int](repeating: 0, count: itemCount + 1) }
        if itemRows.count < columns.count {
            itemRows = [Int32](repeating: 0, count: columns.count + columns.count / 4)
            itemValues = [Float](repeating: 0, count: itemRows.count)
        }
        itemStarts.withUnsafeMutableBufferPointer { starts in
            starts.update(repeating: 0)
            for (key, value) in zip(keys, values) where value != 0 { starts[Int(key)] += 1 }
            var total = 0
            for item in 0...itemCount {
                total += starts[item]
                starts[item] = total
            }
            // Each start stands one past its item's last click; walking backwards brings it to the first.
            for user in (0..<userCount).reversed() {
                for index in (rowStarts[user]..<rowStarts[user + 1]).reversed() where values[index] != 0 {
                    let item = Int(keys[index])
                    starts[item] -= 1
                    itemRows[starts[item]] = Int32(user)
                    itemValues[starts[item]] = values[index]
                }
            }
        }
    }
}

import FoldinInteractions
import FoldinKernels

/// The clicks of one training batch, by user and by item.
///
/// It is reused from step to step: after the first batches nothing is allocated. A batch costs a pass over the clicks and one over
/// the item counts.
package struct Batch {
    /// The number of users.
    package private(set) var userCount = 0
    /// Row `u` of `columns` and `values` is `rowStarts[u] ..< rowStarts[u + 1]`.
    package private(set) var rowStarts: [Int] = []
    /// Clicked items, ascending in each row.
    package private(set) var columns: [Int32] = []
    /// The first layer's input of each click: L2-normalised, after dropout and perhaps tanh.
    package private(set) var values: [Float] = []
    /// The weight of each user's loss: 1, unless `weigh` gave others.
    package private(set) var weights: [Float] = []
    /// The same clicks by item: entry `i` of `itemRows` and `itemValues` is `itemStarts[i] ..< itemStarts[i + 1]`.
    package private(set) var itemStarts: [Int] = []
    /// Users of the batch, ascending for each item; clicks that dropout removed are left out.
    package private(set) var itemRows: [Int32] = []
    package private(set) var itemValues: [Float] = []

    package init() {}

    /// Takes the clicks of `users` and draws the input dropout of `layer`; without randomness nothing is dropped.
    package mutating func takeClicks(
        _ matrix: InteractionMatrix, users: ArraySlice<Int32>, layer: InputLayer, randomness: StepRandomness?
    ) {
        takeClicks(matrix, users: users)
        values.withUnsafeMutableBufferPointer { buffer in
            let values = MutableVectorView(buffer)
            if layer.layer.dropout > 0, let randomness {
                randomness.source(RandomStream.dropout(0)).dropout(values.readOnly, keep: 1 - layer.layer.dropout, into: values)
            }
            if layer.layer.activatesInput { layer.engine.tanh(values.readOnly, into: values) }
        }
    }

    /// Takes the clicks of `users`, L2-normalised.
    package mutating func takeClicks(_ matrix: InteractionMatrix, users: ArraySlice<Int32>) {
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
        weigh { _ in 1 }
    }

    /// Gives each user's loss the weight that `weight` has for the user's number of clicks.
    package mutating func weigh(by weight: (Int) -> Float) {
        weights.removeAll(keepingCapacity: true)
        for user in 0..<userCount { weights.append(weight(clickCount(of: user))) }
    }

    /// The number of clicks of a user of the batch.
    package func clickCount(of user: Int) -> Int { rowStarts[user + 1] - rowStarts[user] }

    /// Runs `body` with the clicks by user; `items` are the batch's items, or others in their place.
    package func withClicks<Result>(_ items: [Int32]? = nil, _ body: (BatchClicks) -> Result) -> Result {
        BatchClicks.withClicks(starts: rowStarts, items: items ?? columns, body)
    }

    /// Runs `body` for each user of some with the user's clicks and their values.
    package func forEachUser(_ users: Range<Int>, _ body: (Int, SparseVector) -> Void) {
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                for user in users {
                    let clicks = rowStarts[user]..<rowStarts[user + 1]
                    body(
                        user,
                        SparseVector(
                            indices: UnsafeBufferPointer(rebasing: columns[clicks]),
                            values: VectorView(UnsafeBufferPointer(rebasing: values[clicks]))))
                }
            }
        }
    }

    /// Runs `body` for each key of some that has clicks left, in order, with these clicks: the users and the values. Before each, `prefetch`
    /// is given the key after it.
    package func forEachKey(_ keys: Range<Int>, prefetch: (Int) -> Void = { _ in }, _ body: (Int, SparseVector) -> Void) {
        itemRows.withUnsafeBufferPointer { rows in
            itemValues.withUnsafeBufferPointer { values in
                func visit(_ key: Int) {
                    let clicks = itemStarts[key]..<itemStarts[key + 1]
                    body(
                        key,
                        SparseVector(
                            indices: UnsafeBufferPointer(rebasing: rows[clicks]),
                            values: VectorView(UnsafeBufferPointer(rebasing: values[clicks]))))
                }
                var previous: Int?
                for key in keys where itemStarts[key + 1] > itemStarts[key] {
                    prefetch(key)
                    if let previous { visit(previous) }
                    previous = key
                }
                if let previous { visit(previous) }
            }
        }
    }

    /// A counting sort of the surviving clicks by item, which keeps the users of an item in order.
    ///
    /// `keys` has a number below `count` for each click, which counts as its item in `itemStarts`: the item, or its place among candidates.
    package mutating func group(by keys: [Int32], count itemCount: Int) {
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
            // Each start is one past its item's last click; walking backwards moves it to the first.
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

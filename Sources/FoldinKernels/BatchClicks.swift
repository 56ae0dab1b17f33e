/// The clicks of a batch by user: user `u` clicked `items[starts[u]] ..< items[starts[u + 1]]`, ascending.
///
/// A view of memory that another object owns. "Items" are the columns of the logits: all items, or candidates of a sampled softmax.
@frozen
public struct BatchClicks {
    /// The index in `items` of each user's first click, and the number of all clicks: one element more than there are users.
    public let starts: UnsafeBufferPointer<Int>
    /// The clicked items of all users, one user after the other.
    public let items: UnsafeBufferPointer<Int32>

    /// Clicks in memory that outlives the view.
    @inlinable
    public init(starts: UnsafeBufferPointer<Int>, items: UnsafeBufferPointer<Int32>) {
        precondition(!starts.isEmpty && starts[starts.count - 1] <= items.count, "the clicks end after the last element of items")
        (self.starts, self.items) = (starts, items)
    }

    /// The number of users.
    @inlinable
    public var userCount: Int { starts.count - 1 }

    /// The items of one user.
    @inlinable
    public func items(of user: Int) -> UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(rebasing: items[starts[user]..<starts[user + 1]])
    }

    /// Runs `body` with the clicks in two arrays; the view is valid until `body` returns.
    @inlinable
    public static func withClicks<Result>(
        starts: [Int], items: [Int32], _ body: (BatchClicks) throws -> Result
    ) rethrows -> Result {
        try starts.withUnsafeBufferPointer { starts in
            try items.withUnsafeBufferPointer { items in try body(BatchClicks(starts: starts, items: items)) }
        }
    }
}

/// The non-zero elements of a sparse vector: `values[i]` at index `indices[i]`.
///
/// A view of memory that another object owns. An index may occur more than once; its values are added.
@frozen
public struct SparseVector {
    /// The indices of the elements.
    public let indices: UnsafeBufferPointer<Int32>
    /// The elements, as many as `indices`.
    public let values: VectorView

    /// Elements in memory that outlives the view.
    @inlinable
    public init(indices: UnsafeBufferPointer<Int32>, values: VectorView) {
        precondition(indices.count == values.count, "\(indices.count) indices for \(values.count) values")
        (self.indices, self.values) = (indices, values)
    }
}

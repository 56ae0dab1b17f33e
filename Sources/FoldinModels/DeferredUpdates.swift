import CFoldinKernels
import FoldinKernels

/// The updates that rows of the first layer, a row being an item's weights, have not had yet.
///
/// In a batch most items of a large catalogue have no click. Their rows have no gradient then, but Adam moves them all the same: a
/// pass over weights and moments, bound by memory. Such updates are put off until a batch reads the row, or until there are
/// `most`, and are then made one after the other while the row is in registers: the same operations in the same order as at
/// once, hence the same bits, for a fraction of the traffic. Every step brings some panels up to date in turn, so that all cost
/// the same.
final class DeferredUpdates {
    /// No row is further behind.
    static let most = 32

    private let weight: FloatBuffer
    private let first: FloatBuffer
    private let second: FloatBuffer
    private let width: Int
    private let items: Int
    /// The latest updates, at most `most` of them, the last at the end.
    private var latest: [foldin_adam_step] = []
    /// Updates begun so far.
    private var begun = 0
    /// By item, how many of them its row has had.
    private let made: UnsafeMutableBufferPointer<Int>

    /// For the matrix [items, width] of `parameters`' first layer, up to date, with its moments.
    init(_ parameters: Parameters, first: Parameters, second: Parameters) {
        (weight, self.first, self.second) = (parameters.linears[0].weight, first.linears[0].weight, second.linears[0].weight)
        (items, width) = (parameters.architecture.layers[0].inputs, parameters.architecture.layers[0].outputs)
        made = .allocate(capacity: items)
        made.initialize(repeating: 0)
    }

    deinit { made.deallocate() }

    /// A new update, which each row is to have once, now or later.
    func begin(_ update: foldin_adam_step) {
        if latest.count == Self.most { latest.removeFirst() }
        latest.append(update)
        begun += 1
    }

    /// Whether the rows of a panel have to have the update that was begun last, with all before it.
    func isDue(panel: Int) -> Bool { panel % Self.most == begun % Self.most }

    /// Asks for `item`'s row, which is wanted soon.
    func fetch(_ item: Int) {
        let at = item * width
        foldin_fetch(width, weight.pointer + at)
        foldin_fetch(width, first.pointer + at)
        foldin_fetch(width, second.pointer + at)
    }

    /// Makes what `item`'s row has not had. Different items may be brought up to date at the same time.
    func bringUpToDate(_ item: Int) {
        let missing = begun - made[item]
        guard missing > 0 else { return }
        precondition(missing <= latest.count, "a row is brought up to date before an update that it misses is forgotten")
        let at = item * width
        latest.withUnsafeBufferPointer { latest in
            guard let end = latest.baseAddress.map({ $0 + latest.count }) else { return }
            foldin_adam_alone(end - missing, missing, width, weight.pointer + at, first.pointer + at, second.pointer + at)
        }
        made[item] = begun
    }

    /// Makes the update that was begun last for a row that has had all before it, with its `gradient` [width].
    func update(_ item: Int, gradient: UnsafePointer<Float>) {
        precondition(made[item] == begun - 1, "a row that the batch reads is brought up to date before")
        let at = item * width
        var update = latest[latest.count - 1]
        foldin_adam(&update, width, weight.pointer + at, first.pointer + at, second.pointer + at, gradient)
        made[item] = begun
    }

    /// Brings all rows up to date.
    func settle(_ workers: Workers) {
        guard begun > 0 else { return }
        workers.forEachPiece(of: items, size: itemsAPanel) { items, _ in
            for item in items { bringUpToDate(item) }
        }
        forget()
    }

    /// Takes all rows for up to date: other weights have been put in their place.
    func forget() {
        latest.removeAll(keepingCapacity: true)
        begun = 0
        made.update(repeating: 0)
    }
}

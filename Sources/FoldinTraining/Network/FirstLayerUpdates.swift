import FoldinKernels
import FoldinModels

/// How the rows of the first layer are updated, of which a batch reads few; a row is an item's weights.
///
/// A batch's clicks are grouped by keys: the items, or places among candidates.
protocol FirstLayerUpdates: AnyObject {
    /// Groups the batch by key, and makes all updates that the rows it reads have not had yet.
    func prepare(_ batch: inout Batch, workers: Workers)

    /// Begins an update that each row is to have, now or later.
    func begin(_ update: AdamUpdate)

    /// The number of keys, of which `itemsPerPanel` make a task.
    var keyCount: Int { get }

    /// Updates rows of some keys, one panel of them; `gradient` makes the gradient of a key's row from its clicks.
    func update(
        _ keys: Range<Int>, _ batch: Batch, gradient: (SparseVector, MutableVectorView) -> Void)
}

/// Exact Adam for the rows of the first layer; updates without a gradient are deferred.
///
/// In a batch most items of a large catalogue have no click. Their rows have no gradient then, but Adam moves them nevertheless: a
/// pass over weights and moments, bound by memory. Such updates are deferred until a batch reads the row, or until there are
/// `most` of them, and are then made one after the other while the row is in registers: the same operations in the same order as at
/// once, hence the same bits, for a fraction of the traffic. Every step makes the pending updates of some panels in turn, so that
/// all steps cost the same.
final class DeferredRows: FirstLayerUpdates {
    /// The most updates of a row that are pending.
    static let most = 32

    private let rows: AdamWeights
    // Keeps the memory of `rows`.
    private let parameters: AdamParameters
    private let engine: any ComputeEngine
    private let width: Int
    private let items: Int
    /// The latest updates, at most `most` of them, the last at the end.
    private var latest: [AdamUpdate] = []
    /// Updates begun so far.
    private var begun = 0
    /// By item, how many of them its row has had.
    private let made: UnsafeMutableBufferPointer<Int>

    /// For the first layer of `parameters`, none of whose updates is pending.
    init(_ parameters: AdamParameters, engine: any ComputeEngine) {
        (self.parameters, self.engine) = (parameters, engine)
        rows = parameters.weights(0)
        let layer = parameters.weights.shape.layers[0]
        (items, width) = (layer.inputs, layer.outputs)
        made = .allocate(capacity: items)
        made.initialize(repeating: 0)
    }

    deinit { made.deallocate() }

    var keyCount: Int { items }

    func prepare(_ batch: inout Batch, workers: Workers) {
        batch.group(by: batch.columns, count: items)
        let batch = batch
        workers.forEachPiece(of: items, size: itemsPerPanel) { items, _ in
            batch.forEachKey(items, prefetch: prefetch) { item, _ in applyPending(item) }
        }
    }

    func begin(_ update: AdamUpdate) {
        if latest.count == Self.most { latest.removeFirst() }
        latest.append(update)
        begun += 1
    }

    func update(_ keys: Range<Int>, _ batch: Batch, gradient: (SparseVector, MutableVectorView) -> Void) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { memory in
            let own = MutableVectorView(memory)
            batch.forEachKey(keys, prefetch: prefetch) { item, clicks in
                gradient(clicks, own)
                update(item, gradient: own.readOnly)
            }
        }
        // The other rows of the panel have their pending updates in some step.
        guard keys.lowerBound / itemsPerPanel % Self.most == begun % Self.most else { return }
        for item in keys { applyPending(item) }
    }

    private func row(_ item: Int) -> AdamWeights { rows.row(item, width: width) }

    private func prefetch(_ item: Int) { engine.prefetch(row(item)) }

    /// Makes the pending updates of an item's row. Different items may be updated at the same time.
    private func applyPending(_ item: Int) {
        let missing = begun - made[item]
        guard missing > 0 else { return }
        precondition(missing <= latest.count, "pending updates are made before the oldest of them is forgotten")
        latest.withUnsafeBufferPointer { latest in
            engine.updateWithoutGradient(row(item), UnsafeBufferPointer(rebasing: latest[(latest.count - missing)...]))
        }
        made[item] = begun
    }

    /// Makes the update that was begun last, with its `gradient` [width], of a row that has had all before it.
    private func update(_ item: Int, gradient: VectorView) {
        precondition(made[item] == begun - 1, "pending updates of a row that the batch reads are made before")
        engine.update(row(item), gradient: gradient, latest[latest.count - 1])
        made[item] = begun
    }

    /// Makes all pending updates.
    func flush(_ workers: Workers) {
        guard begun > 0 else { return }
        workers.forEachPiece(of: items, size: itemsPerPanel) { items, _ in
            for item in items { applyPending(item) }
        }
        reset()
    }

    /// Forgets pending updates: other weights have taken the place of all.
    func reset() {
        latest.removeAll(keepingCapacity: true)
        begun = 0
        made.update(repeating: 0)
    }
}

import FoldinKernels
import FoldinModels

/// For each item the `keep` other items with the heaviest weights to it, of either sign; among equal ones the lower index.
///
/// `weights` is [items, items], row `i` the weights from item `i`. A few hundred weights an item score nearly as all do and take
/// a hundredth of the memory: most are close to 0.
func heaviest(_ keep: Int, of weights: FloatBuffer, items: Int, workers: Workers) -> ItemNeighbours.Lists {
    let kept = min(keep, items)
    // A cache line has 16 weights to 16 items.
    let width = 16
    let pieces = workers.map((items + width - 1) / width) { piece, _ in
        let first = piece * width
        let own = first..<min(items, first + width)
        let columns = FloatBuffer(count: own.count * items)
        for item in 0..<items {
            let row = weights.pointer + item * items
            for column in own { columns.pointer[(column - first) * items + item] = row[column].magnitude }
        }
        let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: TopK.scratchCount(kept))
        defer { scratch.deallocate() }
        var best = [Int32](repeating: 0, count: kept)
        var lists = ItemNeighbours.Lists(starts: [0], items: [], weights: [])
        for column in own {
            let magnitudes = columns.pointer + (column - first) * items
            let found = TopK.select(kept, of: magnitudes, count: items, scratch: scratch, into: &best)
            for item in best[..<found].sorted() where Int(item) != column && magnitudes[Int(item)] > 0 {
                lists.items.append(item)
                lists.weights.append(weights.pointer[Int(item) * items + column])
            }
            lists.starts.append(lists.items.count)
        }
        return lists
    }
    return pieces.reduce(into: ItemNeighbours.Lists(starts: [0], items: [], weights: [])) { $0.append($1) }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// The largest elements of each row of the Gram matrix `G = X^T diag(w) X` of the clicks X [users, items] with the users' weights w.
///
/// Item j is among the `most` neighbours of item i if few others have a larger `G_ij / G_jj^0.25`: the threshold is for a matrix that is
/// standardised in part, so that neither popular items nor those with a single click in common are the neighbours of all. Items without a
/// user in common are no neighbours. A pair is known if one of the two has the other in its row; `G_ij` of other pairs is 0.
struct SparseGram {
    /// Row i: its neighbours, ascending, and their `G_ij`.
    let rows: ItemNeighbours.Lists
    /// `G_ii`.
    let diagonal: [Float]
}

extension SparseGram {
    /// The exponent of `G_jj` by which neighbours are chosen.
    private static let power: Float = 0.25
    /// Items whose rows one task finds. Popular items cost thousands of times as much as others.
    private static let itemsPerPiece = 16
    /// Pieces between two checks for cancellation.
    private static let piecesPerPass = 128

    /// Floats of scratch memory per worker and item.
    static let scratchPerItem = 3

    /// The most elements that the rows can have together.
    static func countBound(_ training: InteractionMatrix, _ users: InteractionMatrix, most: Int) -> Int {
        let kept = min(most, training.itemCount - 1)
        return (0..<training.itemCount).reduce(0) { count, item in
            var own = 0
            for user in users.row(item) where own < kept { own += training.row(Int(user)).count - 1 }
            return count + min(kept, own)
        }
    }

    /// Costs the sum of the squares of the users' numbers of clicks. `users` is the transpose of `training`; a weight of nil is 1.
    init(
        _ training: InteractionMatrix, _ users: InteractionMatrix, weights: [Float]?, most: Int, countBound: Int,
        workers: Workers,
        isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws {
        let items = training.itemCount
        let diagonal = (0..<items).map { item in
            weights.map { weights in users.row(item).reduce(into: Float(0)) { $0 += weights[Int($1)] } }
                ?? Float(users.row(item).count)
        }
        let powers = Self.powers(diagonal)
        let kept = max(0, min(most, items - 1))
        var rows = ItemNeighbours.Lists(starts: [0], items: [], weights: [])
        rows.starts.reserveCapacity(items + 1)
        rows.items.reserveCapacity(countBound)
        rows.weights.reserveCapacity(countBound)
        let width = Self.scratchPerItem * items
        let scratch = FloatBuffer(count: workers.count * width)
        for first in stride(from: 0, to: items, by: Self.itemsPerPiece * Self.piecesPerPass) {
            if isCancelled() { throw CancellationError() }
            let last = min(items, first + Self.itemsPerPiece * Self.piecesPerPass)
            let pieces = workers.map((last - first + Self.itemsPerPiece - 1) / Self.itemsPerPiece) { piece, worker in
                let start = first + piece * Self.itemsPerPiece
                return Self.rows(
                    start..<min(last, start + Self.itemsPerPiece), kept: kept, training, users, weights, powers,
                    scratch: scratch.pointer + worker * width)
            }
            for piece in pieces { rows.append(piece) }
            progress(Double(last) / Double(items))
        }
        (self.rows, self.diagonal) = (rows, diagonal)
    }

    /// The `most` neighbours of each item among those kept, chosen as those were, ascending; those of item i are `items[starts[i] ..< starts[i + 1]]`.
    func largest(_ most: Int, workers: Workers) -> (starts: [Int], items: [Int32]) {
        let powers = Self.powers(diagonal)
        let width = 256
        let pieces = workers.map((diagonal.count + width - 1) / width) { piece, _ in
            var (counts, chosen): ([Int], [Int32]) = ([], [])
            for item in piece * width..<min(diagonal.count, (piece + 1) * width) {
                let own = rows.starts[item]..<rows.starts[item + 1]
                // A row is ascending, and of equal elements the lower places are taken.
                let places = TopK.items(most, of: own.map { rows.weights[$0] * powers[Int(rows.items[$0])] }).sorted()
                counts.append(places.count)
                for place in places { chosen.append(rows.items[own.lowerBound + place]) }
            }
            return (counts, chosen)
        }
        var starts = [0]
        for count in pieces.lazy.flatMap(\.0) { starts.append(starts[starts.count - 1] + count) }
        return (starts, pieces.flatMap(\.1))
    }

    /// What elements of a column are multiplied by to choose the largest of a row.
    private static func powers(_ diagonal: [Float]) -> [Float] { diagonal.map { $0 > 0 ? pow($0, -power) : 0 } }

    /// The rows of `items`. The first third of `scratch` is 0 before and after.
    private static func rows(
        _ items: Range<Int>, kept: Int, _ training: InteractionMatrix, _ users: InteractionMatrix, _ weights: [Float]?,
        _ powers: [Float], scratch: UnsafeMutablePointer<Float>
    ) -> ItemNeighbours.Lists {
        let sums = scratch
        let sizes = sums + training.itemCount
        var lists = ItemNeighbours.Lists(starts: [0], items: [], weights: [])
        var best = [Int32](repeating: 0, count: max(1, kept))
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: TopK.scratchCount(kept)) { keys in
            (sizes + training.itemCount).withMemoryRebound(to: Int32.self, capacity: training.itemCount) { met in
                for item in items {
                    let count = sum(item, training, users, weights, into: sums, met)
                    var others = 0
                    for place in 0..<count where Int(met[place]) != item {
                        met[others] = met[place]
                        sizes[others] = sums[Int(met[place])] * powers[Int(met[place])]
                        others += 1
                    }
                    var found = others
                    if others <= kept {
                        for place in 0..<others { best[place] = met[place] }
                    } else if let keys = keys.baseAddress {
                        found = TopK.select(kept, of: sizes, count: others, scratch: keys, into: &best)
                        nameItems(&best, found, among: others, sizes, met)
                    }
                    best[..<found].sort()
                    for other in best[..<found] {
                        lists.items.append(other)
                        lists.weights.append(sums[Int(other)])
                    }
                    lists.starts.append(lists.items.count)
                    sums[item] = 0
                    for place in 0..<others { sums[Int(met[place])] = 0 }
                }
            }
        }
        return lists
    }

    /// Adds the weights of the users of `item` to the sums of the items that they clicked, and lists these items; returns their number.
    private static func sum(
        _ item: Int, _ training: InteractionMatrix, _ users: InteractionMatrix, _ weights: [Float]?,
        into sums: UnsafeMutablePointer<Float>, _ met: UnsafeMutablePointer<Int32>
    ) -> Int {
        var count = 0
        training.columns.withUnsafeBufferPointer { columns in
            for user in users.row(item) {
                let weight = weights?[Int(user)] ?? 1
                for index in training.rowStarts[Int(user)]..<training.rowStarts[Int(user) + 1] {
                    let other = Int(columns[index])
                    if sums[other] == 0 {
                        met[count] = Int32(other)
                        count += 1
                    }
                    sums[other] += weight
                }
            }
        }
        return count
    }

    /// Replaces places in `met` by the items there. Of those as large as the last one, which may be at any place, the lowest items are taken.
    private static func nameItems(
        _ best: inout [Int32], _ found: Int, among count: Int, _ sizes: UnsafePointer<Float>, _ met: UnsafePointer<Int32>
    ) {
        guard found > 0 else { return }
        let least = sizes[Int(best[found - 1])]
        var larger = found
        while larger > 0, sizes[Int(best[larger - 1])] == least { larger -= 1 }
        var equal: [Int32] = []
        for place in 0..<count where sizes[place] == least { equal.append(met[place]) }
        if equal.count > found - larger { equal.sort() }
        for place in 0..<larger { best[place] = met[Int(best[place])] }
        for place in larger..<found { best[place] = equal[place - larger] }
    }
}

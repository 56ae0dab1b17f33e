import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// Item-based nearest neighbours: a user's score of an item is the sum of the similarities of the clicked items among the
/// `neighbours` items most similar to it (Sarwar et al. 2001, Deshpande and Karypis 2004).
///
/// The similarity of items i and j that c_i and c_j users clicked, and c_ij both: `c_ij / (sqrt(c_i c_j) + shrinkage)`, the cosine,
/// which `shrinkage` lowers where few users support it (in the form of Dacrema et al. 2019). Among equal ones
/// the item with the lower index comes first.
public struct ItemKNN: Baseline {
    public static let name = "item-knn"

    /// How many neighbours an item has at most.
    public let neighbours: Int
    /// At least 0.
    public let shrinkage: Double

    /// A model of at least one neighbour per item and a shrinkage of at least 0; `fit` checks them.
    public init(neighbours: Int = 100, shrinkage: Double = 10) {
        (self.neighbours, self.shrinkage) = (neighbours, shrinkage)
    }

    public var options: [String: String] { ["neighbours": String(neighbours), "shrinkage": optionText(shrinkage)] }

    /// Items whose neighbours one task finds.
    private static let itemsPerPiece = 64
    /// Pieces between two checks for cancellation.
    private static let piecesPerPass = 32

    /// Costs the sum of the squares of the users' clicks, and a scan of a row of all items per item; takes 8 bytes per item and
    /// worker, and 8 per item and neighbour.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        guard neighbours >= 1, shrinkage >= 0, shrinkage.isFinite else {
            throw FoldinError(
                .usage, found: "\(neighbours) neighbours and a shrinkage of \(shrinkage)", expected: "at least 1 and at least 0")
        }
        let itemCount = training.itemCount
        let users = training.transposed()
        let kept = min(neighbours, itemCount)
        let counts = FloatBuffer(count: workers.count * itemCount)
        let similarity = FloatBuffer(count: workers.count * itemCount)
        similarity.pointer.update(repeating: -.infinity, count: similarity.count)
        var lists = ItemNeighbours.Lists(starts: [0], items: [], weights: [])
        for first in stride(from: 0, to: itemCount, by: Self.itemsPerPiece * Self.piecesPerPass) {
            if isCancelled() { throw CancellationError() }
            let last = min(itemCount, first + Self.itemsPerPiece * Self.piecesPerPass)
            let pieces = workers.map((last - first + Self.itemsPerPiece - 1) / Self.itemsPerPiece) { piece, worker in
                let start = first + piece * Self.itemsPerPiece
                return nearest(
                    start..<min(last, start + Self.itemsPerPiece), kept: kept, training, users,
                    counts: counts.pointer + worker * itemCount, similarity: similarity.pointer + worker * itemCount)
            }
            for piece in pieces { lists.append(piece) }
            progress(Double(last) / Double(itemCount))
        }
        return ItemNeighbours(lists)
    }

    /// The neighbours of `items`. `counts` [items] is 0 and `similarity` [items] minus infinity, before and after.
    private func nearest(
        _ items: Range<Int>, kept: Int, _ training: InteractionMatrix, _ users: InteractionMatrix,
        counts: UnsafeMutablePointer<Float>, similarity: UnsafeMutablePointer<Float>
    ) -> ItemNeighbours.Lists {
        var lists = ItemNeighbours.Lists(starts: [0], items: [], weights: [])
        var met: [Int32] = []
        let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: TopK.scratchCount(kept))
        defer { scratch.deallocate() }
        var best = [Int32](repeating: 0, count: kept)
        for item in items {
            met.removeAll(keepingCapacity: true)
            for user in users.row(item) {
                for other in training.row(Int(user)) {
                    if counts[Int(other)] == 0 { met.append(other) }
                    counts[Int(other)] += 1
                }
            }
            let own = Double(users.row(item).count)
            for other in met where Int(other) != item {
                let product = own * Double(users.row(Int(other)).count)
                similarity[Int(other)] = Float(Double(counts[Int(other)]) / (product.squareRoot() + shrinkage))
            }
            let found = TopK.select(kept, of: similarity, count: training.itemCount, scratch: scratch, into: &best)
            for other in best[..<found].sorted() {
                lists.items.append(other)
                lists.weights.append(similarity[Int(other)])
            }
            lists.starts.append(lists.items.count)
            for other in met {
                counts[Int(other)] = 0
                similarity[Int(other)] = -.infinity
            }
        }
        return lists
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// A linear model in closed form for catalogues whose items x items matrix does not fit in memory: a sparse Gaussian Markov random field
/// (Steck, *Markov Random Fields for Collaborative Filtering*, NeurIPS 2019).
///
/// Each item is regressed on its `neighbours` only, the items that are clicked together with it most. With the Gram matrix
/// `G = X^T diag(d^-beta) X` of the clicks, of which the elements of neighbours are kept and the others are 0, the penalties
/// `L = diag(p / (1 - p) n + lambda)` and the neighbours N of item j, the weights to j are
/// `B_Nj = (G_NN + L_NN)^-1 G_Nj`. That is `-P_ij / P_jj` for the inverse P of the block of N and j together, the matrix in the paper. The weight
/// from i to j is then multiplied by `(n_i / n_j)^alpha`. With all items as neighbours these are the weights of `EDLAE`, and of `EASE` for p = 0.
///
/// Unlike in the paper, an item has its own block: no inverse is shared with other items, and nothing is averaged.
public struct MRF: Baseline {
    public static let name = "mrf"

    /// How many neighbours an item has at most.
    public let neighbours: Int
    /// p: the probability of dropping a click, at least 0 and less than 1.
    public let dropout: Double
    /// The penalty of the squared weights, at least 0.
    public let lambda: Double
    /// beta: a user with d clicks counts `d^-beta` times; 0 for all alike; from -2 to 2.
    public let userPower: Double
    /// alpha: the weight from i to j is multiplied by `(n_i / n_j)^alpha`, with n the items' numbers of clicks; from -2 to 2.
    public let itemPower: Double
    private let availableMemory: Int?

    /// Systems that one task solves.
    private static let itemsPerPiece = 16
    /// Pieces between two checks for cancellation.
    private static let piecesPerPass = 128
    /// The part of the time that the Gram matrix takes, for the progress.
    private static let gramShare = 0.25

    /// `availableMemory` in bytes is what the fit must do with; nil for no limit.
    public init(
        neighbours: Int = 200, dropout: Double = 0.65, lambda: Double = 20, userPower: Double = 0.3, itemPower: Double = 0.2,
        availableMemory: Int? = SystemMemory.available
    ) {
        (self.neighbours, self.dropout, self.lambda, self.availableMemory) = (neighbours, dropout, lambda, availableMemory)
        (self.userPower, self.itemPower) = (userPower, itemPower)
    }

    public var options: [String: String] {
        [
            "neighbours": String(neighbours), "dropout": optionText(dropout), "lambda": optionText(lambda),
            "user-power": optionText(userPower), "item-power": optionText(itemPower),
        ]
    }

    /// Costs the sum of the squares of the users' numbers of clicks, and `neighbours^3 / 3` operations per item. Takes 16 bytes per item
    /// and neighbour, and per worker 16 bytes per item and 4 per pair of neighbours.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        try checkOptions()
        let users = training.transposed()
        let countBound = SparseGram.countBound(training, users, most: neighbours)
        try checkMemory(items: training.itemCount, weights: countBound, workers: workers)
        let normalization = Normalization(userPower: userPower, itemPower: itemPower)
        let gram = try SparseGram(
            training, users, weights: normalization.userWeights(training), most: neighbours, countBound: countBound,
            workers: workers, isCancelled: isCancelled, progress: { progress(Self.gramShare * $0) })
        let clicks = (0..<training.itemCount).map { Double(users.row($0).count) }
        let weights = try weights(
            gram, clicks: clicks, normalization, workers: workers, isCancelled: isCancelled,
            progress: { progress(Self.gramShare + (1 - Self.gramShare) * $0) })
        return ItemNeighbours(
            ItemNeighbours.Lists(starts: gram.rows.starts, items: gram.rows.items, weights: weights), family: .mrf)
    }

    /// The weights of the neighbours, in the order of `gram.rows`.
    private func weights(
        _ gram: SparseGram, clicks: [Double], _ normalization: Normalization, workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> [Float] {
        let items = clicks.count
        let share = dropout / (1 - dropout)
        let penalties = clicks.map { Float(share * $0 + lambda) }
        let powers = clicks.map { normalization.power(ofClicks: $0) }
        let most = (0..<items).reduce(0) { max($0, gram.rows.starts[$1 + 1] - gram.rows.starts[$1]) }
        let regressions = (0..<workers.count).map { _ in NeighbourhoodRegression(items: items, neighbours: most) }
        var weights = [Float](repeating: 0, count: gram.rows.items.count)
        try weights.withUnsafeMutableBufferPointer { weights in
            for first in stride(from: 0, to: items, by: Self.itemsPerPiece * Self.piecesPerPass) {
                if isCancelled() { throw CancellationError() }
                let last = min(items, first + Self.itemsPerPiece * Self.piecesPerPass)
                workers.forEachPiece(of: last - first, size: Self.itemsPerPiece) { piece, worker in
                    for item in first + piece.lowerBound..<first + piece.upperBound {
                        let own = gram.rows.starts[item]..<gram.rows.starts[item + 1]
                        guard let target = weights.baseAddress, !own.isEmpty else { continue }
                        regressions[worker].solve(own, of: gram, penalties: penalties, into: target + own.lowerBound)
                        for place in own {
                            weights[place] *= Float(powers[Int(gram.rows.items[place])] / powers[item])
                        }
                    }
                }
                progress(Double(last) / Double(items))
            }
        }
        return weights
    }

    private func checkOptions() throws {
        guard neighbours >= 1 else {
            throw FoldinError(.usage, found: "\(neighbours) neighbours", expected: "at least 1")
        }
        guard dropout >= 0, dropout < 1, lambda >= 0, lambda <= 1e30, dropout + lambda > 0 else {
            throw FoldinError(
                .usage, found: "a dropout of \(optionText(dropout)) and a lambda of \(optionText(lambda))",
                expected: "a dropout from 0 to less than 1 and a lambda from 0, one of them more than 0")
        }
        guard abs(userPower) <= 2, abs(itemPower) <= 2 else {
            throw FoldinError(.usage, found: "powers of \(userPower) and \(itemPower)", expected: "powers from -2 to 2")
        }
    }

    /// Bytes for `weights` in all: a neighbour, its element of the Gram matrix, which the model's second order takes the place of, and the weight.
    private func memory(items: Int, neighbours: Int, weights: Int, workers: Workers) -> Int {
        let perWorker = (SparseGram.scratchPerItem + 1) * items + NeighbourhoodRegression.scratchCount(neighbours: neighbours)
        return 16 * weights + 4 * workers.count * perWorker
    }

    private func checkMemory(items: Int, weights: Int, workers: Workers) throws {
        let most = min(neighbours, max(1, items - 1))
        let needed = memory(items: items, neighbours: most, weights: weights, workers: workers)
        guard let availableMemory, needed > availableMemory else { return }
        throw FoldinError(
            .usage,
            found: "\(items) items with \(weights) neighbours in all, which take \(needed.formattedBytes) with "
                + "\(availableMemory.formattedBytes) available",
            expected:
                "as much memory, or about \(Int(Double(most) * Double(availableMemory) / Double(needed))) neighbours at most")
    }
}

/// What one worker needs for the ridge regression of an item on its neighbours.
///
/// - Note: `@unchecked Sendable` because one worker at a time uses it.
final class NeighbourhoodRegression: @unchecked Sendable {
    /// The place of an item among the neighbours, -1 for others; [items].
    private var places: [Int32]
    /// A bit per remainder of an item divided by their number, set for those of neighbours: it tells most other items without a look at `places`, and
    /// stays in the fastest cache.
    private var bits = [UInt64](repeating: 0, count: 1024)
    private let stride: Int
    private let system: FloatBuffer
    private let scratch: FloatBuffer

    /// For at most `neighbours` neighbours among `items`.
    init(items: Int, neighbours: Int) {
        places = [Int32](repeating: -1, count: items)
        stride = Self.stride(neighbours)
        system = FloatBuffer(count: stride * (neighbours + 1))
        scratch = FloatBuffer(count: PositiveSystem.scratchCount(side: neighbours))
    }

    /// Floats of the system and of the scratch memory.
    static func scratchCount(neighbours: Int) -> Int {
        stride(neighbours) * (neighbours + 1) + PositiveSystem.scratchCount(side: neighbours)
    }

    /// Whole cache lines.
    private static func stride(_ neighbours: Int) -> Int { (neighbours + 15) / 16 * 16 }

    /// weights [own.count] = `(G_NN + L_NN)^-1 G_Nj` for the row `own` of item j in `gram`.
    ///
    /// G_NN lacks pairs of items of which none is a neighbour of the other, so that it may not be positive definite. If it is not with the penalties, a 64th
    /// of each item's own G_ii is added to the diagonal, then twice as much, until it is: once the diagonal dominates the rows, it must be.
    func solve(
        _ own: Range<Int>, of gram: SparseGram, penalties: [Float], into weights: UnsafeMutablePointer<Float>
    ) {
        let side = own.count
        gram.rows.items.withUnsafeBufferPointer { items in
            for place in 0..<side {
                let item = Int(items[own.lowerBound + place])
                places[item] = Int32(place)
                bits[item >> 6 & 1023] |= 1 << UInt64(item & 63)
            }
            var raised: Float = 0
            repeat {
                fill(own, items, gram, penalties: penalties, raised: raised)
                raised = max(1.0 / 64, 2 * raised)
            } while !PositiveSystem.solve(system.pointer, side: side, stride: stride, scratch: scratch.pointer)
            for place in 0..<side {
                let item = Int(items[own.lowerBound + place])
                places[item] = -1
                bits[item >> 6 & 1023] = 0
            }
        }
        weights.update(from: system.pointer + side * stride, count: side)
    }

    /// The lower half of `G_NN + L_NN` and, below it, G_Nj.
    private func fill(
        _ own: Range<Int>, _ items: UnsafeBufferPointer<Int32>, _ gram: SparseGram, penalties: [Float], raised: Float
    ) {
        let side = own.count
        gram.rows.weights.withUnsafeBufferPointer { elements in
            bits.withUnsafeBufferPointer { bits in
                for row in 0..<side { (system.pointer + row * stride).update(repeating: 0, count: row + 1) }
                for row in 0..<side {
                    let item = Int(items[own.lowerBound + row])
                    for index in gram.rows.starts[item]..<gram.rows.starts[item + 1] {
                        let other = Int(items[index])
                        guard bits[other >> 6 & 1023] >> UInt64(other & 63) & 1 == 1 else { continue }
                        let column = Int(places[other])
                        if column >= 0 { system.pointer[max(row, column) * stride + min(row, column)] = elements[index] }
                    }
                    system.pointer[row * stride + row] = gram.diagonal[item] * (1 + raised) + penalties[item]
                    system.pointer[side * stride + row] = elements[own.lowerBound + row]
                }
            }
        }
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// A linear model in closed form for catalogues whose items x items matrix does not fit in memory: a sparse Gaussian Markov random field
/// (Steck, *Markov Random Fields for Collaborative Filtering*, NeurIPS 2019).
///
/// Each item is regressed on its `neighbours` only, the items that are clicked together with it most. With the Gram matrix
/// `G = X^T diag(d^-beta) X` of the clicks, of which the largest elements are kept and the others are 0, the penalties
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

    /// Elements of the Gram matrix that are kept even if there are fewer neighbours, in all rows together. Up to some ten thousand items that is
    /// the whole matrix, so that dense data has the exact blocks that it needs.
    var knownPairs = 1 << 27
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
    /// and neighbour or up to 1 GB, whichever is more, and per worker 16 bytes per item and 4 per pair of neighbours.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        try checkOptions()
        let users = training.transposed()
        let most = max(neighbours, knownPairs / max(1, training.itemCount))
        let countBound = SparseGram.countBound(training, users, most: most)
        try checkMemory(
            items: training.itemCount, elements: countBound,
            weights: most == neighbours ? countBound : SparseGram.countBound(training, users, most: neighbours), workers: workers)
        let normalization = Normalization(userPower: userPower, itemPower: itemPower)
        let gram = try SparseGram(
            training, users, weights: normalization.userWeights(training), most: most, countBound: countBound,
            workers: workers, isCancelled: isCancelled, progress: { progress(Self.gramShare * $0) })
        let clicks = (0..<training.itemCount).map { Double(users.row($0).count) }
        let chosen = most == neighbours ? nil : gram.largest(neighbours, workers: workers)
        let starts = chosen?.starts ?? gram.rows.starts
        let others = chosen?.items ?? gram.rows.items
        let weights = try weights(
            gram, starts, others, clicks: clicks, normalization, workers: workers, isCancelled: isCancelled,
            progress: { progress(Self.gramShare + (1 - Self.gramShare) * $0) })
        return ItemNeighbours(
            ItemNeighbours.Lists(starts: starts, items: others, weights: weights), family: .mrf)
    }

    /// The weights of the neighbours: those of item j are `others[starts[j] ..< starts[j + 1]]`.
    private func weights(
        _ gram: SparseGram, _ starts: [Int], _ others: [Int32], clicks: [Double], _ normalization: Normalization,
        workers: Workers, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws -> [Float] {
        let items = clicks.count
        let share = dropout / (1 - dropout)
        let penalties = clicks.map { Float(share * $0 + lambda) }
        let powers = clicks.map { normalization.power(ofClicks: $0) }
        let most = (0..<items).reduce(0) { max($0, starts[$1 + 1] - starts[$1]) }
        let regressions = (0..<workers.count).map { _ in NeighbourhoodRegression(items: items, neighbours: most) }
        var weights = [Float](repeating: 0, count: others.count)
        try weights.withUnsafeMutableBufferPointer { weights in
            for first in stride(from: 0, to: items, by: Self.itemsPerPiece * Self.piecesPerPass) {
                if isCancelled() { throw CancellationError() }
                let last = min(items, first + Self.itemsPerPiece * Self.piecesPerPass)
                workers.forEachPiece(of: last - first, size: Self.itemsPerPiece) { piece, worker in
                    for item in first + piece.lowerBound..<first + piece.upperBound {
                        let own = starts[item]..<starts[item + 1]
                        guard let target = weights.baseAddress, !own.isEmpty else { continue }
                        regressions[worker].solve(
                            item, others[own], of: gram, penalties: penalties, into: target + own.lowerBound)
                        for place in own {
                            weights[place] *= Float(powers[Int(others[place])] / powers[item])
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

    /// Bytes: 8 per element of the Gram matrix; per weight the neighbour and the weight, and as much in the model's second order, which is made when
    /// the matrix is gone. Neighbours are shared with the matrix where these are all of its elements.
    private func checkMemory(items: Int, elements: Int, weights: Int, workers: Workers) throws {
        let most = min(neighbours, max(1, items - 1))
        let perWorker = (SparseGram.scratchPerItem + 1) * items + NeighbourhoodRegression.scratchCount(neighbours: most)
        let needed = max(8 * (elements + weights), 16 * weights) + 4 * workers.count * perWorker
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
    private let places: UnsafeMutablePointer<Int32>
    /// A bit per remainder of an item divided by their number, set for those of neighbours: it tells most other items without a look at `places`, and
    /// stays in the fastest cache.
    private let bits: UnsafeMutablePointer<UInt64>
    private let stride: Int
    private let system: FloatBuffer
    private let scratch: FloatBuffer

    /// For at most `neighbours` neighbours among `items`.
    init(items: Int, neighbours: Int) {
        places = .allocate(capacity: items)
        places.initialize(repeating: -1, count: items)
        bits = .allocate(capacity: 1024)
        bits.initialize(repeating: 0, count: 1024)
        stride = Self.stride(neighbours)
        system = FloatBuffer(count: stride * (neighbours + 1))
        scratch = FloatBuffer(count: PositiveSystem.scratchCount(side: neighbours))
    }

    deinit {
        places.deallocate()
        bits.deallocate()
    }

    /// Floats of the system and of the scratch memory.
    static func scratchCount(neighbours: Int) -> Int {
        stride(neighbours) * (neighbours + 1) + PositiveSystem.scratchCount(side: neighbours)
    }

    /// Whole cache lines.
    private static func stride(_ neighbours: Int) -> Int { (neighbours + 15) / 16 * 16 }

    /// weights [neighbours.count] = `(G_NN + L_NN)^-1 G_Nj` for the neighbours N of item j, which are in its row of `gram`.
    ///
    /// G_NN lacks pairs that the matrix does not keep, so that it may not be positive definite. If it is not with the penalties, a 64th of each
    /// item's own G_ii is added to the diagonal, then twice as much, until it is: once the diagonal dominates the rows, it must be.
    func solve(
        _ item: Int, _ neighbours: ArraySlice<Int32>, of gram: SparseGram, penalties: [Float],
        into weights: UnsafeMutablePointer<Float>
    ) {
        for (place, neighbour) in neighbours.enumerated() {
            places[Int(neighbour)] = Int32(place)
            bits[Int(neighbour) >> 6 & 1023] |= 1 << UInt64(neighbour & 63)
        }
        let side = neighbours.count
        var raised: Float = 0
        repeat {
            fill(item, neighbours, gram, penalties: penalties, raised: raised)
            raised = max(1.0 / 64, 2 * raised)
        } while !PositiveSystem.solve(system.pointer, side: side, stride: stride, scratch: scratch.pointer)
        for neighbour in neighbours {
            places[Int(neighbour)] = -1
            bits[Int(neighbour) >> 6 & 1023] = 0
        }
        weights.update(from: system.pointer + side * stride, count: side)
    }

    /// The lower half of `G_NN + L_NN` and, below it, G_Nj.
    private func fill(_ item: Int, _ neighbours: ArraySlice<Int32>, _ gram: SparseGram, penalties: [Float], raised: Float) {
        let side = neighbours.count
        for row in 0..<side { (system.pointer + row * stride).update(repeating: 0, count: row + 1) }
        for (row, neighbour) in neighbours.enumerated() {
            forEachNeighbour(inRowOf: Int(neighbour), of: gram) { column, element in
                system.pointer[max(row, column) * stride + min(row, column)] = element
            }
            system.pointer[row * stride + row] = gram.diagonal[Int(neighbour)] * (1 + raised) + penalties[Int(neighbour)]
        }
        forEachNeighbour(inRowOf: item, of: gram) { place, element in system.pointer[side * stride + place] = element }
    }

    /// Calls `body` with the places of the neighbours that have an element in a row of the matrix, and the elements.
    @inline(__always)
    private func forEachNeighbour(inRowOf item: Int, of gram: SparseGram, _ body: (_ place: Int, _ element: Float) -> Void) {
        gram.rows.items.withUnsafeBufferPointer { items in
            gram.rows.weights.withUnsafeBufferPointer { elements in
                for index in gram.rows.starts[item]..<gram.rows.starts[item + 1] {
                    let other = Int(items[index])
                    guard bits[other >> 6 & 1023] >> UInt64(other & 63) & 1 == 1 else { continue }
                    let place = Int(places[other])
                    if place >= 0 { body(place, elements[index]) }
                }
            }
        }
    }
}

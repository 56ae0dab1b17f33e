import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// For each item a few others with weights: a person's score of an item is the sum of the weights of those neighbours of it that
/// the person clicked.
public struct ItemNeighbours {
    /// How the weights came about.
    public enum Family: String, Sendable, CaseIterable {
        /// Similarities of the nearest neighbours.
        case itemKNN = "item-knn"
        /// The heaviest weights of EASE; see `ItemWeights`.
        case ease = "sparse-ease"
        /// The heaviest weights of EDLAE.
        case edlae = "sparse-edlae"
        /// Regressions of each item on its neighbours (Steck 2019, *Markov Random Fields for Collaborative Filtering*).
        case mrf
    }

    /// Lists of items with their weights, one a row: row `i` is `starts[i] ..< starts[i + 1]`, its items ascending.
    public struct Lists: Sendable, Equatable {
        /// One more entry than rows, the first 0.
        public var starts: [Int]
        /// The items of all rows, one row after the other.
        public var items: [Int32]
        /// The weight of each of `items`.
        public var weights: [Float]

        /// Lists in one array; `starts` runs from 0 to the number of items.
        public init(starts: [Int], items: [Int32], weights: [Float]) {
            precondition(
                starts.first == 0 && starts.last == items.count && items.count == weights.count,
                "starts must run from 0 to the number of items and weights")
            (self.starts, self.items, self.weights) = (starts, items, weights)
        }

        /// Adds the rows of `part` behind the others.
        public mutating func append(_ part: Lists) {
            let offset = items.count
            starts += part.starts.dropFirst().map { $0 + offset }
            items += part.items
            weights += part.weights
        }

        /// The same entries with rows and items exchanged.
        fileprivate func transposed() -> Lists {
            let rows = starts.count - 1
            var next = [Int](repeating: 0, count: rows + 1)
            for item in items { next[Int(item) + 1] += 1 }
            for row in 0..<rows { next[row + 1] += next[row] }
            let starts = next
            var result = Lists(
                starts: starts, items: [Int32](repeating: 0, count: items.count),
                weights: [Float](repeating: 0, count: items.count))
            for row in 0..<rows {
                for index in self.starts[row]..<self.starts[row + 1] {
                    let item = Int(items[index])
                    result.items[next[item]] = Int32(row)
                    result.weights[next[item]] = weights[index]
                    next[item] += 1
                }
            }
            return result
        }
    }

    /// How the weights came about.
    public let kind: Family
    public var family: String { kind.rawValue }
    /// Each item's neighbours, without itself.
    public let neighbours: Lists
    /// The same by neighbour: the items that each item is a neighbour of, which is what scoring goes through.
    private let followers: Lists

    public var itemCount: Int { neighbours.starts.count - 1 }

    /// A model of these lists, one an item; entries must be items of the list.
    public init(_ neighbours: Lists, family: Family = .itemKNN) {
        (kind, self.neighbours) = (family, neighbours)
        followers = neighbours.transposed()
    }

    /// Costs the length of the clicked items' lists a user, and setting all scores to 0.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        followers.items.withUnsafeBufferPointer { items in
            followers.weights.withUnsafeBufferPointer { weights in
                workers.forEachPiece(of: rows.count, size: 16) { piece, _ in
                    for row in piece {
                        let out = scores + row * itemCount
                        out.update(repeating: 0, count: itemCount)
                        for item in histories.row(rows.lowerBound + row) {
                            for index in followers.starts[Int(item)]..<followers.starts[Int(item) + 1] {
                                out[Int(items[index])] += weights[index]
                            }
                        }
                    }
                }
            }
        }
    }
}

extension ItemNeighbours: Model {
    public static let families = Family.allCases.map(\.rawValue)

    private enum Name {
        static let counts = "item_neighbours.counts"
        static let items = "item_neighbours.items"
        static let weights = "item_neighbours.weights"
    }

    public var summary: String { "\(family), \(neighbours.items.count) neighbours of \(itemCount) items" }

    public var architecture: ItemDescription {
        ItemDescription(family: family, items: itemCount, entries: neighbours.items.count)
    }

    public var tensors: [ModelTensor] {
        let descriptions = Self.descriptions(items: itemCount, entries: neighbours.items.count)
        let counts = zip(neighbours.starts, neighbours.starts.dropFirst()).map { Int32($1 - $0) }
        return [
            ModelTensor(descriptions[0], counts), ModelTensor(descriptions[1], neighbours.items),
            ModelTensor(descriptions[2], neighbours.weights),
        ]
    }

    private static func descriptions(items: Int, entries: Int) -> [TensorDescription] {
        [
            TensorDescription(name: Name.counts, shape: [items], type: .int32),
            TensorDescription(name: Name.items, shape: [entries], type: .int32),
            TensorDescription(name: Name.weights, shape: [entries]),
        ]
    }

    public func similarities(to item: Int, workers: Workers) -> [Float]? {
        var row = [Float](repeating: -.infinity, count: itemCount)
        // A similarity is that of the item's own neighbours; of a regression's weights it is those from the item, as in `ItemWeights`.
        let lists = kind == .itemKNN ? neighbours : followers
        for index in lists.starts[item]..<lists.starts[item + 1] { row[Int(lists.items[index])] = lists.weights[index] }
        return row
    }

    /// A score is a sum of weights of the item's list.
    public func scoreBound(workers: Workers) -> Double {
        Double(itemCount) * Double(neighbours.weights.lazy.map(\.magnitude).max() ?? 0)
    }

    public init(from file: ModelFile) throws {
        let description = try ItemDescription(from: file)
        guard let kind = Family(rawValue: description.family) else {
            preconditionFailure("the registry gives a file to the type of its family")
        }
        let (rows, entries) = (description.items, description.entries ?? 0)
        try file.check(Self.descriptions(items: rows, entries: entries), of: description.family)
        let counts = try file.integers(Name.counts, shape: [rows])
        let items = try file.integers(Name.items, shape: [entries])
        let weights = try file.floats(Name.weights, shape: [entries]).values

        var starts = [0]
        starts.reserveCapacity(rows + 1)
        for count in counts {
            guard count >= 0, Int(count) <= entries - starts[starts.count - 1] else {
                throw FoldinError(
                    .badData, file: file.path, found: "a list of \(count) neighbours",
                    expected: "\(entries) in all lists together")
            }
            starts.append(starts[starts.count - 1] + Int(count))
        }
        guard starts[rows] == entries else {
            throw FoldinError(
                .badData, file: file.path, found: "lists of \(starts[rows]) neighbours", expected: "\(entries) in all")
        }
        for row in 0..<rows {
            var previous: Int32 = -1
            for item in items[starts[row]..<starts[row + 1]] {
                guard item > previous, item < rows, item != row else {
                    throw FoldinError(
                        .badData, file: file.path, found: "item \(item) after \(previous) among the neighbours of item \(row)",
                        expected: "other items of the \(rows), ascending")
                }
                previous = item
            }
        }
        self.init(Lists(starts: starts, items: items, weights: weights), family: kind)
    }
}

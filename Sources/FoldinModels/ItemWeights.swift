import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// A weight from each item to each other: a person's score of an item is the sum of the weights from the clicked items to it.
public struct ItemWeights: Scorer {
    /// How the weights came about.
    public enum Family: String, Sendable, Codable, CaseIterable {
        /// Ridge regression of each item on all others (Steck 2019).
        case ease
        /// The same with the denoising of a linear autoencoder (Steck 2020).
        case edlae
    }

    public let family: Family
    public let itemCount: Int
    /// [items, items], row-major; row `i` has the weights from item `i`, to itself 0.
    public let weights: FloatBuffer

    /// A model of `weights`, of which there must be `itemCount` squared; they must not change any more.
    public init(_ family: Family, itemCount: Int, weights: FloatBuffer) {
        precondition(weights.count == itemCount * itemCount, "\(weights.count) weights for \(itemCount) items")
        (self.family, self.itemCount, self.weights) = (family, itemCount, weights)
    }

    /// Reads the rows of the clicked items: clicks x items additions a user.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let longest = rows.reduce(1) { max($0, histories.row($1).count) }
        let ones = [Float](repeating: 1, count: longest)
        // A worker's row of results is read and written once a click: a few users at a time share out evenly.
        workers.forEachPiece(of: rows.count, size: 4) { piece, _ in
            for row in piece {
                let history = histories.row(rows.lowerBound + row)
                let out = scores + row * itemCount
                history.withUnsafeBufferPointer { items in
                    ones.withUnsafeBufferPointer { ones in
                        guard let items = items.baseAddress, let ones = ones.baseAddress, !history.isEmpty else {
                            return out.update(repeating: 0, count: itemCount)
                        }
                        foldin_sum_rows(itemCount, nil, history.count, items, ones, weights.pointer, out)
                    }
                }
            }
        }
    }
}

extension ItemWeights: StoredCore {
    private static let tensorName = "item_weights.weight"

    var summary: String { "\(family.rawValue), \(itemCount) x \(itemCount) weights" }

    /// The weights from `item`: what liking it alone speaks for.
    func similarities(to item: Int, workers: Workers) -> FloatBuffer? {
        let row = FloatBuffer(count: itemCount)
        row.pointer.update(from: weights.pointer + item * itemCount, count: itemCount)
        return row
    }

    var architectureText: String {
        get throws { try json(ItemArchitecture(family: family.rawValue, items: itemCount)) }
    }

    var storedTensors: [SafeTensors.Tensor] { Self.tensors(items: itemCount) }

    private static func tensors(items: Int) -> [SafeTensors.Tensor] {
        [SafeTensors.Tensor(name: tensorName, shape: [items, items])]
    }

    func write(to sink: borrowing AtomicFile.Sink) throws { try sink.write(weights) }

    init(_ file: TensorFile, family: Family) throws {
        let architecture = try file.metadata("architecture", as: ItemArchitecture.self)
        try architecture.check(in: file)
        try file.check(Self.tensors(items: architecture.items), of: family.rawValue)
        let weights = FloatBuffer(count: architecture.items * architecture.items)
        try file.read(Self.tensorName, into: weights.pointer)
        self.init(family, itemCount: architecture.items, weights: weights)
    }
}

#if Service
import Foldin

/// A kind of model made outside the package, by its public interface alone: newer items first, and a bonus for the two items beside each
/// clicked one.
struct NewestFirst: Model {
    static let families = ["newest-first"]

    /// One score per item.
    let novelty: [Float]
    /// What each click adds to the scores of the items beside it.
    let bonus: Float

    init(novelty: [Float], bonus: Float) { (self.novelty, self.bonus) = (novelty, bonus) }

    var itemCount: Int { novelty.count }
    var family: String { Self.families[0] }
    var summary: String { "newest-first, \(itemCount) items" }
    var architecture: ItemDescription { ItemDescription(family: family, items: itemCount) }

    private static func descriptions(items: Int) -> [TensorDescription] {
        [
            TensorDescription(name: "newest_first.novelty", shape: [items]),
            TensorDescription(name: "newest_first.bonus", shape: [1]),
        ]
    }

    var tensors: [ModelTensor] {
        let descriptions = Self.descriptions(items: itemCount)
        return [ModelTensor(descriptions[0], novelty), ModelTensor(descriptions[1], [bonus])]
    }

    init(from file: ModelFile) throws {
        let items = try ItemDescription(from: file).items
        let descriptions = Self.descriptions(items: items)
        try file.check(descriptions, of: Self.families[0])
        novelty = try file.floats(descriptions[0].name, shape: [items]).values
        bonus = try file.floats(descriptions[1].name, shape: [1]).values[0]
    }

    func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers) {
        for (place, row) in rows.enumerated() {
            let own = UnsafeMutableBufferPointer(start: scores + place * itemCount, count: itemCount)
            for item in 0..<itemCount { own[item] = novelty[item] }
            for item in histories.row(row) {
                for neighbour in neighbours(of: Int(item)) { own[neighbour] += bonus }
            }
        }
    }

    private func neighbours(of item: Int) -> [Int] { [item - 1, item + 1].filter { (0..<itemCount).contains($0) } }

    func similarities(to item: Int, workers: Workers) -> [Float]? {
        var similarities = [Float](repeating: 0, count: itemCount)
        for neighbour in neighbours(of: item) { similarities[neighbour] = bonus }
        return similarities
    }

    /// An item has two neighbours.
    func scoreBound(workers: Workers) -> Double {
        Double(novelty.map(\.magnitude).max() ?? 0) + 2 * Double(bonus.magnitude)
    }
}
#endif

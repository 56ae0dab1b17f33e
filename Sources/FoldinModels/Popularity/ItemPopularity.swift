import FoldinInteractions
import FoldinKernels

/// Ranks items by how many users clicked them, the same for every user: the baseline of all models.
public struct ItemPopularity {
    private static let name = "popularity"
    private static let tensorName = "item_popularity.counts"

    /// The clicks of each item.
    private let counts: FloatBuffer

    public var itemCount: Int { counts.count }

    /// Counts the clicks of `training`. Above 2^24 clicks per item, counts are rounded to `Float`.
    public init(_ training: InteractionMatrix) { counts = FloatBuffer(training.itemCounts().map { Float($0) }) }

    /// Gives every user the same scores; the histories are not looked at.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        for row in 0..<rows.count { (scores + row * itemCount).update(from: counts.pointer, count: itemCount) }
    }
}

extension ItemPopularity: Model {
    public static let families = [name]

    public var family: String { Self.name }
    public var summary: String { "\(family), \(itemCount) counts" }
    public var architecture: ItemDescription { ItemDescription(family: family, items: itemCount) }
    public var tensors: [ModelTensor] { [ModelTensor(Self.description(items: itemCount), counts)] }

    private static func description(items: Int) -> TensorDescription { TensorDescription(name: tensorName, shape: [items]) }

    public init(from file: ModelFile) throws {
        let items = try ItemDescription(from: file).items
        try file.check([Self.description(items: items)], of: Self.name)
        counts = try file.floats(Self.tensorName, shape: [items])
    }

    public func scoreBound(workers: Workers) -> Double { counts.largestMagnitude(workers: workers) }
}

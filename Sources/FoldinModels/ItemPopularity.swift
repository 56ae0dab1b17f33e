import FoldinInteractions
import FoldinKernels

/// Ranks items by how many people clicked them, the same for everybody: the least a model has to beat.
public struct ItemPopularity: Scorer {
    static let family = "popularity"
    private static let tensorName = "item_popularity.counts"

    /// The clicks of each item.
    private let counts: FloatBuffer

    public var itemCount: Int { counts.count }

    /// Counts the clicks of `training`. Above 2^24 clicks an item, counts are rounded to `Float`.
    public init(_ training: InteractionMatrix) { counts = FloatBuffer(training.itemCounts().map { Float($0) }) }

    /// Gives every user the same scores; the histories are not looked at.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        for row in 0..<rows.count { (scores + row * itemCount).update(from: counts.pointer, count: itemCount) }
    }
}

extension ItemPopularity: StoredCore {
    var summary: String { "\(Self.family), \(itemCount) counts" }

    func scoreBound(workers: Workers) -> Double { counts.largestMagnitude(workers: workers) }

    func similarities(to item: Int, workers: Workers) -> FloatBuffer? { nil }

    var architectureText: String { get throws { try json(ItemArchitecture(family: Self.family, items: itemCount)) } }

    var storedTensors: [SafeTensors.Tensor] { [SafeTensors.Tensor(name: Self.tensorName, shape: [itemCount])] }

    func write(to sink: borrowing AtomicFile.Sink) throws { try sink.write(counts) }

    init(_ file: TensorFile) throws {
        let architecture = try file.metadata("architecture", as: ItemArchitecture.self)
        try architecture.check(in: file)
        try file.check([SafeTensors.Tensor(name: Self.tensorName, shape: [architecture.items])], of: Self.family)
        counts = FloatBuffer(count: architecture.items)
        try file.read(Self.tensorName, into: counts.pointer)
    }
}

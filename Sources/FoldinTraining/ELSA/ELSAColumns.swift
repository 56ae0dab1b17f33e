import FoldinKernels
import FoldinModels
import Foundation

/// The columns of a batch's scores: all items, or candidates.
enum ELSAColumns {
    case all(Int)
    case sampled(Candidates, RowMoments)

    var isSampled: Bool { if case .sampled = self { true } else { false } }

    var count: Int {
        switch self {
        case .all(let items): items
        case .sampled(let candidates, _): candidates.count
        }
    }

    /// The columns that may have clicks; they come first.
    var keyCount: Int {
        switch self {
        case .all(let items): items
        case .sampled(let candidates, _): candidates.clickedCount
        }
    }

    func item(_ column: Int) -> Int {
        switch self {
        case .all: column
        case .sampled(let candidates, _): Int(candidates.items[column])
        }
    }

    /// For each click of the batch its column.
    func keys(_ batch: Batch) -> [Int32] {
        switch self {
        case .all: batch.columns
        case .sampled(let candidates, _): candidates.positions
        }
    }

    mutating func prepare(_ batch: Batch, _ update: SessionUpdate, _ randomness: StepRandomness) {
        guard case .sampled(var candidates, var rows) = self else { return }
        self = .all(0)  // so that the arrays are not copied
        candidates.assemble(clicks: batch.columns, randomness: randomness.source(RandomStream.negatives))
        rows.prepare(update.adam, through: update.number)
        self = .sampled(candidates, rows)
    }

    /// What is added to the logits of some columns: 0, or -log p of a candidate.
    func corrections(_ places: Range<Int>, _ scratch: ELSAScratch) -> VectorView {
        guard case .sampled(let candidates, _) = self else { return scratch.zeros(places.count) }
        let result = scratch.corrections.mutableVector[0..<places.count]
        for (place, column) in places.enumerated() { result[place] = candidates.corrections[column] }
        return result.readOnly
    }

    /// For how many items some columns stand: 1, or 1 / p of a candidate; nil where all are 1.
    func weights(_ places: Range<Int>, _ scratch: ELSAScratch) -> VectorView? {
        guard case .sampled(let candidates, _) = self else { return nil }
        let result = scratch.corrections.mutableVector[0..<places.count]
        for (place, column) in places.enumerated() { result[place] = exp(candidates.corrections[column]) }
        return result.readOnly
    }
}

/// A worker's memory for one panel of columns.
struct ELSAScratch: Sendable {
    /// 1 / |w| of each column.
    let scales = FloatBuffer(count: itemsPerPanel)
    let corrections = FloatBuffer(count: itemsPerPanel)
    private let zeroBuffer = FloatBuffer(count: itemsPerPanel)
    private let sumBuffer = FloatBuffer(count: itemsPerPanel)
    private let vectorBuffer: FloatBuffer
    private let gradientBuffer: FloatBuffer
    private let width: Int

    init(width: Int) {
        self.width = width
        vectorBuffer = FloatBuffer(count: itemsPerPanel * width)
        gradientBuffer = FloatBuffer(count: itemsPerPanel * width)
    }

    func vectors(_ count: Int) -> MutableMatrixView { MutableMatrixView(vectorBuffer, offset: 0, rows: count, columns: width) }
    func gradients(_ count: Int) -> MutableMatrixView {
        MutableMatrixView(gradientBuffer, offset: 0, rows: count, columns: width)
    }
    func zeros(_ count: Int) -> VectorView { zeroBuffer.vector[0..<count] }
    func columnSums(_ count: Int) -> MutableVectorView { sumBuffer.mutableVector[0..<count] }
}

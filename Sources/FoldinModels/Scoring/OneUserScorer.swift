import FoldinInteractions
import FoldinKernels

/// Scores one user at a time, in memory that it keeps from call to call.
///
/// The scores are those of `Scorer.score`: the same bits, for any number of workers, with Foldin's own matrix kernels; with a BLAS the same
/// up to rounding. For approximate scores it also knows their margin and the exact ones (`ApproximateScores`).
///
/// Two threads must not use one object at the same time.
public protocol OneUserScorer: AnyObject, ApproximateScores {
    /// What scores approximately, made by `Scorer.approximate(workers:)` of the same model; nil at first.
    var approximate: (any ApproximateScorer)? { get set }

    /// The scores of all items for a user who clicked `items`, which ascend without repeats.
    ///
    /// The scores are valid, and may be changed, until the next call. They are approximate if that is requested and `approximate` is set.
    func score(_ items: [Int32], approximately: Bool) -> UnsafeMutableBufferPointer<Float>
}

/// A scorer of one user at a time for any model: it makes a matrix of one row for each call.
///
/// - Note: `@unchecked Sendable` because the holder may pass it on: it has memory of its own and a model that does not change.
final class MatrixRowScorer: OneUserScorer, @unchecked Sendable {
    /// Not used: every call scores exactly.
    var approximate: (any ApproximateScorer)?
    private let model: any Model
    private let workers: Workers
    private let result: FloatBuffer

    init(_ model: any Model, workers: Workers) {
        (self.model, self.workers) = (model, workers)
        result = FloatBuffer(count: model.itemCount)
    }

    func score(_ items: [Int32], approximately: Bool) -> UnsafeMutableBufferPointer<Float> {
        let histories = InteractionMatrix(rows: [items.map(Int.init)], itemCount: model.itemCount)
        model.score(histories, rows: 0..<1, into: result.pointer, workers: workers)
        return UnsafeMutableBufferPointer(start: result.pointer, count: result.count)
    }

    func margin(of row: Int) -> Float { 0 }

    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
        for (place, item) in items.enumerated() { scores[place] = result.pointer[Int(item)] }
    }
}

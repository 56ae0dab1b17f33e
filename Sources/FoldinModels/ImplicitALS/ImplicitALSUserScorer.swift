import FoldinInteractions
import FoldinKernels

/// Scores one user at a time with implicit ALS; after the first calls nothing is allocated.
///
/// - Note: `@unchecked Sendable` because the holder may pass it on: it has memory of its own and a model that does not change.
final class ImplicitALSUserScorer: OneUserScorer, @unchecked Sendable {
    /// Not used: every call scores exactly.
    var approximate: (any ApproximateScorer)?
    private let model: ImplicitALSModel
    private let workers: Workers
    private let solver: FactorSolver
    private let user: FloatBuffer
    private let result: FloatBuffer

    /// Takes `2 * latent^2` floats and one per item.
    init(_ model: ImplicitALSModel, workers: Workers) {
        (self.model, self.workers) = (model, workers)
        solver = FactorSolver(latent: model.latent)
        user = FloatBuffer(count: model.latent)
        result = FloatBuffer(count: model.itemCount)
    }

    func score(_ items: [Int32], approximately: Bool) -> UnsafeMutableBufferPointer<Float> {
        solver.solve(items[...], model.problem, into: user.mutableVector)
        model.scoreItems(
            user.matrix(rows: 1, columns: model.latent), into: result.mutableMatrix(rows: 1, columns: model.itemCount),
            workers: workers)
        return UnsafeMutableBufferPointer(start: result.pointer, count: result.count)
    }

    func margin(of row: Int) -> Float { 0 }

    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
        for (place, item) in items.enumerated() { scores[place] = result.pointer[Int(item)] }
    }
}

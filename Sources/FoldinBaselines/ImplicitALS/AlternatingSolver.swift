import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// The vectors of implicit ALS in training, and the exact solution of either side with the other fixed.
final class AlternatingSolver {
    /// W [users, latent].
    let users: FloatBuffer
    /// H [items, latent].
    let items: FloatBuffer
    private let clicksOfUsers: InteractionMatrix
    private let clicksOfItems: InteractionMatrix
    private let latent: Int
    private let penalty: ImplicitALSPenalty
    private let workers: Workers
    private let solvers: [FactorSolver]

    /// The random numbers of the first item vectors.
    private static let stream: UInt32 = 0x6941_4C53
    /// Users or items that one task solves.
    private static let piece = 16

    /// Item vectors from the seed; user vectors of zeros, which `solveUsers` replaces.
    init(_ training: InteractionMatrix, latent: Int, penalty: ImplicitALSPenalty, seed: UInt64, workers: Workers) {
        (clicksOfUsers, self.latent, self.penalty, self.workers) = (training, latent, penalty, workers)
        clicksOfItems = training.transposed()
        users = FloatBuffer(count: training.userCount * latent)
        items = FloatBuffer(count: training.itemCount * latent)
        solvers = (0..<workers.count).map { _ in FactorSolver(latent: latent) }
        RandomSource(seed: seed, stream: Self.stream).normal(into: items.mutableVector)
        let deviation = Float(0.1 / Double(latent).squareRoot())
        for place in 0..<items.count { items.pointer[place] *= deviation }
    }

    /// W = the minimum of the loss for these H, which are rotated into their principal axes before.
    func solveUsers(isCancelled: () -> Bool, progress: (Double) -> Void) throws {
        try solve(clicksOfUsers, by: items, into: users, isCancelled: isCancelled, progress: progress)
    }

    /// H = the minimum of the loss for these W, which are rotated into their principal axes before.
    func solveItems(isCancelled: () -> Bool, progress: (Double) -> Void) throws {
        try solve(clicksOfItems, by: users, into: items, isCancelled: isCancelled, progress: progress)
    }

    private func solve(
        _ clicks: InteractionMatrix, by fixed: FloatBuffer, into vectors: FloatBuffer, isCancelled: () -> Bool,
        progress: (Double) -> Void
    ) throws {
        let axes = try PrincipalAxes(rotating: fixed, latent: latent, workers: workers, isCancelled: isCancelled)
        let problem = FactorSolver.Problem(axes.vectors, squares: axes.squares, penalty: penalty)
        let result = vectors.mutableMatrix(rows: clicks.userCount, columns: latent)
        // Between two checks for cancellation: fewer of wide vectors, each of which takes longer.
        let atOnce = max(4 * Self.piece, 262_144 / latent)
        for first in stride(from: 0, to: clicks.userCount, by: atOnce) {
            if isCancelled() { throw CancellationError() }
            let last = min(clicks.userCount, first + atOnce)
            let areSolved = workers.map((last - first + Self.piece - 1) / Self.piece) { task, worker in
                let start = first + task * Self.piece
                return (start..<min(last, start + Self.piece)).reduce(true) { all, row in
                    solvers[worker].solve(clicks.row(row), problem, into: result.row(row)) && all
                }
            }
            guard areSolved.allSatisfy({ $0 }) else {
                throw FoldinError(
                    .usage,
                    found: "a lambda of \(optionText(penalty.lambda)), with which 32-bit floats cannot solve for the vectors",
                    expected: "a larger lambda", reason: .penaltyTooSmall)
            }
            progress(Double(last) / Double(clicks.userCount))
        }
    }
}

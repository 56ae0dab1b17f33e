import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Solves the ridge regressions of implicit ALS: the vector of a user by the items' vectors V [others, latent], or the other way round. It
/// keeps its memory from one to the next.
///
/// w minimises `sum over the clicks (1 - w . v)^2 + unobservedWeight * sum over all (w . v)^2 + penalty |w|^2`. V is in its principal axes, so
/// with the diagonal matrix `D = unobservedWeight * V^T V + penalty * I` and the clicked rows C of `V D^-1/2`
///
///     w = D^-1/2 (I + C^T C)^-1 C^T 1 = D^-1/2 C^T (I + C C^T)^-1 1
///
/// The first form is a system of `latent` rows, the second one of a row per click; the smaller is solved. A user with d clicks costs
/// `d^2 latent + d^3 / 3` operations, or `d latent^2 + latent^3 / 3` where the clicks are more.
///
/// Two threads must not use one object at the same time.
package final class FactorSolver {
    private let latent: Int
    private let solver: CholeskySolver
    private let engine = KernelEngine()
    /// D^-1/2 [latent].
    private let roots: FloatBuffer
    /// The clicked rows of V D^-1/2, at most `latent` at once.
    private let clicked: FloatBuffer
    private let ones: FloatBuffer
    /// 0 ..< latent.
    private let places: [Int32]

    /// What is the same for all vectors of one side.
    package struct Problem: Sendable {
        /// V [others, latent] in its principal axes.
        package let vectors: FloatBuffer
        /// `unobservedWeight * V^T V` [latent].
        let squares: FloatBuffer
        let penalty: ImplicitALSPenalty
        let others: Int

        /// The regressions on `vectors` whose Gram matrix has the diagonal `squares`.
        package init(_ vectors: FloatBuffer, squares: [Float], penalty: ImplicitALSPenalty) {
            (self.vectors, self.penalty, others) = (vectors, penalty, vectors.count / squares.count)
            let largest = Double(Float.greatestFiniteMagnitude)
            self.squares = FloatBuffer(squares.map { Float(min(largest, penalty.unobservedWeight * Double($0))) })
        }

        /// The largest |w|^2 that `solve` gives for so many clicks. At w = 0 the loss is the number of clicks, so at its minimum the
        /// penalty is no more; rounding has as much again.
        func longest(clicks: Int) -> Double {
            2 * Double(clicks) / penalty.ofVector(clicks: clicks, others: others)
        }
    }

    /// Takes `2 * latent^2` floats, of which a vector of few clicks touches a part.
    package init(latent: Int) {
        self.latent = latent
        solver = CholeskySolver(maximumSide: latent)
        roots = FloatBuffer(count: latent)
        clicked = FloatBuffer(count: latent * latent)
        places = (0..<Int32(latent)).map { $0 }
        ones = FloatBuffer(count: latent)
        ones.pointer.update(repeating: 1, count: latent)
    }

    /// w [latent] = the vector of who has these clicks; zeros without clicks.
    ///
    /// False where the penalty is too small for 32-bit floats: 1 is next to nothing beside the elements of the system. A w that is then longer
    /// than a minimum can be is shortened, and one that is no number is zeros, so that a score is finite in any case.
    @discardableResult
    package func solve(_ clicks: ArraySlice<Int32>, _ problem: Problem, into w: MutableVectorView) -> Bool {
        precondition(w.count == latent && problem.squares.count == latent, "\(w.count) numbers for vectors of \(latent)")
        guard !clicks.isEmpty else {
            w.start.update(repeating: 0, count: latent)
            return true
        }
        let penalty = problem.penalty.ofVector(clicks: clicks.count, others: problem.others)
        foldin_inverse_roots(latent, problem.squares.pointer, Float(penalty), roots.pointer)
        let isSolvable: Bool
        if clicks.count <= latent {
            let rows = gather(clicks, problem)
            let system = solver.system(side: clicks.count)
            multiplyLowerHalf(rows, rows.transposed, into: system.rows(0..<clicks.count), adding: false)
            system.row(clicks.count).copy(from: ones.vector[0..<clicks.count])
            isSolvable = Self.isSolvable(system)
            let weights = solver.solve(side: clicks.count)
            multiply(weights, rows, plus: nil, into: w)
        } else {
            let system = solver.system(side: latent)
            for first in stride(from: clicks.startIndex, to: clicks.endIndex, by: latent) {
                let rows = gather(clicks[first..<min(clicks.endIndex, first + latent)], problem)
                let isLater = first > clicks.startIndex
                multiplyLowerHalf(rows.transposed, rows, into: system.rows(0..<latent), adding: isLater)
                let sums = system.row(latent)
                multiply(ones.vector[0..<rows.rows], rows, plus: isLater ? sums.readOnly : nil, into: sums)
            }
            isSolvable = Self.isSolvable(system)
            w.copy(from: solver.solve(side: latent))
        }
        for place in 0..<latent { w.start[place] *= roots.pointer[place] }
        shorten(w, to: problem.longest(clicks: clicks.count))
        return isSolvable
    }

    /// sums [latent] = weights [n] * rows [n, latent] + start.
    private func multiply(_ weights: VectorView, _ rows: MatrixView, plus start: VectorView?, into sums: MutableVectorView) {
        places.withUnsafeBufferPointer { places in
            engine.multiply(
                SparseVector(indices: UnsafeBufferPointer(rebasing: places[..<weights.count]), values: weights), rows,
                plus: start,
                into: sums)
        }
    }

    /// Whether adding 1 to the diagonal of a system changes more than the last bits; false also for infinite and NaN.
    private static func isSolvable(_ system: MutableMatrixView) -> Bool {
        (0..<system.columns).allSatisfy { system[$0, $0] < 0x1p22 }
    }

    /// The rows of V D^-1/2 that were clicked.
    private func gather(_ clicks: ArraySlice<Int32>, _ problem: Problem) -> MatrixView {
        clicks.withUnsafeBufferPointer { clicks in
            guard let start = clicks.baseAddress else { return }
            foldin_gather_scaled(clicks.count, start, latent, problem.vectors.pointer, roots.pointer, clicked.pointer)
        }
        return MatrixView(clicked, offset: 0, rows: clicks.count, columns: latent)
    }

    /// The lower half of `a b`, a symmetric matrix, and what the tiles hold above it.
    private func multiplyLowerHalf(_ a: MatrixView, _ b: MatrixView, into product: MutableMatrixView, adding: Bool) {
        let tile = 96
        for first in stride(from: 0, to: a.rows, by: tile) {
            let last = min(a.rows, first + tile)
            engine.multiply(
                a.rows(first..<last), b.columns(0..<last), into: product.rows(first..<last).columns(0..<last), adding: adding)
        }
    }

    /// Makes |w|^2 at most `longest`.
    private func shorten(_ w: MutableVectorView, to longest: Double) {
        var square: Float = 0
        let own = MatrixView(w.start, rows: 1, columns: latent)
        withUnsafeMutablePointer(to: &square) {
            engine.multiply(own, own.transposed, into: MutableMatrixView($0, rows: 1, columns: 1))
        }
        if Double(square) <= longest { return }
        let scale = square.isFinite ? Float((longest / Double(square)).squareRoot()) : 0
        for place in 0..<latent { w.start[place] = scale == 0 ? 0 : w.start[place] * scale }
    }
}

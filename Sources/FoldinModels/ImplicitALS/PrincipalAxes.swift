import FoldinInteractions
import FoldinKernels

/// Vectors [count, latent] in the principal axes of their Gram matrix: V^T V is diagonal.
///
/// The loss of implicit ALS depends on products of user and item vectors only, so both may be rotated together. In the principal axes of the
/// fixed side, the part of each ridge regression that all have in common, `unobservedWeight * V^T V + penalty * I`, is diagonal for any
/// penalty. `FactorSolver` uses that.
package struct PrincipalAxes: Sendable {
    /// [count, latent], row-major.
    package let vectors: FloatBuffer
    /// The diagonal of V^T V [latent], from the largest to the smallest.
    package let squares: [Float]

    /// Rows whose product a task computes at once.
    private static let rowsAtOnce = 512
    /// Rows of the Gram matrix that a task computes.
    private static let tile = 64

    /// Rotates `vectors` [count, latent] in place.
    ///
    /// Costs `3 * count * latent^2` operations, and those of `SymmetricEigen`. The bits do not depend on the number of workers.
    ///
    /// - Throws: `CancellationError`.
    package init(rotating vectors: FloatBuffer, latent: Int, workers: Workers, isCancelled: () -> Bool) throws {
        let count = vectors.count / latent
        let gram = Self.gram(vectors.matrix(rows: count, columns: latent), workers: workers)
        let eigen = try SymmetricEigen(gram, side: latent, isCancelled: isCancelled)
        let engine = KernelEngine()
        withExtendedLifetime(eigen.vectors) {
            let (axes, all) = (
                eigen.vectors.matrix(rows: latent, columns: latent), vectors.mutableMatrix(rows: count, columns: latent)
            )
            let copies = FloatBuffer(count: workers.count * Self.rowsAtOnce * latent)
            workers.forEachPiece(of: count, size: Self.rowsAtOnce) { piece, worker in
                let copy = MutableMatrixView(
                    copies, offset: worker * Self.rowsAtOnce * latent, rows: piece.count, columns: latent)
                copy.copy(from: all.rows(piece).readOnly)
                engine.multiply(copy.readOnly, axes.transposed, into: all.rows(piece))
            }
        }
        self.vectors = vectors
        squares = eigen.values.map { Float(max(0, $0)) }
    }

    /// V^T V [latent, latent], both halves: products of a few hundred rows in 32-bit floats, their sums in double precision.
    package static func gram(_ vectors: MatrixView, workers: Workers) -> [Double] {
        let (latent, engine) = (vectors.columns, KernelEngine())
        let tiles = workers.map((latent + tile - 1) / tile) { index, _ -> [Double] in
            let own = index * tile..<min(latent, (index + 1) * tile)
            var sums = [Double](repeating: 0, count: own.count * own.upperBound)
            let product = FloatBuffer(count: sums.count)
            for first in stride(from: 0, to: vectors.rows, by: rowsAtOnce) {
                let part = vectors.rows(first..<min(vectors.rows, first + rowsAtOnce))
                engine.multiply(
                    part.columns(own).transposed, part.columns(0..<own.upperBound),
                    into: product.mutableMatrix(rows: own.count, columns: own.upperBound))
                for place in 0..<sums.count { sums[place] += Double(product.pointer[place]) }
            }
            return sums
        }
        var gram = [Double](repeating: 0, count: latent * latent)
        for (index, sums) in tiles.enumerated() {
            let width = min(latent, (index + 1) * tile)
            for place in 0..<sums.count {
                let (row, column) = (index * tile + place / width, place % width)
                gram[row * latent + column] = sums[place]
                gram[column * latent + row] = sums[place]
            }
        }
        return gram
    }
}

import CFoldinKernels

/// Solves `(I + S) x = b` for symmetric positive semidefinite matrices S, one after the other, in memory that it keeps.
///
/// A blocked Cholesky factorisation in 32-bit floats: side^3 / 3 operations, nearly all of them in matrix products. Exactly, every pivot of
/// `I + S` is at least 1; one that rounding has brought below counts as 1. A solution is accurate where the elements of S are well below a
/// million. Where they are far above it, it may be anything, NaN too. Two threads must not use one object at the same time.
///
/// ```swift
/// let solver = CholeskySolver(maximumSide: 64)
/// let system = solver.system(side: 3)   // fill the lower half of S and, in the last row, b
/// let x = solver.solve(side: 3)
/// ```
public final class CholeskySolver {
    /// The largest side.
    public let maximumSide: Int
    private let engine: any ComputeEngine
    /// The lower half of the matrix, then of its factor, and the right-hand side below: [side + 1, side].
    private let rows: FloatBuffer
    /// The inverses of the factor's diagonal blocks, [block, block] each.
    private let inverses: FloatBuffer
    /// A column of blocks, or a row of them with the opposite sign.
    private let column: FloatBuffer

    /// The side of a block.
    private static let block = Int(FOLDIN_FACTOR_SIDE)

    /// Takes 4 bytes for each pair of rows of the largest system, and 512 for each row.
    public init(maximumSide: Int, engine: any ComputeEngine = KernelEngine()) {
        (self.maximumSide, self.engine) = (maximumSide, engine)
        let blocks = (maximumSide + Self.block - 1) / Self.block
        rows = FloatBuffer(count: (maximumSide + 1) * maximumSide)
        inverses = FloatBuffer(count: blocks * Self.block * Self.block)
        column = FloatBuffer(count: (maximumSide + 1) * Self.block)
    }

    /// The system to be solved next, [side + 1, side]: the lower half of S, and b in the last row. It may hold anything before.
    public func system(side: Int) -> MutableMatrixView {
        precondition((1...maximumSide).contains(side), "\(side) rows of \(maximumSide)")
        return MutableMatrixView(rows, offset: 0, rows: side + 1, columns: side)
    }

    /// Solves the system that `system(side:)` holds, and leaves its factor there. The result is valid until the next call of either.
    public func solve(side: Int) -> VectorView {
        let system = system(side: side)
        for row in 0..<side { system.start[row * side + row] += 1 }
        for first in stride(from: 0, to: side, by: Self.block) { factor(system, first..<min(side, first + Self.block)) }
        // The last row is L^-1 b now; x = L^-T of that, from the last block to the first.
        let x = system.rows(side..<side + 1)
        for first in stride(from: (side - 1) / Self.block * Self.block, through: 0, by: -Self.block) {
            let own = first..<min(side, first + Self.block)
            let part = MutableMatrixView(column, offset: 0, rows: 1, columns: own.count)
            part.copy(from: x.columns(own).readOnly)
            engine.multiply(part.readOnly, inverse(own).readOnly, into: x.columns(own))
            if first == 0 { continue }
            for place in 0..<own.count { part.start[place] = -x.start[first + place] }
            engine.multiply(
                part.readOnly, system.rows(own).columns(0..<first).readOnly, into: x.columns(0..<first), adding: true)
        }
        return x.row(0).readOnly
    }

    /// The columns `own` of the factor, from those before; the right-hand side below is solved along.
    private func factor(_ system: MutableMatrixView, _ own: Range<Int>) {
        let below = own.lowerBound..<system.rows
        if own.lowerBound > 0 {
            let before = system.rows(own).columns(0..<own.lowerBound)
            let negated = MutableMatrixView(column, offset: 0, rows: own.count, columns: own.lowerBound)
            for row in 0..<own.count {
                let (from, to) = (before.row(row).start, negated.row(row).start)
                for place in 0..<own.lowerBound { to[place] = -from[place] }
            }
            engine.multiply(
                system.rows(below).columns(0..<own.lowerBound).readOnly, negated.transposed,
                into: system.rows(below).columns(own), adding: true)
        }
        let inverse = inverse(own)
        foldin_invert_factor(own.count, system.rows(own).columns(own).start, system.stride, inverse.start)
        let rest = system.rows(own.upperBound..<system.rows).columns(own)
        let copy = MutableMatrixView(column, offset: 0, rows: rest.rows, columns: rest.columns)
        copy.copy(from: rest.readOnly)
        engine.multiply(copy.readOnly, inverse.transposed, into: rest)
    }

    /// The inverse of the factor's diagonal block `own`.
    private func inverse(_ own: Range<Int>) -> MutableMatrixView {
        MutableMatrixView(inverses, offset: own.lowerBound * Self.block, rows: own.count, columns: own.count)
    }
}

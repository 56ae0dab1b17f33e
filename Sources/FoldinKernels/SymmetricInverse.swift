import CFoldinKernels

/// The inverse of a symmetric positive definite matrix, computed in place.
///
/// Block Gauss-Jordan elimination on the lower half: a block of the diagonal is inverted in double precision; each other tile is then
/// updated by one product of `rows x 256` and `256 x columns`, in parallel. Takes side^3 operations, as many as a Cholesky factorisation
/// and the inverse from it together, and 512 floats per row of scratch memory. The bits do not depend on the number of workers: tiles have
/// a fixed size, and one thread computes each.
public enum SymmetricInverse {
    /// The number of rows of a block; fixed, so that results do not depend on the number of threads.
    static let block = 256

    /// How `invert` ended.
    public enum Outcome: Sendable, Equatable {
        /// The matrix is its inverse now.
        case done
        /// The matrix is not positive definite, or not in 32-bit floats. Its elements are undefined now.
        case notPositiveDefinite
        /// `isCancelled` returned true. The matrix's elements are undefined now.
        case cancelled
    }

    /// The number of floats of scratch memory for a matrix of `side` rows.
    public static func scratchCount(side: Int) -> Int { 2 * block * side }

    /// Replaces `matrix` [side, side] by its inverse. Reads the lower half only, and writes both.
    ///
    /// - Parameters:
    ///   - matrix: the matrix, row by row.
    ///   - side: the number of its rows and columns.
    ///   - workers: the threads.
    ///   - engine: what computes products.
    ///   - isCancelled: called before each block of the diagonal; true stops the computation.
    ///   - progress: called after each block with the fraction that is done.
    public static func invert(
        _ matrix: FloatBuffer, side: Int, workers: Workers, engine: any ComputeEngine = KernelEngine(),
        isCancelled: () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) -> Outcome {
        precondition(matrix.count == side * side, "\(matrix.count) floats are not [\(side), \(side)]")
        let blocks = (side + block - 1) / block
        // The column of blocks below and above the pivot before the step, and the same times the pivot's inverse.
        let column = FloatBuffer(count: block * side)
        let scaled = FloatBuffer(count: block * side)
        let pivot = FloatBuffer(count: block * block)
        for k in 0..<blocks {
            if isCancelled() { return .cancelled }
            let here = range(k, of: side)
            let width = here.count
            guard invertPivot(matrix, side: side, here, into: pivot) else { return .notPositiveDefinite }
            workers.forEach(blocks) { i, _ in
                let rows = range(i, of: side)
                let part = blocksOfColumn(column, rows, width)
                if i == k { return }
                copyColumn(matrix, side: side, rows, here, into: part.start)
                engine.multiply(
                    part.readOnly, MatrixView(pivot, offset: 0, rows: width, columns: width),
                    into: blocksOfColumn(scaled, rows, width))
                // The products below are added; they have to be subtracted, so the sign changes here.
                for index in 0..<rows.count * width { part.start[index] = -part.start[index] }
            }
            // A tile for each pair of blocks of rows i >= j. The tiles in the pivot's row and column are `scaled` itself.
            workers.forEach(blocks * (blocks + 1) / 2) { tile, _ in
                let (i, j) = lowerTile(tile)
                let (rows, columns) = (range(i, of: side), range(j, of: side))
                let target = matrix.mutableMatrix(rows: side, columns: side).rows(rows).columns(columns)
                if i == k && j == k {
                    for row in 0..<width {
                        for other in 0..<width { target.start[row * side + other] = -pivot.pointer[row * width + other] }
                    }
                } else if i == k {
                    transpose(
                        scaled.pointer + columns.lowerBound * width, rows: columns.count, columns: width, into: target.start,
                        side)
                } else if j == k {
                    target.copy(from: blocksOfColumn(scaled, rows, width).readOnly)
                } else {
                    engine.multiply(
                        blocksOfColumn(scaled, rows, width).readOnly, blocksOfColumn(column, columns, width).transposed,
                        into: target, adding: true)
                }
            }
            progress(Double(k + 1) / Double(blocks))
        }
        finish(matrix, side: side, workers: workers)
        return .done
    }

    /// The rows `rows` of a column of blocks, [side, width].
    private static func blocksOfColumn(_ column: FloatBuffer, _ rows: Range<Int>, _ width: Int) -> MutableMatrixView {
        MutableMatrixView(column, offset: rows.lowerBound * width, rows: rows.count, columns: width)
    }

    /// The rows of block `index`.
    private static func range(_ index: Int, of side: Int) -> Range<Int> {
        index * block..<min(side, (index + 1) * block)
    }

    /// The tile `(i, j)`, `i >= j`, with the number `index`, counted row by row.
    private static func lowerTile(_ index: Int) -> (Int, Int) {
        var row = Int(((8 * Double(index) + 1).squareRoot() - 1) / 2)
        while row * (row + 1) / 2 > index { row -= 1 }
        while (row + 1) * (row + 2) / 2 <= index { row += 1 }
        return (row, index - row * (row + 1) / 2)
    }

    /// pivot = the inverse of the diagonal block `here`, computed in double precision.
    private static func invertPivot(_ matrix: FloatBuffer, side: Int, _ here: Range<Int>, into pivot: FloatBuffer) -> Bool {
        let width = here.count
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: width * width) { copy in
            guard let copy = copy.baseAddress else { return false }
            for row in 0..<width {
                for other in 0...row {
                    let value = Double(matrix.pointer[(here.lowerBound + row) * side + here.lowerBound + other])
                    copy[row * width + other] = value
                    copy[other * width + row] = value
                }
            }
            guard foldin_invert_positive(width, copy) else { return false }
            for index in 0..<width * width { pivot.pointer[index] = Float(copy[index]) }
            return true
        }
    }

    /// part [rows, here] = a block of the symmetric matrix, whose lower half is stored. Blocks of earlier pivots have the opposite sign, as
    /// `invert` needs them.
    private static func copyColumn(
        _ matrix: FloatBuffer, side: Int, _ rows: Range<Int>, _ here: Range<Int>, into part: UnsafeMutablePointer<Float>
    ) {
        let width = here.count
        if rows.lowerBound > here.lowerBound {
            for row in 0..<rows.count {
                (part + row * width).update(
                    from: matrix.pointer + (rows.lowerBound + row) * side + here.lowerBound, count: width)
            }
        } else {
            for other in 0..<width {
                let source = matrix.pointer + (here.lowerBound + other) * side + rows.lowerBound
                for row in 0..<rows.count { part[row * width + other] = source[row] }
            }
        }
    }

    /// target [columns, rows] of a matrix with rows of `stride` = the transpose of source [rows, columns].
    private static func transpose(
        _ source: UnsafePointer<Float>, rows: Int, columns: Int, into target: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
        for column in 0..<columns {
            for row in 0..<rows { target[column * stride + row] = source[row * columns + column] }
        }
    }

    /// Changes the sign of the lower half and copies it to the upper one.
    private static func finish(_ matrix: FloatBuffer, side: Int, workers: Workers) {
        let blocks = (side + block - 1) / block
        workers.forEach(blocks * (blocks + 1) / 2) { tile, _ in
            let (i, j) = lowerTile(tile)
            for row in range(i, of: side) {
                for other in range(j, of: side).lowerBound..<min(range(j, of: side).upperBound, row + 1) {
                    let value = -matrix.pointer[row * side + other]
                    matrix.pointer[row * side + other] = value
                    matrix.pointer[other * side + row] = value
                }
            }
        }
    }
}

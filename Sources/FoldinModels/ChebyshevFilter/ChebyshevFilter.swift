import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import Foundation

/// A polynomial filter of the graph of users and items, plus the projection on its strongest directions (ChebyCF; Kim et al., SIGIR 2025).
///
/// X are the training users' clicks [users, items], d_u and n_i the numbers of clicks of a user and of an item, and
/// R = D_U^-1/2 X D_I^-1/2. For a history x the scores are
///
///     s = x * n^-beta,   T = I - 2 R^T R,   y = sum over m of c_m T_m(T) s + alpha V V^T s,   scores = y * n^beta
///
/// with the Chebyshev polynomials T_m, the coefficients c_m, and the columns of V [items, width], orthonormal.
///
/// - Important: The model holds X, the histories of the training users, and so does its file.
public struct ChebyshevFilter: Sendable {
    /// X: which items each training user clicked.
    public let clicks: InteractionMatrix
    /// The same by items: [items, users].
    private let users: InteractionMatrix
    /// c_0, c_1, …: at least one.
    public let coefficients: [Double]
    /// V [items, width], row-major; the columns are orthonormal, or 0.
    public let directions: FloatBuffer
    /// The number of columns of V, 0 for none.
    public let width: Int
    /// alpha: the weight of the projection.
    public let projectionWeight: Double
    /// beta: how the clicks of an item, n, weigh: a click counts n^-beta, and a score is multiplied by n^beta.
    public let popularityPower: Double

    /// n^-beta, n^(beta + 1/2), n^beta and 4 / n of each item, n being at least 1.
    private let (inputs, outputs, powers, shares): (FloatBuffer, FloatBuffer, FloatBuffer, FloatBuffer)

    /// A model of these numbers; `directions` must not change any more.
    public init(
        clicks: InteractionMatrix, coefficients: [Double], directions: FloatBuffer, width: Int, projectionWeight: Double,
        popularityPower: Double
    ) {
        precondition(!coefficients.isEmpty, "a polynomial needs a coefficient")
        precondition(directions.count == clicks.itemCount * width, "\(directions.count) numbers for \(width) directions")
        (self.clicks, self.coefficients, self.directions, self.width) = (clicks, coefficients, directions, width)
        (self.projectionWeight, self.popularityPower) = (projectionWeight, popularityPower)
        let users = clicks.transposed()
        self.users = users
        let counts = (0..<clicks.itemCount).map { Double(max(1, users.row($0).count)) }
        func buffer(_ value: (Double) -> Double) -> FloatBuffer { FloatBuffer(counts.map { Float(value($0)) }) }
        inputs = buffer { pow($0, -popularityPower) }
        outputs = buffer { pow($0, popularityPower + 0.5) }
        powers = buffer { pow($0, popularityPower) }
        shares = buffer { 4 / $0 }
    }

    public var itemCount: Int { clicks.itemCount }

    /// The number of users whose scores are computed together: the clicks are read once for all of them. Depends on the size of the model
    /// alone, as the scratch memory of a worker does: at most four buffers of 16 MB, or as much as 16 users take.
    private var lanes: Int {
        var lanes = 32
        while lanes > 16, lanes * max(itemCount, clicks.userCount) > 1 << 22 { lanes /= 2 }
        return lanes
    }

    /// Costs `2 K` additions per user and training click, K being the degree of the polynomial, and `2 * items * width` operations per user.
    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let lanes = rows.count > 16 ? lanes : 16
        let scratch = (0..<min(workers.count, (rows.count + lanes - 1) / lanes)).map { _ in Scratch(self, lanes: lanes) }
        workers.forEachPiece(of: rows.count, size: lanes) { piece, worker in
            let part = rows.lowerBound + piece.lowerBound..<rows.lowerBound + piece.upperBound
            score(histories, rows: part, into: scores + piece.lowerBound * itemCount, scratch[worker])
        }
    }

    /// The memory of one worker: the last two terms of the polynomial and their sum [items, lanes], users' sums [users, lanes], the users'
    /// coordinates [lanes, width].
    private struct Scratch {
        let lanes: Int
        let (last, before, sum): (FloatBuffer, FloatBuffer, FloatBuffer)
        let users: FloatBuffer
        let coordinates: FloatBuffer

        init(_ model: ChebyshevFilter, lanes: Int) {
            self.lanes = lanes
            let count = lanes * model.itemCount
            (last, before, sum) = (FloatBuffer(count: count), FloatBuffer(count: count), FloatBuffer(count: count))
            users = FloatBuffer(count: lanes * model.clicks.userCount)
            coordinates = FloatBuffer(count: lanes * model.width)
        }
    }

    /// The scores of at most `scratch.lanes` users.
    ///
    /// A term b_m = T_m(T) s is stored as n^-1/2 b_m, so that T b = b - 2 n^-1/2 X^T D_U^-1 X n^-1/2 b needs sums over clicks alone.
    private func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, _ scratch: Scratch
    ) {
        let (items, lanes) = (itemCount, scratch.lanes)
        for buffer in [scratch.last, scratch.before, scratch.sum] { buffer.pointer.update(repeating: 0, count: buffer.count) }
        // b_0 = s; with `before` = 0 a step gives 2 T b - 0, so the first one is halved.
        for (lane, row) in rows.enumerated() {
            for item in histories.row(row) {
                let place = Int(item) * lanes + lane
                scratch.last.pointer[place] = inputs.pointer[Int(item)] * (shares.pointer[Int(item)] / 4).squareRoot()
                scratch.sum.pointer[place] = Float(coefficients[0]) * scratch.last.pointer[place]
            }
        }
        var (last, before) = (scratch.last.pointer, scratch.before.pointer)
        for (degree, coefficient) in coefficients.enumerated().dropFirst() {
            addTerm(
                last, before, scratch, factor: degree == 1 ? 0.5 : 1, coefficient: Float(coefficient))
            swap(&last, &before)
        }
        let powers = width > 0 ? self.powers.pointer : nil
        if width > 0 { project(histories, rows: rows, into: scores, scratch) }
        // A cache line of the sums has 16 lanes: a few items at a time.
        for first in stride(from: 0, to: items, by: 64) {
            for lane in 0..<rows.count {
                let out = scores + lane * items
                for item in first..<min(items, first + 64) {
                    let polynomial = outputs.pointer[item] * scratch.sum.pointer[item * lanes + lane]
                    out[item] = powers.map { $0[item] * out[item] + polynomial } ?? polynomial
                }
            }
        }
    }

    /// before = factor * (2 T last - before), the next term; sum += coefficient * that.
    private func addTerm(
        _ last: UnsafeMutablePointer<Float>, _ before: UnsafeMutablePointer<Float>, _ scratch: Scratch, factor: Float,
        coefficient: Float
    ) {
        let (lanes, people, sum) = (scratch.lanes, scratch.users.pointer, scratch.sum.pointer)
        Self.multiply(clicks, 0..<clicks.userCount, last, width: lanes, into: people)
        for user in 0..<clicks.userCount {
            let share = 1 / Float(max(1, clicks.rowStarts[user + 1] - clicks.rowStarts[user]))
            for lane in user * lanes..<(user + 1) * lanes { people[lane] *= share }
        }
        let itemsAtOnce = 64
        withUnsafeTemporaryAllocation(of: Float.self, capacity: itemsAtOnce * lanes) { memory in
            guard let sums = memory.baseAddress else { return }
            for first in stride(from: 0, to: itemCount, by: itemsAtOnce) {
                let panel = first..<min(itemCount, first + itemsAtOnce)
                Self.multiply(users, panel, people, width: lanes, into: sums)
                for item in panel {
                    let share = shares.pointer[item]
                    let (last, before, sum) = (last + item * lanes, before + item * lanes, sum + item * lanes)
                    let sums = sums + (item - first) * lanes
                    for lane in 0..<lanes {
                        let term = factor * (2 * last[lane] - before[lane] - share * sums[lane])
                        before[lane] = term
                        sum[lane] += coefficient * term
                    }
                }
            }
        }
    }

    /// out [rows, width] = some rows of a binary matrix times b [columns, width].
    private static func multiply(
        _ matrix: InteractionMatrix, _ rows: Range<Int>, _ b: UnsafePointer<Float>, width: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        matrix.rowStarts.withUnsafeBufferPointer { starts in
            matrix.columns.withUnsafeBufferPointer { columns in
                guard let starts = starts.baseAddress, let columns = columns.baseAddress else {
                    return out.update(repeating: 0, count: rows.count * width)
                }
                foldin_multiply_clicks(rows.count, starts + rows.lowerBound, columns, width, b, out)
            }
        }
    }

    /// scores [rows, items] = alpha V V^T s.
    private func project(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, _ scratch: Scratch
    ) {
        let engine = KernelEngine()
        let vectors = directions.matrix(rows: itemCount, columns: width)
        for (lane, row) in rows.enumerated() {
            let clicks = histories.row(row)
            let values = clicks.map { Float(projectionWeight) * inputs.pointer[Int($0)] }
            clicks.withUnsafeBufferPointer { clicks in
                values.withUnsafeBufferPointer { values in
                    engine.multiply(
                        SparseVector(indices: clicks, values: VectorView(values)), vectors, plus: nil,
                        into: MutableVectorView(scratch.coordinates.pointer + lane * width, count: width))
                }
            }
        }
        let coordinates = MatrixView(scratch.coordinates.pointer, rows: rows.count, columns: width)
        let result = MutableMatrixView(scores, rows: rows.count, columns: itemCount)
        for first in stride(from: 0, to: itemCount, by: 1024) {
            let panel = first..<min(itemCount, first + 1024)
            engine.multiply(coordinates, vectors.rows(panel).transposed, into: result.columns(panel))
        }
    }
}

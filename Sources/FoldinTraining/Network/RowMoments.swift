import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// Adam for an item-wide layer of which a step reads few rows, a row being an item's weights.
///
/// It differs from Adam on the whole matrix in two ways:
///
/// - A row has one second moment, the running mean of the mean square of its gradient, instead of one a weight. This saves a
///   third of the memory; rows keep learning rates of their own.
/// - A row that a step does not read has no gradient there. What Adam would do to it nevertheless (moments decay,
///   momentum moves the weights on, AdamW shrinks them) is made up for when the row is next read. With s the row's last
///   update and k the number of those skipped since, Adam's own formulas give
///
///       w <- c^k w - m / (sqrt(v) + epsilon) x rate x sum over i = 1...k of c^(k-i) r^i u(s + i),
///       m <- beta1^k m,    v <- beta2^k v,    c = 1 - rate x decay,
///       r = beta1 / sqrt(beta2),    u(t) = sqrt(1 - beta2^t) / (1 - beta1^t),
///
///   which is exact but for epsilon (Adam would let it weigh more as v decays) and for the rate: the present one
///   is used. The sum ends after `mostTerms` terms: r^i is then below rounding.
struct RowMoments {
    /// r^i is below 1e-8 from here on for the usual betas.
    private static let mostTerms = 176

    private var adam = Adam()
    /// u(t) for t in 0...; u(0) is not used.
    private var warmth: [Double] = [0]

    /// Gets ready for the pauses that end with update `last`, the number of updates made so far.
    mutating func prepare(_ adam: Adam, through last: Int) {
        precondition(adam.decay == 0, "plain L2 decay cannot be made up for; take the decoupled one")
        precondition(last < 1 << 24, "counts of updates are kept in 24 bits")
        if adam.beta1 != self.adam.beta1 || adam.beta2 != self.adam.beta2 { warmth = [0] }
        self.adam = adam
        while warmth.count <= last {
            let t = Double(warmth.count)
            warmth.append((1 - pow(Double(adam.beta2), t)).squareRoot() / (1 - pow(Double(adam.beta1), t)))
        }
    }

    /// The updates after `start` through `end`, none of which had a gradient; nil where there are none.
    func skipped(after start: Int, through end: Int) -> SkippedAdamUpdates? {
        let skipped = end - start
        guard skipped > 0 else { return nil }
        let rate = Double(adam.learningRate)
        let shrink = 1 - rate * Double(adam.decoupledDecay)
        let ratio = Double(adam.beta1) / Double(adam.beta2).squareRoot()
        var factor = ratio * pow(shrink, Double(skipped - 1))
        var sum = 0.0
        for i in 1...min(skipped, Self.mostTerms) {
            sum += factor * warmth[start + i]
            factor *= ratio / shrink
        }
        return SkippedAdamUpdates(
            firstDecay: Float(pow(Double(adam.beta1), Double(skipped))),
            secondDecay: Float(pow(Double(adam.beta2), Double(skipped))),
            shrink: Float(pow(shrink, Double(skipped))), move: Float(rate * sum), epsilon: adam.epsilon)
    }
}

/// A matrix [rows, width] of weights under `RowMoments`.
struct RowMatrix: Sendable {
    private let weights: FloatBuffer
    private let firstMoments: FloatBuffer
    /// [2, rows]: the second moments, then the numbers of the last updates.
    private let secondMoments: FloatBuffer
    private let width: Int
    private let count: Int

    init(weights: FloatBuffer, firstMoments: FloatBuffer, secondMoments: FloatBuffer) {
        count = secondMoments.count / 2
        width = count == 0 ? 0 : weights.count / count
        precondition(weights.count == count * width && firstMoments.count == weights.count, "weights and moments of other shapes")
        (self.weights, self.firstMoments, self.secondMoments) = (weights, firstMoments, secondMoments)
    }

    /// A row with its moments.
    subscript(row: Int) -> AdamWeights {
        let range = row * width..<(row + 1) * width
        return AdamWeights(
            weights: weights.mutableVector[range], firstMoments: firstMoments.mutableVector[range],
            secondMoments: secondMoments.mutableVector[0..<count][row..<row + 1])
    }

    private func lastUpdate(_ row: Int) -> UnsafeMutablePointer<Float> { secondMoments.pointer + count + row }

    /// Makes up for the updates that a row has skipped until there were `updates`, and returns them; nil if it has skipped none.
    @discardableResult
    func resume(_ row: Int, _ moments: RowMoments, updates: Int, engine: any ComputeEngine) -> SkippedAdamUpdates? {
        guard let skipped = moments.skipped(after: Int(lastUpdate(row).pointee), through: updates) else { return nil }
        lastUpdate(row).pointee = Float(updates)
        engine.resumeRow(self[row], skipped)
        return skipped
    }

    /// The `number`-th update of a row.
    func update(_ row: Int, gradient: VectorView, _ update: AdamUpdate, number: Int, engine: any ComputeEngine) {
        lastUpdate(row).pointee = Float(number)
        engine.updateRow(self[row], gradient: gradient, update)
    }

    /// Checks what was read from a checkpoint: each row's last update is a whole number from 0 to `updates`.
    func checkLastUpdates(atMost updates: Int, file: String) throws {
        let areValid = (0..<count).allSatisfy { row in
            let last = lastUpdate(row).pointee
            return last >= 0 && last <= Float(updates) && last == last.rounded()
        }
        guard areValid else {
            throw FoldinError(
                .badData, file: file, found: "a row updated at a time that has not been", expected: "what foldin wrote")
        }
    }
}

extension AdamParameters {
    /// The first or the last layer under `RowMoments`; a row is an item's weights.
    func rows(_ index: Int) -> RowMatrix {
        precondition(areRowMoments, "second moments are by row")
        return RowMatrix(
            weights: weights.linears[index].weight, firstMoments: firstMoments.linears[index].weight,
            secondMoments: secondMoments.linears[index].weight)
    }
}

/// Checks second moments that were read from a checkpoint.
func checkSecondMoments(_ moments: [FloatBuffer], file: String) throws {
    guard moments.allSatisfy({ buffer in (0..<buffer.count).allSatisfy { buffer.pointer[$0] >= 0 } }) else {
        throw FoldinError(.badData, file: file, found: "a second moment below 0", expected: "means of squares")
    }
}

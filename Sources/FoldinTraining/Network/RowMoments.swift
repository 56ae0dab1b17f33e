import FoldinKernels
import FoldinModels
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

extension AdamParameters {
    /// The row of an item in a layer that is the first or the last, under `RowMoments`.
    ///
    /// The second moments of such a layer's weights are a matrix [2, items]: those of the rows, then the numbers of their last updates.
    func row(_ index: Int, item: Int) -> AdamWeights {
        let layer = weights.shape.layers[index]
        let width = index == 0 ? layer.outputs : layer.inputs
        let row = item * width..<(item + 1) * width
        return AdamWeights(
            weights: weights.linears[index].weight.mutableVector[row],
            firstMoments: firstMoments.linears[index].weight.mutableVector[row],
            secondMoments: secondMoments.linears[index].weight.mutableVector[item..<item + 1])
    }

    /// The number of the last update of an item's row.
    func lastUpdate(_ index: Int, item: Int) -> UnsafeMutablePointer<Float> {
        secondMoments.linears[index].weight.pointer + weights.shape.items + item
    }

    /// Makes up for the updates that an item's row of the first or last layer, with its bias in the last, has skipped until there were
    /// `updates`.
    func resumeRow(_ index: Int, item: Int, _ rows: RowMoments, updates: Int, engine: any ComputeEngine) {
        let lastUpdate = lastUpdate(index, item: item)
        guard let skipped = rows.skipped(after: Int(lastUpdate.pointee), through: updates) else { return }
        lastUpdate.pointee = Float(updates)
        engine.resumeRow(row(index, item: item), skipped)
        if index > 0 { engine.resumeRow(biases(index)[item..<item + 1], skipped) }
    }

    /// The `number`-th update of an item's row of the first or last layer, and of its bias if there is a gradient of that.
    func updateRow(
        _ index: Int, item: Int, gradient: VectorView, bias: VectorView? = nil, _ update: AdamUpdate, number: Int,
        engine: any ComputeEngine
    ) {
        lastUpdate(index, item: item).pointee = Float(number)
        engine.updateRow(row(index, item: item), gradient: gradient, update)
        if let bias { engine.updateRow(biases(index)[item..<item + 1], gradient: bias, update) }
    }
}

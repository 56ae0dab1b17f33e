import CFoldinKernels
import FoldinKernels
import Foundation

/// Adam for an item-wide layer of which a step touches a few rows, a row being an item's weights.
///
/// It differs from Adam on the whole matrix in two ways:
///
/// - A row has one second moment, the running mean of the mean square of its gradient, instead of one a weight. This saves a
///   third of the memory; rows keep learning rates of their own.
/// - A row that a step does not touch has no gradient there, and what Adam would do to it all the same (moments decay,
///   momentum moves the weights on, AdamW shrinks them) is made up for when the row is next read. With s the row's last
///   update and k the number of those skipped since, Adam's own formulas give
///
///       w <- c^k w - m / (sqrt(v) + epsilon) x rate x sum over i = 1...k of c^(k-i) r^i u(s + i),
///       m <- beta1^k m,    v <- beta2^k v,    c = 1 - rate x decay,
///       r = beta1 / sqrt(beta2),    u(t) = sqrt(1 - beta2^t) / (1 - beta1^t),
///
///   which is exact but for epsilon (Adam would let it weigh more as v decays) and for the rate, of which the present one
///   is taken. The sum ends after `mostTerms` terms: r^i is then below rounding.
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
    func pause(after start: Int, through end: Int) -> foldin_adam_pause? {
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
        return foldin_adam_pause(
            first_decay: Float(pow(Double(adam.beta1), Double(skipped))),
            second_decay: Float(pow(Double(adam.beta2), Double(skipped))),
            shrink: Float(pow(shrink, Double(skipped))), move: Float(rate * sum), epsilon: adam.epsilon)
    }
}

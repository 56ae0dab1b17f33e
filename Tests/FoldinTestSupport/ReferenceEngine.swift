import FoldinKernels
import Foundation

/// A `ComputeEngine` of plain loops over single elements, with sums in double precision: slow, and easy to compare with the formulas.
public struct ReferenceEngine: ComputeEngine {
    public init() {}

    // MARK: Products

    public func multiply(_ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, adding: Bool) {
        precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns, "shapes")
        for row in 0..<c.rows {
            for column in 0..<c.columns {
                var sum = adding ? Double(c[row, column]) : 0
                for k in 0..<a.columns { sum += Double(a[row, k]) * Double(b[k, column]) }
                c[row, column] = Float(sum)
            }
        }
    }

    public func multiply(_ a: VectorView, rows: UnsafeBufferPointer<Int32>, of b: MatrixView, into c: MutableVectorView) {
        precondition(a.count == b.columns && c.count == rows.count, "shapes")
        for (place, row) in rows.enumerated() {
            c[place] = Float((0..<a.count).reduce(0.0) { $0 + Double(a[$1]) * Double(b[Int(row), $1]) })
        }
    }

    public func multiply(_ x: SparseVector, _ b: MatrixView, plus start: VectorView?, into c: MutableVectorView) {
        precondition(c.count == b.columns && (start?.count ?? c.count) == c.count, "shapes")
        for column in 0..<c.count {
            var sum = start.map { Double($0[column]) } ?? 0
            for (place, row) in x.indices.enumerated() where x.values[place] != 0 {
                sum += Double(x.values[place]) * Double(b[Int(row), column])
            }
            c[column] = Float(sum)
        }
    }

    // MARK: Softmax

    public func exponentials(_ logits: MutableMatrixView, bias: VectorView, maxima: MutableVectorView, sums: MutableVectorView) {
        precondition(bias.count == logits.columns && maxima.count == logits.rows && sums.count == logits.rows, "shapes")
        for user in 0..<logits.rows {
            for item in 0..<logits.columns { logits[user, item] += bias[item] }
            maxima[user] = (0..<logits.columns).reduce(-.infinity) { max($0, logits[user, $1]) }
            var sum = 0.0
            for item in 0..<logits.columns {
                logits[user, item] = exp(logits[user, item] - maxima[user])
                sum += Double(logits[user, item])
            }
            sums[user] = Float(sum)
        }
    }

    public func sumClicked(
        _ logits: MatrixView, bias: VectorView, clicks: BatchClicks, firstItem: Int, into sums: MutableVectorView
    ) {
        precondition(bias.count == logits.columns && clicks.userCount == logits.rows && sums.count == logits.rows, "shapes")
        for user in 0..<logits.rows {
            var sum = 0.0
            for item in columns(of: user, clicks, firstItem, logits.columns) { sum += Double(logits[user, item] + bias[item]) }
            sums[user] = Float(sum)
        }
    }

    public func lossGradient(
        _ panel: MutableMatrixView, scales: VectorView, clicks: BatchClicks, firstItem: Int, shares: VectorView,
        columnSums: MutableVectorView
    ) {
        precondition(
            scales.count == panel.rows && shares.count == panel.rows && clicks.userCount == panel.rows
                && columnSums.count == panel.columns, "shapes")
        for user in 0..<panel.rows {
            for item in 0..<panel.columns { panel[user, item] *= scales[user] }
            for item in columns(of: user, clicks, firstItem, panel.columns) { panel[user, item] -= shares[user] }
        }
        sumColumns(panel.readOnly, into: columnSums)
    }

    /// The columns of a panel of `count` items that a user clicked.
    private func columns(of user: Int, _ clicks: BatchClicks, _ firstItem: Int, _ count: Int) -> [Int] {
        clicks.items(of: user).map { Int($0) - firstItem }.filter { (0..<count).contains($0) }
    }

    // MARK: Adam

    public func update(_ weights: AdamWeights, gradient: VectorView, _ update: AdamUpdate) {
        precondition(gradient.count == weights.count && weights.secondMoments.count == weights.count, "shapes")
        for i in 0..<weights.count { step(weights, i, gradient[i], update) }
    }

    public func updateWithoutGradient(_ weights: AdamWeights, _ updates: UnsafeBufferPointer<AdamUpdate>) {
        precondition(weights.secondMoments.count == weights.count, "shapes")
        for update in updates {
            for i in 0..<weights.count { step(weights, i, 0, update) }
        }
    }

    private func step(_ all: AdamWeights, _ i: Int, _ gradient: Float, _ update: AdamUpdate) {
        let gradient = gradient + update.l2 * all.weights[i]
        all.firstMoments[i] = update.beta1 * all.firstMoments[i] + (1 - update.beta1) * gradient
        all.secondMoments[i] = update.beta2 * all.secondMoments[i] + (1 - update.beta2) * gradient * gradient
        let scale = all.secondMoments[i].squareRoot() * update.secondMomentScale + update.epsilon
        all.weights[i] = all.weights[i] * update.shrink - update.stepSize * all.firstMoments[i] / scale
    }

    public func updateRow(_ row: AdamWeights, gradient: VectorView, _ update: AdamUpdate) {
        precondition(gradient.count == row.count && row.secondMoments.count == 1, "shapes")
        let square = (0..<row.count).reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) } / Double(row.count)
        row.secondMoments[0] = update.beta2 * row.secondMoments[0] + (1 - update.beta2) * Float(square)
        let scale = row.secondMoments[0].squareRoot() * update.secondMomentScale + update.epsilon
        for i in 0..<row.count {
            row.firstMoments[i] = update.beta1 * row.firstMoments[i] + (1 - update.beta1) * gradient[i]
            row.weights[i] = row.weights[i] * update.shrink - update.stepSize * row.firstMoments[i] / scale
        }
    }

    public func resumeRow(_ row: AdamWeights, _ skipped: SkippedAdamUpdates) {
        precondition(row.secondMoments.count == 1, "shapes")
        let scale = row.secondMoments[0].squareRoot() + skipped.epsilon
        for i in 0..<row.count {
            row.weights[i] = row.weights[i] * skipped.shrink - skipped.move * row.firstMoments[i] / scale
            row.firstMoments[i] *= skipped.firstDecay
        }
        row.secondMoments[0] *= skipped.secondDecay
    }

    // MARK: Reductions and sums

    public func sumColumns(_ matrix: MatrixView, into sums: MutableVectorView) {
        precondition(sums.count == matrix.columns, "shapes")
        for column in 0..<matrix.columns {
            sums[column] = Float((0..<matrix.rows).reduce(0.0) { $0 + Double(matrix[$1, column]) })
        }
    }

    public func sumProducts(_ x: MatrixView, _ y: MatrixView, into sums: MutableVectorView) {
        precondition(x.rows == y.rows && x.columns == y.columns && sums.count == x.columns, "shapes")
        for column in 0..<x.columns {
            sums[column] = Float((0..<x.rows).reduce(0.0) { $0 + Double(x[$1, column]) * Double(y[$1, column]) })
        }
    }

    public func add(_ addend: VectorView, to sum: MutableVectorView) {
        precondition(addend.count == sum.count, "shapes")
        for i in 0..<sum.count { sum[i] += addend[i] }
    }

    public func add(bias: VectorView, to matrix: MutableMatrixView) {
        for row in 0..<matrix.rows { add(bias, to: matrix.row(row)) }
    }

    // MARK: Activations

    public func tanh(_ x: VectorView, into y: MutableVectorView) {
        precondition(x.count == y.count, "shapes")
        for i in 0..<x.count { y[i] = Foundation.tanh(x[i]) }
    }

    public func tanhBackward(_ gradient: MutableVectorView, y: VectorView) {
        precondition(gradient.count == y.count, "shapes")
        for i in 0..<y.count { gradient[i] *= 1 - y[i] * y[i] }
    }

    public func swishNorm(
        _ x: MatrixView, gain: VectorView, shift: VectorView, epsilon: Float, normalized: MutableMatrixView,
        inverses: MutableVectorView, into out: MutableMatrixView
    ) {
        for row in 0..<x.rows {
            let s = (0..<x.columns).map { (i: Int) -> Double in Double(x[row, i]) * sigmoid(x[row, i]) }
            let mean = s.reduce(0, +) / Double(s.count)
            let variance = s.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(s.count)
            let inverse = 1 / (variance + Double(epsilon)).squareRoot()
            inverses[row] = Float(inverse)
            for (i, value) in s.enumerated() {
                normalized[row, i] = Float((value - mean) * inverse)
                out[row, i] = gain[i] * normalized[row, i] + shift[i]
            }
        }
    }

    public func swishNormBackward(
        _ dOut: MatrixView, x: MatrixView, normalized: MatrixView, inverses: VectorView, gain: VectorView,
        into dX: MutableMatrixView
    ) {
        for row in 0..<x.rows {
            let d = (0..<x.columns).map { Double(dOut[row, $0]) * Double(gain[$0]) }
            let n = (0..<x.columns).map { Double(normalized[row, $0]) }
            let mean = d.reduce(0, +) / Double(d.count)
            let slope = zip(d, n).reduce(0) { $0 + $1.0 * $1.1 } / Double(d.count)
            for i in 0..<x.columns {
                let chance = sigmoid(x[row, i])
                let dSwish = Double(inverses[row]) * (d[i] - mean - n[i] * slope)
                dX[row, i] = Float(dSwish * chance * (1 + Double(x[row, i]) * (1 - chance)))
            }
        }
    }

    private func sigmoid(_ x: Float) -> Double { 1 / (1 + exp(-Double(x))) }

    // MARK: Latent samples

    public func sampleLatent(moments: VectorView, noise: VectorView, into z: MutableVectorView) -> Double {
        var divergence = 0.0
        for i in 0..<z.count {
            let (mu, logvar) = (Double(moments[i]), Double(moments[z.count + i]))
            z[i] = Float(mu + Double(noise[i]) * exp(logvar / 2))
            divergence -= 0.5 * (1 + logvar - mu * mu - exp(logvar))
        }
        return divergence
    }

    public func sampleLatentBackward(
        _ dZ: VectorView, moments: VectorView, noise: VectorView, weight: Float, into dMoments: MutableVectorView
    ) {
        for i in 0..<dZ.count {
            let (mu, logvar) = (moments[i], moments[dZ.count + i])
            dMoments[i] = dZ[i] + weight * mu
            dMoments[dZ.count + i] = 0.5 * (dZ[i] * noise[i] * exp(logvar / 2) + weight * (exp(logvar) - 1))
        }
    }

    public func sampleLatent(
        moments: VectorView, noise: VectorView, prior: CompositePrior, earlier: VectorView, into z: MutableVectorView,
        slopes: MutableVectorView
    ) -> Double {
        var divergence = 0.0
        for i in 0..<z.count {
            let (mu, logvar) = (Double(moments[i]), Double(moments[z.count + i]))
            let x = mu + Double(noise[i]) * exp(logvar / 2)
            // Means, log-variances and log-weights of the mixture's parts; densities without the common factor 1 / sqrt(2 pi).
            let parts = [
                (0, 0, Double(prior.logStandard)),
                (Double(earlier[i]), Double(earlier[z.count + i]), Double(prior.logEarlier)),
                (0, Double(prior.wideLogVariance), Double(prior.logWide)),
            ]
            let logs = parts.map { mean, logvar, weight in weight - 0.5 * (logvar + (x - mean) * (x - mean) * exp(-logvar)) }
            let top = logs.reduce(-.infinity, max)
            let total = logs.reduce(0) { $0 + exp($1 - top) }
            var slope = 0.0
            for (log, part) in zip(logs, parts) { slope -= exp(log - top) / total * (x - part.0) * exp(-part.1) }
            z[i] = Float(x)
            slopes[i] = Float(slope)
            divergence += -0.5 * (logvar + Double(noise[i]) * Double(noise[i])) - (top + log(total))
        }
        return divergence
    }

    public func sampleLatentBackward(
        _ dZ: VectorView, moments: VectorView, noise: VectorView, slopes: VectorView, weight: Float,
        into dMoments: MutableVectorView
    ) {
        for i in 0..<dZ.count {
            let d = dZ[i] - weight * slopes[i]
            dMoments[i] = d
            dMoments[dZ.count + i] = 0.5 * (d * noise[i] * exp(moments[dZ.count + i] / 2) - weight)
        }
    }
}

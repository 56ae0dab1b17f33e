import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import Foundation

extension TrainedModel {
    /// For each user of `rows`, the loss of the user's clicks as their own target, without dropout and with the latent mean.
    ///
    /// For an autoencoder only. `scores` [rows.count, items] is what `score` made of the same users. Costs an exponential a score, and the encoder once more.
    public func losses(
        _ histories: InteractionMatrix, rows: Range<Int>, scores: UnsafePointer<Float>, workers: Workers
    ) -> [StepLoss] {
        guard let parameters else { preconditionFailure("a loss is an autoencoder's") }
        let items = itemCount
        // Read only, by all tasks.
        nonisolated(unsafe) let scores = scores
        let divergences = parameters.divergences(histories, rows: rows, workers: workers)
        let zeros = FloatBuffer(count: items)
        return workers.map(rows.count) { row, _ in
            let logits = scores + row * items
            let likelihood = withUnsafeTemporaryAllocation(of: Float.self, capacity: items) { copy in
                guard let copy = copy.baseAddress else { return 0.0 }
                copy.initialize(from: logits, count: items)
                var (maximum, sum): (Float, Float) = (0, 0)
                foldin_exponentials(1, items, copy, zeros.pointer, &maximum, &sum)
                let normalizer = Double(maximum) + log(Double(sum))
                return histories.row(rows.lowerBound + row).reduce(0.0) { $0 + normalizer - Double(logits[Int($1)]) }
            }
            return StepLoss(negativeLogLikelihood: likelihood, divergence: divergences?[row] ?? 0)
        }
    }
}

extension Parameters {
    /// Each user's divergence of the latent from the standard normal; nil for the DAE.
    fileprivate func divergences(_ histories: InteractionMatrix, rows: Range<Int>, workers: Workers) -> [Double]? {
        guard architecture.family == .multVAE else { return nil }
        let layers = architecture.layers
        let latent = architecture.latent
        var current = inputLayerForScoring(histories, rows: rows, workers: workers)
        for index in 1..<architecture.encoderDepth {
            let layer = layers[index]
            if layer.activatesInput { foldin_tanh(rows.count * layer.inputs, current.pointer, current.pointer) }
            let output = FloatBuffer(count: rows.count * layer.outputs)
            let input = current
            workers.forEachPiece(of: rows.count, size: rowsAPiece) { piece, _ in
                linearForward(
                    layer, linears[index], rows: piece.count, input.pointer + piece.lowerBound * layer.inputs,
                    inputStride: layer.inputs, into: output.pointer + piece.lowerBound * layer.outputs)
            }
            current = output
        }
        let moments = current
        let noise = FloatBuffer(count: latent)
        return workers.map(rows.count) { row, _ in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: latent) { sample in
                guard let sample = sample.baseAddress else { return 0 }
                return foldin_sample_latent(latent, moments.pointer + row * 2 * latent, noise.pointer, sample)
            }
        }
    }
}

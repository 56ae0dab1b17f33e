import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Scores an autoencoder's items with numbers of fewer bits, near enough that the best can be picked, and says how near.
///
/// The last layer's weights are rounded and packed once: to bfloat16 where the processor has it, into half of their memory, else to a
/// byte each, into a quarter. A block of users then costs less than half of the time of `TrainedModel.score`. For the few items that
/// matter `RoundedScores.exact` has the scores of single precision, the same bits as `TrainedModel.score`.
public final class RoundedScorer: ApproximateScorer {
    private let parameters: Parameters
    private let weights: any RoundedWeights
    private let largestBias: Float

    /// A scorer for `model`; nil where it is no autoencoder, and on a machine without Foldin's own matrix kernels or whose processor is
    /// no faster with fewer bits.
    public convenience init?(_ model: TrainedModel, workers: Workers = Workers()) {
        guard let parameters = model.parameters, MatrixMultiply.isOwn else { return nil }
        if Precision.bfloat16.isAvailable {
            self.init(parameters, BFloat16Weights.self, workers: workers)
        } else if foldin_bytes_are_multiplied() {
            self.init(parameters, ByteWeights.self, workers: workers)
        } else {
            return nil
        }
    }

    /// A scorer with weights of one kind, which the processor must be able to multiply; nil where a sum would be too long.
    init?(_ parameters: Parameters, _ kind: any RoundedWeights.Type, workers: Workers) {
        let layer = parameters.lastLayer
        let (weight, bias) = (parameters.lastLinear.weight, parameters.lastLinear.bias)
        guard layer.inputs <= foldin_longest_byte_sum else { return nil }
        self.parameters = parameters
        weights = kind.init(weight.pointer, items: layer.outputs, width: layer.inputs, workers: workers)
        largestBias = UnsafeBufferPointer(start: bias.pointer, count: bias.count).reduce(0) {
            $1.isNaN ? .infinity : max($0, abs($1))
        }
    }

    public func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    ) -> any ApproximateScores {
        precondition(histories.itemCount == parameters.itemCount, "histories and model must have the same items")
        let width = parameters.lastLayer.inputs
        let hidden = parameters.hiddenForScoring(histories, rows: rows, workers: workers)
        let lengths = weights.score(
            hidden.pointer, users: rows.count, bias: parameters.lastLinear.bias.pointer, into: scores, stride: stride,
            workers: workers)
        let longest = weights.longest
        let margins = lengths.map { row in
            // h.w - h'.w' = h.(w - w') + (h - h').w', by Cauchy and Schwarz; then the rounding of both sums, of `width` products and a
            // bias, and of these lengths themselves.
            let product = row.vector * longest.loss + row.loss * (longest.vector + longest.loss)
            return Float(product * 1.001 + Double(width + 8) * 0x1p-22 * (row.vector * longest.vector + Double(largestBias)))
        }
        return RoundedScores(parameters: parameters, hidden: hidden, margins: margins)
    }
}

/// What is known of a block of users' scores beside their rounded values.
struct RoundedScores: ApproximateScores {
    let parameters: Parameters
    /// What the last layer sees, [users, width].
    let hidden: FloatBuffer
    let margins: [Float]

    func margin(of row: Int) -> Float { margins[row] }

    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
        let linear = parameters.lastLinear
        let width = parameters.lastLayer.inputs
        multiplyRows(
            items, of: linear.weight.pointer, stride: width, inner: width, by: hidden.pointer + row * width, into: scores)
        for (place, item) in items.enumerated() { scores[place] += linear.bias.pointer[Int(item)] }
    }
}

extension Parameters {
    fileprivate var lastLayer: Layer { architecture.layers[linears.count - 1] }
    fileprivate var lastLinear: Linear { linears[linears.count - 1] }
}

import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Scores a network's items with numbers of fewer bits, and says how far off a score may be: enough to find the best items.
///
/// The last layer's weights are rounded and packed once: to bfloat16 if the processor has it, into half of their memory, else to one
/// byte each, into a quarter. A block of users then takes less than half of the time of `Model.score`. For the few best items there are the
/// scores of single precision, the same bits as those of `Model.score`.
final class RoundedScorer: ApproximateScorer {
    private let parameters: Parameters
    /// The last layer, and the width of its input.
    private let linear: Parameters.Linear
    private let width: Int
    private let weights: any RoundedWeights
    private let largestBias: Float

    /// A scorer of a network; nil on a machine without Foldin's own matrix kernels or whose processor is no faster with fewer bits.
    convenience init?(_ parameters: Parameters, workers: Workers = Workers()) {
        guard MatrixMultiply.isOwn else { return nil }
        if Processor.Feature.avx512BFloat16.isPresent {
            self.init(parameters, BFloat16Weights.self, workers: workers)
        } else if Processor.isFasterWithBytes {
            self.init(parameters, ByteWeights.self, workers: workers)
        } else {
            return nil
        }
    }

    /// A scorer with weights of one kind, which the processor must be able to multiply; nil where a sum would be too long.
    init?(_ parameters: Parameters, _ kind: any RoundedWeights.Type, workers: Workers) {
        let last = parameters.shape.last
        guard last.inputs <= foldin_longest_byte_sum else { return nil }
        self.parameters = parameters
        linear = parameters.linears[parameters.linears.count - 1]
        width = last.inputs
        weights = kind.init(linear.weight.pointer, items: last.outputs, width: width, workers: workers)
        largestBias = UnsafeBufferPointer(start: linear.bias.pointer, count: linear.bias.count).reduce(0) {
            $1.isNaN ? .infinity : max($0, abs($1))
        }
    }

    func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    ) -> any ApproximateScores {
        precondition(histories.itemCount == parameters.shape.items, "histories and model must have the same items")
        let values = parameters.forward(histories, rows: rows, workers: workers)
        let input = input(users: rows.count)
        score(values.inputOfLast.start, users: rows.count, input, into: scores, stride: stride, workers: workers)
        return RoundedScores(scorer: self, values: values, input: input)
    }

    /// Memory for the last layer's input of `users`, rounded.
    func input(users: Int) -> RoundedInput { weights.input(users: users) }

    /// The last layer: approximate scores [users, items], in rows `stride` apart, of its input, [users, width]. Allocates nothing.
    func score(
        _ hidden: UnsafePointer<Float>, users: Int, _ input: RoundedInput, into scores: UnsafeMutablePointer<Float>, stride: Int,
        workers: Workers
    ) {
        weights.score(
            hidden, users: users, input, bias: linear.bias.pointer, into: scores, stride: stride, workers: workers)
    }

    /// How far scores may be off, `lengths` being those of the last layer's input; infinity where a score may overflow.
    func margin(_ lengths: foldin_lengths) -> Float {
        let longest = weights.longest
        let largest = lengths.vector * longest.vector + Double(largestBias)
        guard largest < 1e37 else { return .infinity }
        // h.w - h'.w' = h.(w - w') + (h - h').w', by Cauchy and Schwarz.
        let product = lengths.vector * longest.loss + lengths.loss * (longest.vector + longest.loss)
        // The rounding of both sums, of `width` products and a bias, also of numbers too small to be normal, and of these lengths.
        return Float(1.001 * product + Double(width + 8) * 0x1p-22 * largest + 0x1p-110)
    }

    /// The scores of some items in single precision, from row `row` of the last layer's input, [users, width].
    func exact(
        _ items: UnsafeBufferPointer<Int32>, _ hidden: UnsafePointer<Float>, row: Int, into scores: UnsafeMutablePointer<Float>
    ) {
        KernelEngine().multiply(
            VectorView(hidden + row * width, count: width), rows: items,
            of: linear.weight.matrix(rows: parameters.shape.items, columns: width),
            into: MutableVectorView(scores, count: items.count))
        for (place, item) in items.enumerated() { scores[place] += linear.bias.pointer[Int(item)] }
    }
}

/// What is known of a block of users' scores beside their rounded values.
struct RoundedScores: ApproximateScores {
    let scorer: RoundedScorer
    /// With the input of the last layer, [users, width].
    let values: Activations
    let input: RoundedInput

    func margin(of row: Int) -> Float { scorer.margin(input.lengths.pointer[row]) }

    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
        scorer.exact(items, values.inputOfLast.start, row: row, into: scores)
    }
}

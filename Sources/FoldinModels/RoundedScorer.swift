import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Scores an autoencoder's items in bfloat16, near enough that the best can be picked, and says how near.
///
/// The last layer's weights are rounded and packed once, into half of their memory; a block of users then costs less than half of
/// the time of `TrainedModel.score`. For the few items that matter `RoundedScores.exact` has the scores of single precision: with
/// Foldin's own matrix kernels the same bits as `TrainedModel.score`.
public final class RoundedScorer: Sendable {
    private let parameters: Parameters
    /// The last layer's weights, [width, items], packed in strips.
    private let strips: PairBuffer
    /// The largest length of a row of weights, and of what rounding took from a row.
    private let longest, longestLoss: Float
    private let largestBias: Float

    /// A scorer for `model`; nil where it is no autoencoder or the processor has no bfloat16.
    public init?(_ model: TrainedModel, workers: Workers = Workers()) {
        guard let parameters = model.parameters, Precision.bfloat16.isAvailable else { return nil }
        self.parameters = parameters
        let layer = parameters.lastLayer
        let weight = parameters.lastLinear.weight.pointer
        let width = layer.inputs
        let strips = PairBuffer(count: foldin_strips(layer.outputs, width))
        let panels = (layer.outputs + itemsAPanel - 1) / itemsAPanel
        let lengths = workers.map(panels) { panel, _ -> (Float, Float) in
            let items = panel * itemsAPanel..<min(layer.outputs, (panel + 1) * itemsAPanel)
            foldin_pack_strips(
                width, items.count,
                foldin_matrix(start: weight + items.lowerBound * width, stride: width, is_transposed: true),
                strips.pointer + items.lowerBound * foldin_pairs(width))
            var rounded = [UInt16](repeating: 0, count: width)
            var longest: (Float, Float) = (0, 0)
            for item in items {
                let (length, loss) = RoundedScorer.lengths(of: weight + item * width, count: width, rounded: &rounded)
                longest = (max(longest.0, length), max(longest.1, loss))
            }
            return longest
        }
        self.strips = strips
        longest = lengths.reduce(0) { max($0, $1.0) }
        longestLoss = lengths.reduce(0) { max($0, $1.1) }
        let bias = parameters.lastLinear.bias
        largestBias = UnsafeBufferPointer(start: bias.pointer, count: bias.count).reduce(0) { max($0, abs($1)) }
    }

    /// Scores of all items for all users of `histories`, within `RoundedScores.margin(of:)`, into `scores` [users, items].
    public func score(
        _ histories: InteractionMatrix, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) -> RoundedScores {
        precondition(histories.itemCount == parameters.itemCount, "histories and model must have the same items")
        let (users, items, width) = (histories.userCount, parameters.itemCount, parameters.lastLayer.inputs)
        let hidden = parameters.hiddenForScoring(histories, rows: 0..<users, workers: workers)
        let pairs = PairBuffer(count: users * foldin_pairs(width))
        foldin_pack_rows(users, width, hidden.pointer, width, pairs.pointer)
        let bias = parameters.lastLinear.bias.pointer
        workers.forEachPiece(of: items, size: 2 * itemsAPanel) { panel, _ in
            foldin_multiply_pairs(
                users, panel.count, width,
                foldin_left_pairs(start: pairs.pointer, row_stride: foldin_pairs(width), pair_stride: 1),
                strips.pointer + panel.lowerBound * foldin_pairs(width), false, scores + panel.lowerBound, items, foldin_soon())
            for row in 0..<users {
                foldin_add_bias(1, panel.count, scores + row * items + panel.lowerBound, bias + panel.lowerBound)
            }
        }
        var rounded = [UInt16](repeating: 0, count: width)
        let margins = (0..<users).map { row in
            let (length, loss) = RoundedScorer.lengths(of: hidden.pointer + row * width, count: width, rounded: &rounded)
            // h.w - h'.w' = h.(w - w') + (h - h').w', by Cauchy and Schwarz; then the rounding of both sums, of `width` products and a
            // bias, and of these lengths themselves.
            let product = length * longestLoss + loss * (longest + longestLoss)
            return product * 1.001 + Float(width + 8) * 0x1p-22 * (length * longest + largestBias)
        }
        return RoundedScores(parameters: parameters, hidden: hidden, margins: margins)
    }

    /// The Euclidean lengths of a vector and of what rounding takes from it.
    private static func lengths(of vector: UnsafePointer<Float>, count: Int, rounded: inout [UInt16]) -> (Float, Float) {
        foldin_bfloat16_round(count, vector, &rounded)
        // Squares of the smallest floats are numbers only in double precision.
        var (square, lost) = (0.0, 0.0)
        for i in 0..<count {
            let difference = Double(vector[i]) - Double(Float(bitPattern: UInt32(rounded[i]) << 16))
            square += Double(vector[i]) * Double(vector[i])
            lost += difference * difference
        }
        return (Float(square.squareRoot()), Float(lost.squareRoot()))
    }
}

/// What is known of a block of users' scores beside their rounded values.
public struct RoundedScores: Sendable {
    fileprivate let parameters: Parameters
    /// What the last layer sees, [users, width].
    fileprivate let hidden: FloatBuffer
    fileprivate let margins: [Float]

    /// How far a rounded score of user `row` may be from that of single precision; not finite where that is not known.
    public func margin(of row: Int) -> Float { margins[row] }

    /// The scores of some items for user `row`, in single precision. Copies the items' weights: for a few hundred at a time.
    public func exact(_ items: [Int32], row: Int) -> [Float] {
        let layer = parameters.lastLayer
        let linear = parameters.lastLinear
        let width = layer.inputs
        return [Float](unsafeUninitializedCapacity: items.count) { scores, count in
            count = items.count
            guard let scores = scores.baseAddress else { return }
            let weights = UnsafeMutablePointer<Float>.allocate(capacity: items.count * width)
            defer { weights.deallocate() }
            for (place, item) in items.enumerated() {
                (weights + place * width).update(from: linear.weight.pointer + Int(item) * width, count: width)
            }
            matrixMultiply(
                rows: 1, columns: items.count, inner: width, .plain(hidden.pointer + row * width, stride: width),
                .transposed(weights, stride: width), into: scores, stride: items.count)
            for (place, item) in items.enumerated() { scores[place] += linear.bias.pointer[Int(item)] }
        }
    }
}

extension Parameters {
    fileprivate var lastLayer: Layer { architecture.layers[linears.count - 1] }
    fileprivate var lastLinear: Linear { linears[linears.count - 1] }
}

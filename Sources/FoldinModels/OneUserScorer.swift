import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Scores one user at a time in memory that it keeps: of an autoencoder, after the first calls nothing is allocated. A model of
/// another kind scores a matrix of one row, made for each call.
///
/// The kernels and the order of their sums are those of `TrainedModel.score`: with Foldin's own matrix kernels a user's scores are
/// the same bits here, in a block of users, and for any number of workers; with a BLAS they are the same but for rounding. Asked
/// for approximate scores, this object knows their margin and the exact ones.
///
/// - Note: Not to be used by two threads at once. `@unchecked Sendable` because whoever holds it may pass it on: all it has is
///   memory of its own and a model that does not change.
public final class OneUserScorer: ApproximateScores, @unchecked Sendable {
    /// What scores approximately, of the same model; nil at first.
    public var rounded: RoundedScorer? { didSet { roundedInput = rounded?.input(users: 1) } }
    private var roundedInput: RoundedInput?
    private let model: TrainedModel
    private let parameters: Parameters?
    private let workers: Workers
    private let layers: [Layer]
    /// What each layer but the last gives, and what each but the first sees where tanh comes between.
    private let outputs: [FloatBuffer]
    private let activated: [FloatBuffer?]
    private let result: FloatBuffer
    private var factors: [Float] = []

    /// Room for scoring with `model`: its widths and number of items in floats.
    public init(_ model: TrainedModel, workers: Workers = Workers()) {
        self.model = model
        self.workers = workers
        parameters = model.parameters
        layers = parameters?.architecture.layers ?? []
        outputs = layers.dropLast().map { FloatBuffer(count: $0.outputs) }
        activated = layers.enumerated().map { $0 > 0 && $1.activatesInput ? FloatBuffer(count: $1.inputs) : nil }
        result = FloatBuffer(count: model.itemCount)
    }

    /// The scores of all items for somebody who clicked `items`, which ascend without repeats.
    ///
    /// The scores are valid, and may be changed, until the next call. They are approximate if that is asked for and `rounded` is set.
    public func score(_ items: [Int32], approximately: Bool = false) -> UnsafeMutablePointer<Float> {
        guard let linears = parameters?.linears else {
            let histories = InteractionMatrix(rows: [items.map(Int.init)], itemCount: model.itemCount)
            model.score(histories, rows: 0..<1, into: result.pointer, workers: workers)
            return result.pointer
        }
        let value = layers[0].activatesInput ? tanhOfOne(normalizedClick(items.count)) : normalizedClick(items.count)
        if factors.count < items.count || factors.first != value {
            factors.removeAll(keepingCapacity: true)
            factors.append(contentsOf: repeatElement(value, count: items.count))
        }
        items.withUnsafeBufferPointer { items in
            factors.withUnsafeBufferPointer { factors in
                clicksForward(
                    layers[0], linears[0], items: items.baseAddress, values: factors.baseAddress, count: items.count,
                    into: outputs[0].pointer)
            }
        }
        // The VAE's latent mean is the first half of what the encoder gives; one row, so its stride does not matter.
        for index in 1..<layers.count - 1 {
            linearForward(
                layers[index], linears[index], rows: 1, input(of: index), inputStride: layers[index].inputs,
                into: outputs[index].pointer)
        }
        let last = layers[layers.count - 1]
        let linear = linears[layers.count - 1]
        let seen = input(of: layers.count - 1)
        if approximately, let rounded, let roundedInput {
            rounded.score(seen, users: 1, roundedInput, into: result.pointer, stride: last.outputs, workers: workers)
            return result.pointer
        }
        workers.forEachPiece(of: last.outputs, size: 2 * itemsAPanel) { panel, _ in
            let scores = result.pointer + panel.lowerBound
            matrixMultiply(
                rows: 1, columns: panel.count, inner: last.inputs, .plain(seen, stride: last.inputs),
                .transposed(linear.weight.pointer + panel.lowerBound * last.inputs, stride: last.inputs), into: scores,
                stride: last.outputs)
            foldin_add_bias(1, panel.count, scores, linear.bias.pointer + panel.lowerBound)
        }
        return result.pointer
    }

    /// How far the last call's approximate scores may be from the exact ones; there is one row, 0.
    public func margin(of row: Int) -> Float {
        guard let rounded, let roundedInput else { return .infinity }
        return rounded.margin(roundedInput.lengths.pointer[row])
    }

    /// The exact scores of some items for the user of the last call, of which approximate scores were asked.
    public func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
        let last = layers.count - 1
        rounded?.exact(items, (activated[last] ?? outputs[last - 1]).pointer, row: row, into: scores)
    }

    /// What layer `index` multiplies by its weights.
    private func input(of index: Int) -> UnsafePointer<Float> {
        let before = outputs[index - 1].pointer
        guard let activated = activated[index] else { return UnsafePointer(before) }
        foldin_tanh(layers[index].inputs, before, activated.pointer)
        return UnsafePointer(activated.pointer)
    }
}

import FoldinInteractions
import FoldinKernels

/// Scores one user at a time with an autoencoder; after the first calls nothing is allocated.
///
/// - Note: `@unchecked Sendable` because the holder may pass it on: it has memory of its own and a model that does not change.
final class AutoencoderUserScorer: OneUserScorer, @unchecked Sendable {
    var approximate: (any ApproximateScorer)? {
        didSet {
            rounded = approximate as? RoundedScorer
            roundedInput = rounded?.input(users: 1)
        }
    }
    private var rounded: RoundedScorer?
    private var roundedInput: RoundedInput?
    private let parameters: Parameters
    private let workers: Workers
    private let engine = KernelEngine()
    private let inputLayer: InputLayer
    private let stack: HiddenStack
    private let values: Activations
    private let result: FloatBuffer
    private var clickValues = ClickValues()

    /// Takes memory for the layers' widths and the number of items in floats.
    init(_ model: Autoencoder, workers: Workers) {
        parameters = model.parameters
        self.workers = workers
        inputLayer = InputLayer(parameters, engine: engine)
        stack = HiddenStack(parameters, engine: engine)
        values = Activations(parameters.shape, users: 1, isForTraining: false)
        result = FloatBuffer(count: model.itemCount)
    }

    func score(_ items: [Int32], approximately: Bool) -> UnsafeMutableBufferPointer<Float> {
        items.withUnsafeBufferPointer { items in
            clickValues.with(items, inputLayer) { inputLayer.forward($0, into: values.output(of: 0).row(0)) }
        }
        stack.forward(0..<1, values)
        let input = values.inputOfLast.readOnly
        if approximately, let rounded, let roundedInput {
            rounded.score(input.start, users: 1, roundedInput, into: result.pointer, stride: result.count, workers: workers)
        } else {
            parameters.scoreItems(input, into: result.pointer, workers: workers, engine: engine)
        }
        return UnsafeMutableBufferPointer(start: result.pointer, count: result.count)
    }

    /// How far the last call's approximate scores may be from the exact ones; there is one row, 0.
    func margin(of row: Int) -> Float {
        guard let rounded, let roundedInput else { return .infinity }
        return rounded.margin(roundedInput.lengths.pointer[row])
    }

    /// The exact scores of some items for the user of the last call, whose scores were approximate.
    func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
        rounded?.exact(items, values.inputOfLast.start, row: row, into: scores)
    }
}

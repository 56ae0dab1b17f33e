import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// What the training steps of all networks have in common: a batch, the values between the layers, the first layer, the output head, and
/// the updates of the layers.
///
/// The work is cut into pieces of users (`usersPerPiece`) and panels of items (`itemsPerPanel`) by the size of the data alone. One thread
/// computes a piece, and sums over pieces are taken in a fixed order: the weights after a step are the same bits for any number of threads.
///
/// The gradients of the two item-wide layers are never stored whole: Adam consumes them a panel at a time, while they are in cache.
package final class NetworkStep {
    package let parameters: AdamParameters
    package let setup: SessionSetup
    package let values: Activations
    package let gradients: ActivationGradients
    let head: any OutputHead
    let inputLayer: InputLayer
    let normalization: Normalization
    /// Clicks per training user.
    private let meanClicks: Double
    private let direction: InputDirection?
    private(set) var batch = Batch()
    /// For tests: used instead of drawn noise, [users, latent].
    package var fixedNoise: [Float]?
    /// How long the parts of the last step took.
    package var times = StepTimes()

    /// A step over initial weights of a shape, drawn by the seed of `setup`.
    package convenience init(_ shape: NetworkShape, _ setup: SessionSetup, _ normalization: Normalization = .none) {
        self.init(Parameters(initializing: shape, seed: setup.seed, workers: setup.workers), setup, normalization)
    }

    /// A step over given weights, which it changes.
    package init(_ weights: Parameters, _ setup: SessionSetup, _ normalization: Normalization = .none) {
        (self.setup, self.normalization) = (setup, normalization)
        let areCosines = normalization.temperature != nil
        meanClicks = Double(setup.clicks.count) / Double(setup.clicks.userCount)
        direction = normalization.temperature.map {
            InputDirection(users: setup.batchSize, width: weights.shape.last.inputs, temperature: $0)
        }
        switch setup.softmax {
        case .exact:
            parameters = AdamParameters(weights)
            head =
                setup.precision == .bfloat16
                ? BFloat16Head(parameters, setup, areCosines: areCosines)
                : ExactHead(parameters, setup, areCosines: areCosines)
        case .sampled(let negatives):
            precondition(setup.precision == .float32, "a sampled softmax is trained in single precision")
            parameters = AdamParameters(weights, isByRow: true)
            head = SampledHead(parameters, negatives: negatives, setup, areCosines: areCosines)
        }
        inputLayer = InputLayer(weights, engine: setup.engine)
        values = Activations(weights.shape, users: setup.batchSize, isForTraining: true)
        gradients = ActivationGradients(weights.shape, users: setup.batchSize)
        clearUnusedBiases()
    }

    /// Cosines have no biases: those of the last layer are 0 then.
    private func clearUnusedBiases() {
        guard direction != nil else { return }
        let bias = parameters.weights.linears[parameters.lastIndex].bias
        bias.pointer.update(repeating: 0, count: bias.count)
    }

    /// The bytes of weights and moments, and of the scores of a batch.
    static func memory(
        _ shape: NetworkShape, _ softmax: Softmax, users: Int, clicksPerUser: Int
    ) -> (parameters: ByteCount, scores: ByteCount) {
        switch softmax {
        case .exact:
            (AdamParameters.bytes(shape, isByRow: false), ExactHead.bytes(items: shape.items, users: users))
        case .sampled(let negatives):
            (
                AdamParameters.bytes(shape, isByRow: true),
                SampledHead.bytes(items: shape.items, users: users, clicksPerUser: clicksPerUser, negatives: negatives)
            )
        }
    }

    /// Takes the clicks of `users`, with dropout if there is randomness for it, and gets the head and the first layer's rows ready.
    func takeBatch(_ users: ArraySlice<Int32>, _ update: SessionUpdate, _ randomness: StepRandomness) {
        precondition(
            !users.isEmpty && users.count <= setup.batchSize, "a batch of \(users.count); expected 1 to \(setup.batchSize)")
        batch.takeClicks(setup.clicks, users: users, layer: inputLayer, randomness: randomness)
        if normalization.userPower != 0 { batch.weigh(by: userWeight) }
        head.prepare(&batch, updates: update.number, adam: update.adam, randomness: randomness)
    }

    /// The weight of the loss of a user with `count` clicks.
    func userWeight(_ count: Int) -> Float { normalization.userWeight(count, mean: meanClicks) }

    /// Takes the clicks of `users` without dropout, for a step that leaves the first layer as it is. Its pending updates are made.
    func takeBatchWithoutDropout(_ users: ArraySlice<Int32>, _ update: SessionUpdate) {
        batch.takeClicks(setup.clicks, users: users, layer: inputLayer, randomness: nil)
        head.flush(updates: update.number, adam: update.adam)
    }

    /// The output of the first layer, [users, outputs].
    func inputForward() {
        let output = values.output(of: 0)
        setup.workers.forEachPiece(of: batch.userCount, size: 16) { users, _ in
            batch.forEachUser(users) { user, clicks in inputLayer.forward(clicks, into: output.row(user)) }
        }
    }

    /// epsilon [users, latent], of a network that has some.
    func drawNoise(_ randomness: StepRandomness) {
        guard let noise = values.noise else { return }
        if let fixedNoise {
            for (index, value) in fixedNoise.enumerated() { noise.pointer[index] = value }
            return
        }
        let source = randomness.source(RandomStream.latentNoise)
        setup.workers.forEachPiece(of: batch.userCount * values.shape.latent, size: 1 << 13) { range, _ in
            source.normal(from: range.lowerBound, into: noise.mutableVector[range])
        }
    }

    /// The input of the last layer, [users of the batch, inputs].
    var lastInput: MatrixView {
        let input = direction.map { $0.directions } ?? values.inputOfLast
        return input.rows(0..<batch.userCount).readOnly
    }

    /// Makes `lastInput` of the values before it, for some users of the batch.
    func normalizeLastInput(_ users: Range<Int>) { direction?.forward(users, values.inputOfLast) }

    /// dInput of the last layer of some users of the batch, before `normalizeLastInput`.
    func lastInputGradient(_ users: Range<Int>) {
        let gradient = gradients.before(parameters.lastIndex).rows(users)
        head.inputGradient(users, into: gradient)
        direction?.backward(users, gradient)
    }

    /// Gradients and updates of all layers but the last: of the first layer a panel of rows per task, of the others a few output rows.
    func updateInnerLayers(_ update: AdamUpdate) {
        head.firstLayer.begin(update)
        let layers = values.shape.layers
        let keys = head.firstLayer.keyCount
        let pieces = (1..<layers.count - 1).flatMap { index in
            stride(from: 0, to: layers[index].outputs, by: usersPerPiece).map { start in
                (index, start..<min(layers[index].outputs, start + usersPerPiece))
            }
        }
        let dOutput = gradients.output(of: 0).rows(0..<batch.userCount).readOnly
        // The hidden layers' products first: they are the longest tasks.
        setup.workers.forEach(pieces.count + 1 + Panels.count(keys)) { task, _ in
            if task < pieces.count {
                updateHidden(pieces[task].0, outputs: pieces[task].1, update)
            } else if task == pieces.count {
                updateBias(0, outputs: 0..<layers[0].outputs, update)
            } else {
                // dWeight of an item's row = sum over its clicks of value * dOutput of the user
                head.firstLayer.update(Panels.items(task - pieces.count - 1, of: keys), batch) { clicks, gradient in
                    setup.engine.multiply(clicks, dOutput, plus: nil, into: gradient)
                }
            }
        }
    }

    /// dWeight [outputs, inputs] = dOutput^T [outputs, users] * input [users, inputs], consumed at once by Adam.
    private func updateHidden(_ index: Int, outputs: Range<Int>, _ update: AdamUpdate) {
        let (width, users) = (values.shape.layers[index].inputs, 0..<batch.userCount)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: outputs.count * width) { memory in
            guard let start = memory.baseAddress else { return }
            let gradient = MutableMatrixView(start, rows: outputs.count, columns: width)
            setup.engine.multiply(
                gradients.output(of: index).rows(users).columns(outputs).transposed,
                values.input(of: index).rows(users).readOnly, into: gradient)
            setup.engine.update(
                parameters.weights(index)[outputs.lowerBound * width..<outputs.upperBound * width],
                gradient: gradient.elements.readOnly, update)
        }
        updateBias(index, outputs: outputs, update)
    }

    /// dBias [outputs] = sum over the users of dOutput, consumed at once by Adam.
    private func updateBias(_ index: Int, outputs: Range<Int>, _ update: AdamUpdate) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: outputs.count) { memory in
            let gradient = MutableVectorView(memory)
            setup.engine.sumColumns(
                gradients.output(of: index).rows(0..<batch.userCount).columns(outputs).readOnly, into: gradient)
            setup.engine.update(parameters.biases(index)[outputs], gradient: gradient.readOnly, update)
        }
    }

    /// Draws initial weights again.
    func restart() {
        parameters.restart(seed: setup.seed, workers: setup.workers)
        clearUnusedBiases()
        head.reset()
    }
}

// A checkpoint has weights and moments, under prefixes; second moments by row say so in the metadata.
extension NetworkStep {
    private var sets: [(prefix: String, numbers: Parameters)] {
        [("", parameters.weights), ("first.", parameters.firstMoments), ("second.", parameters.secondMoments)]
    }

    var checkpointTensors: [ModelTensor] { sets.flatMap { $0.numbers.tensors(prefix: $0.prefix) } }

    var checkpointMetadata: [String: String] { parameters.areRowMoments ? ["second-moments": "by row"] : [:] }

    /// Reads weights and moments after `updates` updates.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    func restore(from file: ModelFile, updates: Int) throws {
        for (prefix, numbers) in sets {
            try file.checkShapes(
                Parameters.descriptions(of: numbers.shape, prefix: prefix, areRowMoments: numbers.areRowMoments))
        }
        for (prefix, numbers) in sets { try numbers.read(from: file, prefix: prefix) }
        head.reset()
        try checkSecondMoments(parameters.secondMoments.buffers, file: file.path)
        guard parameters.areRowMoments else { return }
        for index in [0, parameters.lastIndex] {
            try parameters.rows(index).checkLastUpdates(atMost: updates, file: file.path)
        }
    }
}

/// Seconds spent in the parts of a step.
public struct StepTimes: Sendable {
    /// Assembling the batch and the sparse first layer.
    public var input = 0.0
    /// Everything between the two item-wide layers, forward and backward.
    public var hidden = 0.0
    /// The last layer and the softmax.
    public var outputForward = 0.0
    /// The last layer's gradients and its updates.
    public var outputBackward = 0.0
    /// The first layer's gradient, and the updates of all layers but the last.
    public var inputBackward = 0.0

    /// Times of 0.
    public init() {}
}

/// Measures consecutive stretches of time.
struct StepClock {
    private var last = ContinuousClock.now

    /// Seconds since the last call, or since the clock was made.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { last = now }
        return (now - last) / .seconds(1)
    }
}

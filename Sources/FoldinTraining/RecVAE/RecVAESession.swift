import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// The training of a RecVAE: passes for the encoder, with dropout, and one for the decoder, without.
///
/// The objective is the mean over the users of the negative log-likelihood plus gamma times clicks times log q(z) - log p(z) at one sample z
/// (Shenbin et al. 2020, section 3); the divergence that a step returns is without gamma.
///
/// The composite prior compares a user's posterior with the one that the encoder gave at the end of the epoch before, without
/// dropout. The decoder's pass, in which the encoder does not change and sees all users without dropout, gives just these moments:
/// they are stored there, `2 * latent` floats per user, instead of keeping and running a copy of the encoder.
package final class RecVAESession: TrainingSession {
    /// The mixture of the authors' code: 3/20 standard normal, 3/4 earlier posterior, 1/10 normal of log-variance 10.
    static let prior = CompositePrior(
        logStandard: log(0.15), logEarlier: log(0.75), logWide: log(0.1), wideLogVariance: 10)
    /// The checkpoint's tensor of the earlier posteriors.
    private static let previousName = "previous"

    package let step: NetworkStep
    package let gamma: Float?
    private let architecture: RecVAEArchitecture
    private let encoder: RecVAEEncoder
    /// By hidden layer, [users, width]; the outputs and the inputs' gradients are those of the step.
    private let inputs: [FloatBuffer]
    private let normalized: [FloatBuffer]
    private let dOutputs: [FloatBuffer]
    /// By hidden layer, [users].
    private let inverses: [FloatBuffer]
    /// [users, width]
    private let sum: FloatBuffer
    /// The prior's slope at each user's sample, [users, latent].
    private let slopes: FloatBuffer
    /// Divergence of each user of the batch.
    private var divergences: [Double]
    /// Each training user's earlier posterior, [users, 2 latent]; nil before the first update.
    package var previous: FloatBuffer?

    package convenience init(_ architecture: RecVAEArchitecture, gamma: Float, _ setup: SessionSetup) {
        self.init(RecVAEModel(initializing: architecture, seed: setup.seed, workers: setup.workers), gamma: gamma, setup)
    }

    /// A training that begins with the weights of a model, and changes them.
    package init(_ model: RecVAEModel, gamma: Float, _ setup: SessionSetup) {
        precondition(setup.softmax == .exact, "RecVAE is trained with an exact softmax")
        let encoder = RecVAEEncoder(model.parameters, engine: setup.engine)
        func buffers(_ width: Int) -> [FloatBuffer] {
            (0..<encoder.depth).map { _ in FloatBuffer(count: setup.batchSize * width) }
        }
        (architecture, self.encoder, self.gamma) = (model.architecture, encoder, gamma)
        step = NetworkStep(model.parameters, setup)
        (inputs, normalized, dOutputs) = (buffers(encoder.width), buffers(encoder.width), buffers(encoder.width))
        inverses = buffers(1)
        sum = FloatBuffer(count: setup.batchSize * encoder.width)
        slopes = FloatBuffer(count: setup.batchSize * architecture.latent)
        divergences = [Double](repeating: 0, count: setup.batchSize)
    }

    /// The bytes of the earlier posteriors, and of the values of a batch between the layers, of which there are five sets.
    static func memory(
        _ architecture: RecVAEArchitecture, users: Int, batch: Int
    ) -> (posteriors: ByteCount, values: ByteCount) {
        let widths = ByteCount.sum(architecture.encoder.map { ByteCount($0) })
        return (ByteCount(users) * architecture.latent * 8, widths * batch * 5 * 4)
    }

    package var model: any Model { network }
    private var network: RecVAEModel { RecVAEModel(architecture, step.parameters.weights) }
    package var weights: [FloatBuffer] { step.parameters.weights.buffers }
    package var times: StepTimes { step.times }
    package var passesPerEpoch: Int { Turn.encoderPasses + 1 }

    @discardableResult
    package func run(_ users: ArraySlice<Int32>, _ update: SessionUpdate) -> StepLoss {
        let setup = step.setup
        let turn = Turn(
            after: update.number, updatesPerPass: (setup.clicks.userCount + setup.batchSize - 1) / setup.batchSize)
        let constants = update.adam.update(number: turn.number)
        let randomness = setup.randomness(update.number)
        let previous = earlierPosteriors()
        var clock = StepClock()
        if turn.isDecoders {
            step.takeBatchWithoutDropout(users, update)
        } else {
            step.takeBatch(users, update, randomness)
        }
        step.inputForward()
        step.times.input = clock.lap()
        step.drawNoise(randomness)
        forward(previous: previous, users: users, isDecoders: turn.isDecoders)
        step.times.hidden = clock.lap()
        let likelihood = step.head.forward(step.lastInput, step.batch)
        step.times.outputForward = clock.lap()
        step.head.backward(
            step.lastInput, step.batch, turn.isDecoders ? constants : nil, number: turn.number,
            needsInputGradient: !turn.isDecoders)
        step.times.outputBackward = clock.lap()
        if !turn.isDecoders {
            backward()
            step.times.hidden += clock.lap()
            step.updateInnerLayers(constants)
            updateNorms(constants)
        }
        step.times.inputBackward = clock.lap()
        let divergence = divergences[0..<step.batch.userCount].reduce(0, +) / Double(step.batch.userCount)
        return StepLoss(negativeLogLikelihood: likelihood, divergence: divergence)
    }

    /// The earlier posteriors of all users; before the first update those of the initial encoder.
    private func earlierPosteriors() -> MutableMatrixView {
        let (clicks, width) = (step.setup.clicks, 2 * architecture.latent)
        let all = previous ?? FloatBuffer(count: clicks.userCount * width)
        let matrix = all.mutableMatrix(rows: clicks.userCount, columns: width)
        guard previous == nil else { return matrix }
        for start in stride(from: 0, to: clicks.userCount, by: 512) {
            let users = start..<min(clicks.userCount, start + 512)
            let moments = network.moments(clicks, rows: users, workers: step.setup.workers)
            matrix.rows(users).elements.copy(from: moments.vector)
        }
        previous = all
        return matrix
    }

    private var moments: MutableMatrixView { step.values.output(of: encoder.depth) }

    private func latentMatrix(_ buffer: FloatBuffer) -> MutableMatrixView {
        buffer.mutableMatrix(rows: step.setup.batchSize, columns: architecture.latent)
    }

    private var noise: MutableMatrixView {
        guard let noise = step.values.noise else { preconditionFailure("a variational network has noise") }
        return latentMatrix(noise)
    }

    /// The values of a hidden layer, [users of a batch, width].
    private func layer(_ index: Int) -> RecVAEEncoder.HiddenLayer {
        RecVAEEncoder.HiddenLayer(
            input: matrix(inputs[index]), normalized: matrix(normalized[index]), inverses: inverses[index].mutableVector,
            output: step.values.output(of: index))
    }

    private func matrix(_ buffer: FloatBuffer) -> MutableMatrixView {
        buffer.mutableMatrix(rows: step.setup.batchSize, columns: encoder.width)
    }

    /// From the first layer's output to the latent sample, with each user's divergence.
    private func forward(previous: MutableMatrixView, users: ArraySlice<Int32>, isDecoders: Bool) {
        let (first, latent, noise, slopes) = (
            step.values.output(of: 0), step.values.before(encoder.depth + 1), noise, latentMatrix(slopes)
        )
        divergences.withUnsafeMutableBufferPointer { divergences in
            step.setup.workers.forEachPiece(of: step.batch.userCount, size: usersPerPiece) { rows, _ in
                matrix(inputs[0]).rows(rows).copy(from: first.rows(rows).readOnly)
                encoder.forward(rows, sum: matrix(sum), layer: layer, into: moments.rows(rows))
                for row in rows {
                    let (own, earlier) = (moments.row(row), previous.row(Int(users[users.startIndex + row])))
                    // The decoder's turn gives the posteriors with which the encoder's next turns are compared.
                    if isDecoders { earlier.copy(from: own.readOnly) }
                    let divergence = step.setup.engine.sampleLatent(
                        moments: own.readOnly, noise: noise.row(row).readOnly, prior: Self.prior, earlier: earlier.readOnly,
                        into: latent.row(row), slopes: slopes.row(row))
                    divergences[row] = divergence * Double(step.batch.clickCount(of: row))
                }
            }
        }
    }

    /// From the lanes' gradients of the latent sample to the gradient of the first layer's linear map.
    private func backward() {
        let (dLatent, dMoments) = (step.gradients.before(encoder.depth + 1), step.gradients.output(of: encoder.depth))
        let (noise, slopes, users) = (noise, latentMatrix(slopes), step.batch.userCount)
        step.setup.workers.forEachPiece(of: users, size: usersPerPiece) { rows, _ in
            step.head.inputGradient(rows, into: dLatent.rows(rows))
            for row in rows {
                step.setup.engine.sampleLatentBackward(
                    dLatent.row(row).readOnly, moments: moments.row(row).readOnly, noise: noise.row(row).readOnly,
                    slopes: slopes.row(row).readOnly,
                    weight: (gamma ?? 0) * Float(step.batch.clickCount(of: row)) / Float(users), into: dMoments.row(row))
            }
            encoder.backward(
                rows, sum: matrix(sum), layer: layer, dMoments: dMoments.rows(rows).readOnly,
                dInput: { step.gradients.output(of: $0) }, dOutput: { matrix(dOutputs[$0]) })
        }
    }

    /// dGain = sum over the users of dOutput * normalized, dShift = that of dOutput, consumed at once by Adam.
    private func updateNorms(_ update: AdamUpdate) {
        let (users, width, engine) = (0..<step.batch.userCount, encoder.width, step.setup.engine)
        step.setup.workers.forEach(encoder.depth) { index, _ in
            let dOutput = matrix(dOutputs[index]).rows(users).readOnly
            let norm = step.parameters.norm(index)
            withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { memory in
                let gradient = MutableVectorView(memory)
                engine.sumProducts(dOutput, matrix(normalized[index]).rows(users).readOnly, into: gradient)
                engine.update(norm.gain, gradient: gradient.readOnly, update)
                engine.sumColumns(dOutput, into: gradient)
                engine.update(norm.shift, gradient: gradient.readOnly, update)
            }
        }
    }

    package func flush(updates: Int, adam: Adam) { step.head.flush(updates: updates, adam: adam) }

    package func prepareCheckpoint() { step.head.prepareCheckpoint() }

    package func restart() {
        step.restart()
        previous = nil
    }

    package var checkpointTensors: [ModelTensor] {
        step.checkpointTensors + [previous].compactMap(\.self).map { ModelTensor(description(of: $0.count), $0) }
    }

    package func restore(from file: ModelFile, updates: Int) throws {
        try step.restore(from: file, updates: updates)
        guard updates > 0 else { return }
        let shape = description(of: step.setup.clicks.userCount * 2 * architecture.latent).shape
        previous = try file.floats(Self.previousName, shape: shape)
    }

    private func description(of count: Int) -> TensorDescription {
        let width = 2 * architecture.latent
        return TensorDescription(name: Self.previousName, shape: [count / width, width])
    }

    /// Where a step is in an alternating training: of an epoch's passes over the users the last is the decoder's.
    struct Turn: Equatable {
        static let encoderPasses = 3

        let isDecoders: Bool
        /// Updates of the same half up to and including this one: each half has an Adam of its own.
        let number: Int

        /// The turn of the update that follows `updates` others, of `updatesPerPass`.
        init(after updates: Int, updatesPerPass: Int) {
            let (epoch, rest) = updates.quotientAndRemainder(dividingBy: (Self.encoderPasses + 1) * updatesPerPass)
            let forEncoder = Self.encoderPasses * updatesPerPass
            isDecoders = rest >= forEncoder
            number = 1 + (isDecoders ? epoch * updatesPerPass + rest - forEncoder : epoch * forEncoder + rest)
        }
    }
}

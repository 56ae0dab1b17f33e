import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// The training of a Mult-VAE or Mult-DAE: forward, loss, backward and Adam over a batch of users.
///
/// The objective is the mean over the users of the multinomial negative log-likelihood plus beta times the divergence from the standard normal
/// (Liang et al., equation 12).
///
/// Memory beside the weights: two moments per weight, the scores of a batch, and a few values of a batch between the layers.
package final class AutoencoderSession: TrainingSession {
    package let step: NetworkStep
    private let architecture: Architecture
    private let stack: HiddenStack
    /// Divergence of each user of the batch.
    private var divergences: [Double]

    package convenience init(_ architecture: Architecture, _ setup: SessionSetup) {
        self.init(Autoencoder(initializing: architecture, seed: setup.seed, workers: setup.workers), setup)
    }

    /// A training that begins with the weights of a model, and changes them.
    package init(_ model: Autoencoder, _ setup: SessionSetup) {
        architecture = model.architecture
        step = NetworkStep(model.parameters, setup)
        stack = HiddenStack(model.parameters, engine: setup.engine)
        divergences = [Double](repeating: 0, count: setup.batchSize)
    }

    package var model: any Model { Autoencoder(architecture, step.parameters.weights) }
    package var weights: [FloatBuffer] { step.parameters.weights.buffers }
    package var times: StepTimes { step.times }

    @discardableResult
    package func run(_ users: ArraySlice<Int32>, _ update: SessionUpdate) -> StepLoss {
        let randomness = step.setup.randomness(update.number)
        let constants = update.adam.update(number: update.number + 1)
        var clock = StepClock()
        step.takeBatch(users, update, randomness)
        step.inputForward()
        step.times.input = clock.lap()
        step.drawNoise(randomness)
        divergences.withUnsafeMutableBufferPointer { divergences in
            forEachPiece { stack.forward($0, step.values, randomness: randomness, divergences: divergences) }
        }
        step.times.hidden = clock.lap()
        let likelihood = step.head.forward(step.lastInput, step.batch)
        step.times.outputForward = clock.lap()
        step.head.backward(step.lastInput, step.batch, constants, number: update.number + 1, needsInputGradient: true)
        step.times.outputBackward = clock.lap()
        let last = step.values.shape.layers.count - 1
        forEachPiece { users in
            step.head.inputGradient(users, into: step.gradients.before(last).rows(users))
            stack.backward(
                users, step.values, step.gradients, randomness: randomness,
                divergenceWeight: update.beta / Float(step.batch.userCount))
        }
        step.times.hidden += clock.lap()
        step.updateInnerLayers(constants)
        step.times.inputBackward = clock.lap()
        let divergence = divergences[0..<step.batch.userCount].reduce(0, +) / Double(step.batch.userCount)
        return StepLoss(
            negativeLogLikelihood: likelihood, divergence: architecture.family.isVariational ? divergence : 0)
    }

    private func forEachPiece(_ body: (Range<Int>) -> Void) {
        step.setup.workers.forEachPiece(of: step.batch.userCount, size: usersPerPiece) { users, _ in body(users) }
    }

    package func flush(updates: Int, adam: Adam) { step.head.flush(updates: updates, adam: adam) }

    package func prepareCheckpoint() { step.head.prepareCheckpoint() }

    package func restart() { step.restart() }

    package var checkpointTensors: [ModelTensor] { step.checkpointTensors }
    package var checkpointMetadata: [String: String] { step.checkpointMetadata }

    package func restore(from file: ModelFile, updates: Int) throws { try step.restore(from: file, updates: updates) }

    /// Costs one exponential per score, and the encoder again.
    package func losses(_ histories: InteractionMatrix, rows: Range<Int>, scores: UnsafePointer<Float>) -> [StepLoss]? {
        let (items, workers, engine) = (architecture.items, step.setup.workers, step.setup.engine)
        // All tasks only read it.
        nonisolated(unsafe) let scores = scores
        let divergences = divergences(histories, rows: rows)
        let zeros = FloatBuffer(count: items)
        return workers.map(rows.count) { row, _ in
            let logits = VectorView(scores + row * items, count: items)
            let likelihood = withUnsafeTemporaryAllocation(of: Float.self, capacity: items + 2) { memory in
                let values = MutableVectorView(memory)
                let (copy, maximum, sum) = (values[0..<items], values[items..<items + 1], values[items + 1..<items + 2])
                copy.copy(from: logits)
                engine.exponentials(
                    MutableMatrixView(copy.start, rows: 1, columns: items), bias: zeros.vector, maxima: maximum, sums: sum)
                let normalizer = Double(maximum[0]) + log(Double(sum[0]))
                return histories.row(rows.lowerBound + row).reduce(0.0) { $0 + normalizer - Double(logits[Int($1)]) }
            }
            return StepLoss(negativeLogLikelihood: likelihood, divergence: divergences?[row] ?? 0)
        }
    }

    /// Each user's divergence of the latent from the standard normal; nil for the DAE.
    private func divergences(_ histories: InteractionMatrix, rows: Range<Int>) -> [Double]? {
        guard architecture.family.isVariational else { return nil }
        let (workers, engine, latent) = (step.setup.workers, step.setup.engine, architecture.latent)
        let depth = step.values.shape.encoderDepth
        let values = step.parameters.weights.forward(
            histories, rows: rows, layers: 1..<depth, workers: workers, engine: engine)
        let noise = FloatBuffer(count: latent)
        return withExtendedLifetime((values, noise)) {
            let moments = values.output(of: depth - 1)
            return workers.map(rows.count) { row, _ in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: latent) { sample in
                    engine.sampleLatent(
                        moments: moments.row(row).readOnly, noise: noise.vector, into: MutableVectorView(sample))
                }
            }
        }
    }
}

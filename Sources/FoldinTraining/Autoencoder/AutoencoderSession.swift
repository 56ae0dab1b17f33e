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

    /// A training that begins with initial weights.
    package convenience init(_ architecture: Architecture, _ setup: SessionSetup, _ normalization: Normalization = .none) {
        self.init(
            Autoencoder(initializing: architecture, seed: setup.seed, workers: setup.workers), setup, normalization)
    }

    /// A training that begins with the weights of a model, and changes them.
    package init(_ model: Autoencoder, _ setup: SessionSetup, _ normalization: Normalization = .none) {
        architecture = model.architecture
        step = NetworkStep(model.parameters, setup, normalization)
        stack = HiddenStack(model.parameters, engine: setup.engine)
        divergences = [Double](repeating: 0, count: setup.batchSize)
    }

    /// With cosines its last layer is a copy, with rows of length 1; else all weights are in the memory of the training.
    package var model: any Model {
        let weights = step.plainWeights()
        plainWeights = weights
        return Autoencoder(architecture, weights)
    }
    /// The weights of the model that was asked for last; nil after an update.
    private var plainWeights: Parameters?
    package var weights: [FloatBuffer] { step.parameters.weights.buffers }
    package var times: StepTimes { step.times }

    @discardableResult
    package func run(_ users: ArraySlice<Int32>, _ update: SessionUpdate) -> StepLoss {
        plainWeights = nil
        let randomness = step.setup.randomness(update.number)
        let constants = update.adam.update(number: update.number + 1)
        var clock = StepClock()
        step.takeBatch(users, update, randomness)
        step.inputForward()
        step.times.input = clock.lap()
        step.drawNoise(randomness)
        divergences.withUnsafeMutableBufferPointer { divergences in
            forEachPiece { users in
                stack.forward(users, step.values, randomness: randomness, divergences: divergences)
                step.normalizeLastInput(users)
            }
        }
        step.times.hidden = clock.lap()
        let likelihood = step.head.forward(step.lastInput, step.batch)
        step.times.outputForward = clock.lap()
        step.head.backward(step.lastInput, step.batch, constants, number: update.number + 1, needsInputGradient: true)
        step.times.outputBackward = clock.lap()
        forEachPiece { users in
            step.lastInputGradient(users)
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
        let evaluated = evaluated(histories, rows: rows)
        let zeros = FloatBuffer(count: items)
        return workers.map(rows.count) { row, _ in
            let logits = VectorView(scores + row * items, count: items)
            let likelihood = withUnsafeTemporaryAllocation(of: Float.self, capacity: items + 2) { memory in
                let values = MutableVectorView(memory)
                let (copy, maximum, sum) = (values[0..<items], values[items..<items + 1], values[items + 1..<items + 2])
                copy.copy(from: logits)
                let factor = evaluated.factors?[row] ?? 1
                if factor != 1 { scale(copy, by: factor) }
                engine.exponentials(
                    MutableMatrixView(copy.start, rows: 1, columns: items), bias: zeros.vector, maxima: maximum, sums: sum)
                let normalizer = Double(maximum[0]) + log(Double(sum[0]))
                let clicks = histories.row(rows.lowerBound + row)
                let likelihood = clicks.reduce(0.0) { $0 + normalizer - Double(logits[Int($1)] * factor) }
                return likelihood * Double(step.userWeight(clicks.count))
            }
            return StepLoss(negativeLogLikelihood: likelihood, divergence: evaluated.divergences?[row] ?? 0)
        }
    }

    /// What an evaluation needs beside scores, by user: the divergence of the latent from the standard normal, nil for the DAE; what makes
    /// logits of scores, nil for logits that are scores.
    private func evaluated(
        _ histories: InteractionMatrix, rows: Range<Int>
    ) -> (divergences: [Double]?, factors: [Float]?) {
        let temperature = step.normalization.temperature
        guard architecture.family.isVariational || temperature != nil else { return (nil, nil) }
        let (workers, engine, latent) = (step.setup.workers, step.setup.engine, architecture.latent)
        let depth = step.values.shape.encoderDepth
        let values = (plainWeights ?? step.plainWeights()).forward(
            histories, rows: rows, layers: temperature == nil ? 1..<depth : nil, workers: workers, engine: engine)
        let noise = FloatBuffer(count: latent)
        return withExtendedLifetime((values, noise)) {
            let moments = values.output(of: depth - 1)
            let divergences =
                !architecture.family.isVariational
                ? nil
                : workers.map(rows.count) { row, _ in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: latent) { sample in
                        engine.sampleLatent(
                            moments: moments.row(row).readOnly, noise: noise.vector, into: MutableVectorView(sample))
                    }
                }
            let factors = temperature.map { temperature in
                rows.indices.map { inverseLength(values.inputOfLast.row($0 - rows.lowerBound).readOnly) / temperature }
            }
            return (divergences, factors)
        }
    }
}

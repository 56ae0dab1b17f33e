import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// One step of training: forward, loss, backward and Adam over a batch of users.
///
/// The work is cut into pieces of users (`rowsAPiece`) and panels of items (`itemsAPanel`) by the size of the data alone; each
/// piece is computed by one thread, and sums over pieces are taken in a fixed order. The weights after a step are therefore the
/// same bits for any number of threads.
///
/// The gradient of the two item-wide layers is never stored whole: Adam consumes it a panel at a time, while it is in cache.
/// Memory beside the weights: two moments a weight, batch x items scores, and a few batch x hidden buffers.
public final class TrainingStep {
    /// The weights being trained; changed by each step. Rows of the item-wide layers that a batch does not read are changed later:
    /// all are up to date only after `settle(updates:adam:)`.
    public let parameters: Parameters
    /// Adam's running means of gradients and of their squares, up to date when the weights are.
    public let firstMoments: Parameters
    public let secondMoments: Parameters
    /// The seed of every dropout mask and latent noise.
    public let seed: UInt64
    /// The numbers that the last layer's products multiply.
    public let precision: Precision

    let layers: [Layer]
    let encoderDepth: Int
    public let workers: Workers
    let batchSize: Int
    var batch = Batch()
    let activations: Activations
    let output: OutputScratch
    /// Nil where the softmax is exact.
    let sampled: SampledSoftmax?
    /// Nil where the softmax is sampled.
    let deferred: DeferredUpdates?
    /// Nil but for RecVAE.
    let residual: ResidualStep?
    /// Divergence of each user of the batch.
    var divergences: [Double]
    /// For tests: used instead of drawn noise, [batch, latent].
    var fixedNoise: [Float]?
    /// How long the parts of the last step took.
    public internal(set) var times = StepTimes()

    /// A trainer of `parameters` by batches of at most `batchSize` users, with a precision that is available here.
    ///
    /// A sampled softmax draws its negatives by how often the first step's matrix has each item; see `Candidates`, and `RowMoments` for
    /// what it makes of Adam. Its precision is single.
    public init(
        parameters: Parameters, batchSize: Int, seed: UInt64, workers: Workers = Workers(), precision: Precision = .float32,
        softmax: Softmax = .exact
    ) {
        precondition(batchSize > 0, "a batch needs at least one user")
        precondition(precision.isAvailable, "this processor cannot train in \(precision.rawValue); ask Precision.check()")
        self.precision = precision
        self.parameters = parameters
        self.batchSize = batchSize
        self.seed = seed
        self.workers = workers
        layers = parameters.architecture.layers
        encoderDepth = parameters.architecture.encoderDepth
        firstMoments = Parameters(zerosFor: parameters.architecture)
        activations = Activations(architecture: parameters.architecture, batchSize: batchSize)
        let last = layers[layers.count - 1]
        switch softmax {
        case .exact:
            sampled = nil
            secondMoments = Parameters(zerosFor: parameters.architecture)
            deferred = DeferredUpdates(parameters, first: firstMoments, second: secondMoments)
            output = OutputScratch(layer: last, batchSize: batchSize, workers: workers, precision: precision)
        case .sampled(let negatives):
            precondition(precision == .float32, "a sampled softmax is trained in single precision")
            sampled = SampledSoftmax(negatives: negatives, layer: last, batchSize: batchSize, workers: workers)
            secondMoments = Parameters(rowMomentsFor: parameters.architecture)
            deferred = nil
            output = OutputScratch(layer: last.narrowed(to: 1), batchSize: batchSize, workers: workers, precision: precision)
        }
        let isResidual = parameters.architecture.family == .recVAE
        precondition(!isResidual || sampled == nil, "RecVAE is trained with an exact softmax")
        residual = isResidual ? ResidualStep(parameters, batchSize: batchSize) : nil
        divergences = [Double](repeating: 0, count: batchSize)
    }

    /// Begins anew from `weights`, with moments of nothing.
    public func restart(from weights: Parameters) {
        parameters.copy(from: weights)
        firstMoments.clear()
        secondMoments.clear()
        deferred?.forget()
        residual?.previous = nil
    }

    /// Makes the updates that rows of the item-wide layers have not had, so that the weights are those after `updates` updates:
    /// to be called before they are read by others. At most a pass over weights and moments; steps may follow.
    ///
    /// With an exact softmax the weights have then the bits they would have had if no update had been put off. With a sampled one
    /// `adam` tells the rate of those that were; see `RowMoments`.
    public func settle(updates: Int, adam: Adam) {
        deferred?.settle(workers)
        if let sampled { settleRows(sampled, updates: updates, adam: adam) }
    }

    /// Trains on the users `users` of `matrix`, `step` being the number of steps before this one.
    ///
    /// The objective is the mean over users of the multinomial negative log-likelihood plus `beta` times the divergence
    /// (Liang et al., equation 12). Returns its parts before the update. RecVAE's steps must go over the users in passes, each
    /// user once, in batches of `batchSize` but for a pass's last.
    @discardableResult
    public func run(
        _ matrix: InteractionMatrix, users: ArraySlice<Int32>, step: UInt64, beta: Float, adam: Adam
    ) -> StepLoss {
        precondition(!users.isEmpty && users.count <= batchSize, "a batch of \(users.count); expected 1 to \(batchSize)")
        if let sampled { return runSampled(sampled, matrix, users: users, step: step, beta: beta, adam: adam) }
        if let residual { return runResidual(residual, matrix, users: users, step: step, gamma: beta, adam: adam) }
        let update = adam.step(number: step + 1)
        var clock = StepClock()
        batch.assemble(matrix, users: users, layer: layers[0], randomness: source(RandomStream.dropout(0), step))
        bringClickedRowsUpToDate()
        inputForward()
        times.input = clock.lap()
        hiddenForward(step: step)
        times.hidden = clock.lap()
        outputForward()
        let likelihood = normalizeOutput()
        times.outputForward = clock.lap()
        outputBackward(update)
        times.outputBackward = clock.lap()
        hiddenBackward(step: step, beta: beta)
        times.hidden += clock.lap()
        updateInnerLayers(update)
        times.inputBackward = clock.lap()
        let divergence = divergences[0..<batch.userCount].reduce(0, +) / Double(batch.userCount)
        return StepLoss(
            negativeLogLikelihood: likelihood,
            divergence: parameters.architecture.family == .multVAE ? divergence : 0)
    }

    func source(_ stream: UInt32, _ step: UInt64) -> foldin_random_source {
        foldin_random_source(seed: seed, stream: stream, step: step)
    }
}

/// The parts of the objective, means over the users of a batch.
public struct StepLoss: Sendable, Equatable {
    /// Multinomial negative log-likelihood (Liang et al., equation 2).
    public let negativeLogLikelihood: Double
    /// Kullback-Leibler divergence of the latent from the standard normal; 0 for the DAE. RecVAE's is log q(z) - log p(z) under its
    /// composite prior, times the user's clicks.
    public let divergence: Double

    public init(negativeLogLikelihood: Double, divergence: Double) {
        self.negativeLogLikelihood = negativeLogLikelihood
        self.divergence = divergence
    }

    /// The objective for a given beta.
    public func total(beta: Double) -> Double { negativeLogLikelihood + beta * divergence }
}

/// Seconds spent in the parts of a step.
public struct StepTimes: Sendable {
    /// Assembling the batch and the sparse first layer.
    public var input = 0.0
    /// Everything between the two item-wide layers, forward and backward.
    public var hidden = 0.0
    /// The last layer and the softmax.
    public var outputForward = 0.0
    /// The last layer's gradients and its Adam.
    public var outputBackward = 0.0
    /// The first layer's gradient, and Adam for all but the last layer.
    public var inputBackward = 0.0

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

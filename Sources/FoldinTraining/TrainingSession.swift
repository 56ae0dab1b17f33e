import FoldinInteractions
import FoldinKernels
import FoldinModels

/// The training of one model as a sequence of updates: what a family supplies, so that `Trainer` can run epochs, keep the best one, write
/// checkpoints and go on from them.
///
/// Random numbers must be functions of the seed and of the number of the update alone, sums of a fixed order: the same setup gives the
/// same bits for any number of workers, and after a checkpoint.
public protocol TrainingSession: AnyObject {
    /// The model of the present weights, in the same memory: it changes with each update, and has all of them after `flush`.
    var model: any Model { get }

    /// Passes over the users that make an epoch.
    var passesPerEpoch: Int { get }

    /// The weight of the divergence in the loss, if the family has one of its own instead of the schedule's beta; nil by default.
    var gamma: Float? { get }

    /// Makes one update from the users `users` of the setup's clicks, a batch of them, and returns the loss before it.
    ///
    /// Every epoch goes over the users in `passesPerEpoch` passes, each user once per pass.
    @discardableResult
    func run(_ users: ArraySlice<Int32>, _ update: SessionUpdate) -> StepLoss

    /// Makes all pending updates, so that the weights are those after `updates` updates, of which `adam` made the last.
    func flush(updates: Int, adam: Adam)

    /// Begins again with initial weights and without moments.
    func restart()

    /// All trainable numbers, in memory that the session changes.
    var weights: [FloatBuffer] { get }

    /// The loss of the clicks of some users as their own target, without dropout and with the latent mean; nil, the default, for a
    /// family that has none.
    ///
    /// `scores` [rows.count, items] are those of `model` for the same users.
    func losses(_ histories: InteractionMatrix, rows: Range<Int>, scores: UnsafePointer<Float>) -> [StepLoss]?

    /// Gets ready for `checkpointTensors`, between two updates: makes pending updates if that changes nothing. Nothing by default.
    func prepareCheckpoint()

    /// The tensors from which the training can go on, weights among them.
    var checkpointTensors: [ModelTensor] { get }

    /// What else is needed to read these tensors; by default nothing.
    var checkpointMetadata: [String: String] { get }

    /// Takes the place of the session that wrote `checkpointTensors` after `updates` updates.
    ///
    /// - Throws: `FoldinError` of kind `badData` for tensors that are missing, of another shape, or impossible.
    func restore(from file: ModelFile, updates: Int) throws

    /// How long the parts of the last update took; zeros by default.
    var times: StepTimes { get }
}

extension TrainingSession {
    public var passesPerEpoch: Int { 1 }
    public var gamma: Float? { nil }
    public func prepareCheckpoint() {}
    public var checkpointMetadata: [String: String] { [:] }
    public var times: StepTimes { StepTimes() }

    public func losses(_ histories: InteractionMatrix, rows: Range<Int>, scores: UnsafePointer<Float>) -> [StepLoss]? { nil }

    /// Whether all weights are finite. Reads all of them.
    package var areWeightsFinite: Bool { weights.allSatisfy { FloatBuffer.areFinite($0.pointer, $0.count) } }
}

/// What a session is made for.
public struct SessionSetup: Sendable {
    /// The training users' clicks.
    public var clicks: InteractionMatrix
    /// The most users of a batch.
    public var batchSize: Int
    /// Decides initial weights, dropout, noise and negatives.
    public var seed: UInt64
    /// The threads to use; results do not depend on their number.
    public var workers: Workers
    /// What the last layer's products multiply.
    public var precision: Precision
    /// How the softmax over the items is trained.
    public var softmax: Softmax
    /// What computes.
    public var engine: any ComputeEngine

    /// A setup. The batch must have at least one user, and the processor the precision.
    public init(
        clicks: InteractionMatrix, batchSize: Int, seed: UInt64, workers: Workers = Workers(), precision: Precision = .float32,
        softmax: Softmax = .exact, engine: any ComputeEngine = KernelEngine()
    ) {
        precondition(batchSize > 0, "a batch needs at least one user")
        precondition(precision.isAvailable, "this processor cannot train in \(precision.rawValue); ask Precision.check()")
        self.clicks = clicks
        self.batchSize = batchSize
        self.seed = seed
        self.workers = workers
        self.precision = precision
        self.softmax = softmax
        self.engine = engine
    }

    /// The random numbers of the update that follows `updates` others.
    package func randomness(_ updates: Int) -> StepRandomness { StepRandomness(seed: seed, step: UInt64(updates)) }
}

/// One update of a training.
public struct SessionUpdate: Sendable {
    /// The updates made before it.
    public var number: Int
    /// The schedule's weight of the divergence.
    public var beta: Float
    /// The optimiser, with the learning rate of this update.
    public var adam: Adam

    /// The update that follows `number` others.
    public init(number: Int, beta: Float, adam: Adam) { (self.number, self.beta, self.adam) = (number, beta, adam) }
}

/// The parts of the objective, means over the users of a batch.
public struct StepLoss: Sendable, Equatable {
    /// Multinomial negative log-likelihood (Liang et al., equation 2).
    public let negativeLogLikelihood: Double
    /// Kullback-Leibler divergence of the latent from the standard normal; 0 for a model without one. With
    /// gamma it is log q(z) - log p(z) under a composite prior, times the user's clicks.
    public let divergence: Double

    /// The parts of a loss.
    public init(negativeLogLikelihood: Double, divergence: Double) {
        self.negativeLogLikelihood = negativeLogLikelihood
        self.divergence = divergence
    }

    /// The objective for a given weight of the divergence.
    public func total(beta: Double) -> Double { negativeLogLikelihood + beta * divergence }
}

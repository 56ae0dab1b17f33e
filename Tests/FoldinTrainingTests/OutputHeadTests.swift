import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// What every `OutputHead` does: the softmax, its loss and its gradients by the formulas of the protocol.
///
/// The sampled head draws so often that all items are candidates: its estimate is then the exact softmax.
@Suite("Output heads") struct OutputHeadTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        var testDescription: String { areCosines ? name + ", cosines" : name }
        var precision = Precision.float32
        var softmax = Softmax.exact
        var areCosines = false
        /// How far the loss may be off, relative to it, and each gradient, by its Euclidean length.
        let lossTolerance: Double
        let gradientTolerance: Double
    }

    static let allDrawn = Softmax.sampled(negatives: 1 << 18)
    static let kinds =
        plainKinds
        + plainKinds.map { kind in
            var kind = kind
            kind.areCosines = true
            return kind
        }
    static let plainKinds =
        [
            Kind(name: "exact", lossTolerance: 1e-6, gradientTolerance: 1e-5),
            Kind(
                name: "sampled, all items drawn", softmax: allDrawn, lossTolerance: 1e-5, gradientTolerance: 1e-4),
        ]
        + (Precision.bfloat16.isAvailable
            ? [Kind(name: "bfloat16", precision: .bfloat16, lossTolerance: 1e-3, gradientTolerance: 0.01)] : [])

    /// Three panels of items, the last of odd width; an odd number of users, one of them without clicks; a width that is no
    /// multiple of a vector's.
    static let (items, users, width) = (601, 41, 13)
    static let matrix = InteractionMatrix(
        rows: (0..<users).map { user in (0..<user % 9).map { ($0 * $0 * 7 + user * 31) % items } }, itemCount: items)

    /// A head in a step over all users, with the input of its layer.
    struct Case {
        let step: NetworkStep
        let input: FloatBuffer

        init(_ kind: Kind, engine: any ComputeEngine = KernelEngine(), threads: Int = 2) {
            let architecture = Architecture(
                family: .multDAE, items: items, encoder: [], latent: width, decoder: [], encoderDropout: [0],
                decoderDropout: [0])
            step = NetworkStep(
                architecture.network,
                SessionSetup(
                    clicks: matrix, batchSize: users, seed: 3, workers: Workers(count: threads), precision: kind.precision,
                    softmax: kind.softmax, engine: engine),
                kind.areCosines ? Normalization(temperature: 1) : .none)
            input = FloatBuffer(count: users * width)
            RandomSource(seed: 1, stream: 0).normal(into: input.mutableVector)
        }

        /// The last layer's numbers of weights or moments: weights [items, width], biases [items].
        func last(_ numbers: Parameters) -> (weights: [Float], biases: [Float]) {
            let linear = numbers.linears[numbers.linears.count - 1]
            return (linear.weight.values, linear.bias.values)
        }

        /// The loss, and dInput, of the first `count` users.
        func run(
            users count: Int = users, _ update: AdamUpdate? = Adam(learningRate: 0, beta1: 0).update(number: 1),
            needsInputGradient: Bool = true
        ) -> (loss: Double, dInput: [Float]) {
            let setup = step.setup
            step.takeBatch(
                ArraySlice(0..<Int32(count)), SessionUpdate(number: 0, beta: 0, adam: Adam()), setup.randomness(0))
            let input = input.matrix(rows: users, columns: width).rows(0..<count)
            let gradient = FloatBuffer(count: count * width)
            let loss = step.head.forward(input, step.batch)
            step.head.backward(input, step.batch, update, number: 1, needsInputGradient: needsInputGradient)
            if needsInputGradient {
                step.head.inputGradient(0..<count, into: gradient.mutableMatrix(rows: count, columns: width))
            }
            return (loss, gradient.values)
        }

        /// The bytes of the last layer's weights and moments.
        var layerBits: [Data] {
            let all = step.parameters
            return [all.weights, all.firstMoments, all.secondMoments].flatMap { Array($0.bits.suffix(2)) }
        }
    }

    /// Loss and gradients by the formulas, in double precision.
    static func expected(_ head: Case) -> (loss: Double, dInput: [Double], dWeights: [Double], dBiases: [Double]) {
        let (rows, biases) = head.last(head.step.parameters.weights)
        let areCosines = head.step.normalization.temperature != nil
        let lengths = (0..<items).map { item in
            areCosines ? rows[item * width..<(item + 1) * width].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() : 1
        }
        let weights = rows.enumerated().map { Double($1) / lengths[$0 / width] }
        let input = head.input.values
        var loss = 0.0
        var dInput = [Double](repeating: 0, count: users * width)
        var dWeights = [Double](repeating: 0, count: items * width)
        var dBiases = [Double](repeating: 0, count: items)
        for user in 0..<users {
            let clicks = matrix.row(user)
            var logits = biases.map(Double.init)
            for item in 0..<items {
                for k in 0..<width { logits[item] += weights[item * width + k] * Double(input[user * width + k]) }
            }
            let normalizer = log(logits.reduce(0) { $0 + exp($1) })
            for item in clicks { loss += (normalizer - logits[Int(item)]) / Double(users) }
            var gradient = logits.map { Double(clicks.count) * exp($0 - normalizer) / Double(users) }
            for item in clicks { gradient[Int(item)] -= 1 / Double(users) }
            for item in 0..<items {
                dBiases[item] += gradient[item]
                for k in 0..<width {
                    dInput[user * width + k] += gradient[item] * weights[item * width + k]
                    dWeights[item * width + k] += gradient[item] * Double(input[user * width + k])
                }
            }
        }
        guard areCosines else { return (loss, dInput, dWeights, dBiases) }
        for item in 0..<items {
            let row = item * width..<(item + 1) * width
            let product = row.reduce(0.0) { $0 + dWeights[$1] * weights[$1] }
            for place in row { dWeights[place] = (dWeights[place] - product * weights[place]) / lengths[item] }
        }
        return (loss, dInput, dWeights, dBiases.map { _ in 0 })
    }

    /// The Euclidean length of the difference over that of `b`.
    static func distance(_ a: [Float], _ b: [Double]) -> Double {
        let difference = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - $1.1, 2) }
        return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }

    @Test(arguments: kinds, TestedEngine.all)
    func lossAndGradientsFollowTheFormulas(kind: Kind, engine: TestedEngine) {
        let head = Case(kind, engine: engine.engine)
        let expected = Self.expected(head)
        let (loss, dInput) = head.run()
        #expect(abs(loss - expected.loss) < kind.lossTolerance * expected.loss)
        #expect(Self.distance(dInput, expected.dInput) < kind.gradientTolerance)
        // With beta1 = 0 the first moments are the gradients.
        let gradients = head.last(head.step.parameters.firstMoments)
        #expect(Self.distance(gradients.weights, expected.dWeights) < kind.gradientTolerance)
        if kind.areCosines {
            #expect(gradients.biases.allSatisfy { $0 == 0 }, "cosines have no biases")
        } else {
            #expect(Self.distance(gradients.biases, expected.dBiases) < kind.gradientTolerance)
        }
    }

    @Test(arguments: kinds)
    func withoutAnUpdateTheLayerStaysAsItIs(kind: Kind) {
        let (head, other) = (Case(kind), Case(kind))
        let before = head.layerBits
        let dInput = head.run(nil).dInput
        #expect(head.layerBits == before)
        #expect(dInput == other.run(Adam().update(number: 1)).dInput)
        #expect(other.layerBits != before)
    }

    @Test(arguments: kinds)
    func withoutTheInputsGradientTheLayerIsUpdatedTheSame(kind: Kind) {
        let (head, other) = (Case(kind), Case(kind))
        let update = Adam().update(number: 1)
        #expect(head.run(update, needsInputGradient: false).loss == other.run(update).loss)
        #expect(head.layerBits == other.layerBits)
    }

    @Test(arguments: kinds)
    func resultsAreTheSameBitsForAnyNumberOfThreads(kind: Kind) {
        func results(_ threads: Int) -> ([Float], [Data]) {
            let head = Case(kind, threads: threads)
            let dInput = head.run(Adam().update(number: 1)).dInput
            return (dInput, head.layerBits)
        }
        let alone = results(1)
        for threads in [2, 3, 5] {
            let again = results(threads)
            #expect(again == alone, "\(threads) threads")
        }
    }

    /// Memory is kept from batch to batch; nothing of a larger one may remain.
    @Test(arguments: kinds)
    func aBatchDoesNotDependOnTheOneBefore(kind: Kind) {
        let (head, fresh) = (Case(kind), Case(kind))
        _ = head.run(nil)
        let (second, alone) = (head.run(users: 7), fresh.run(users: 7))
        #expect(second == alone && alone.loss > 0)
        #expect(head.layerBits == fresh.layerBits)
    }

    /// With draws enough to have every item for certain no correction is left, and the step is the exact one.
    @Test(arguments: SmallNetwork.all)
    func aSampledStepIsExactIfEveryItemIsDrawn(_ network: SmallNetwork) {
        let matrix = InteractionMatrix.synthetic(users: 40, items: 300, meanInteractions: 8, seed: 1)
        func ran(_ softmax: Softmax) -> (StepLoss, [FloatBuffer]) {
            let session = AutoencoderSession(
                network.autoencoder(items: 300, dropout: 0.3),
                SessionSetup(clicks: matrix, batchSize: 40, seed: 7, workers: Workers(count: 2), softmax: softmax))
            let loss = session.run(
                ArraySlice(0..<40), SessionUpdate(number: 0, beta: 0.3, adam: Adam(learningRate: 0, beta1: 0)))
            return (loss, session.step.parameters.firstMoments.buffers)
        }
        let (exact, gradients) = ran(.exact)
        let (sampled, estimates) = ran(Self.allDrawn)
        #expect(abs(sampled.negativeLogLikelihood - exact.negativeLogLikelihood) < 1e-5 * exact.negativeLogLikelihood)
        #expect(abs(sampled.divergence - exact.divergence) < 1e-6)
        for (a, b) in zip(estimates, gradients) { #expect(relativeDifference(a.values, b.values) < 1e-4) }
        // The test can fail: few draws give another gradient.
        let (few, others) = ran(.sampled(negatives: 20))
        #expect(few != sampled && relativeDifference(others[0].values, gradients[0].values) > 1e-4)
    }
}

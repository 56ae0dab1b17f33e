import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Testing

@testable import FoldinTraining

/// The fused gradients against differences of the objective itself, with dropout before every layer and drawn noise.
///
/// Masks and noise are functions of the seed and the step, so the same step number gives the same function of the weights.
/// 600 items make three panels and three lanes.
@Suite("Gradients by finite differences") struct FiniteDifferenceTests {
    static let beta: Float = 0.7
    static let items = 600
    static let users = 5

    static let matrix = InteractionMatrix(
        rows: (0..<users).map { user in (0..<12 + user).map { ($0 * 53 + user * 131 + $0 * $0) % items } }, itemCount: items)

    static func session(_ network: SmallNetwork, dropout: Float) -> AutoencoderSession {
        session(network.architecture(items: items, dropout: dropout), scale: 0.7)
    }

    /// A training in which all users are one batch, and whose weights are random numbers up to `scale`.
    static func session(
        _ architecture: Architecture, _ matrix: InteractionMatrix = matrix, scale: Float, softmax: Softmax = .exact,
        normalization: Normalization = .none
    ) -> AutoencoderSession {
        let parameters = Parameters(zerosFor: architecture.network)
        var draws = Draws(seed: 11)
        for tensor in parameters.buffers { for i in 0..<tensor.count { tensor.pointer[i] = scale * draws.signed() } }
        return AutoencoderSession(
            Autoencoder(architecture, parameters),
            SessionSetup(
                clicks: matrix, batchSize: matrix.userCount, seed: 17, workers: Workers(count: 2), softmax: softmax),
            normalization)
    }

    /// The objective at the present weights. Afterwards the gradient is in `firstMoments`.
    static func objective(_ session: AutoencoderSession, number: Int = 4) -> Double {
        session.run(
            ArraySlice(0..<Int32(session.step.setup.batchSize)),
            SessionUpdate(number: number, beta: beta, adam: Adam(learningRate: 0, beta1: 0))
        ).total(beta: Double(beta))
    }

    /// Along the gradient's own direction plus a random one, one tensor at a time: a permuted, scaled or partly missing gradient
    /// has another slope there.
    @Test(arguments: SmallNetwork.all)
    func slopesAreThoseOfTheGradient(_ network: SmallNetwork) { check(Self.session(network, dropout: 0.3)) }

    /// Layers and batches of more than 64 rows, which go in several pieces.
    @Test(arguments: Architecture.Family.allCases)
    func slopesAreThoseOfTheGradientWithSeveralPieces(_ family: Architecture.Family) {
        let architecture = Architecture(
            family: family, items: 300, encoder: [70], latent: 66, decoder: [130], encoderDropout: [0.3, 0.2],
            decoderDropout: [0.1, 0.4], activations: .article)
        let matrix = InteractionMatrix.synthetic(users: 140, items: 300, meanInteractions: 8, seed: 1)
        check(Self.session(architecture, matrix, scale: 0.15))
    }

    /// More than 16 panels of 256 items, so that some of the 16 lanes are of two.
    @Test(arguments: Architecture.Family.allCases)
    func slopesAreThoseOfTheGradientWithLanesOfSeveralPanels(_ family: Architecture.Family) {
        let architecture = Architecture(
            family: family, items: 4_700, encoder: [], latent: 4, decoder: [5], encoderDropout: [0.3], decoderDropout: [0.1, 0.2])
        let matrix = InteractionMatrix.synthetic(users: 4, items: 4_700, meanInteractions: 20, seed: 1)
        check(Self.session(architecture, matrix, scale: 0.7))
    }

    /// The negatives, too, are a function of the seed and the step: the estimated objective is one function of the weights.
    @Test(arguments: SmallNetwork.all)
    func slopesAreThoseOfTheGradientOfTheSampledSoftmax(_ network: SmallNetwork) {
        let architecture = network.architecture(items: Self.items, dropout: 0.3)
        check(Self.session(architecture, scale: 0.7, softmax: .sampled(negatives: 90)))
    }

    static let normalizations = [
        Normalization(temperature: 0.3), Normalization(userPower: 0.7), Normalization(temperature: 0.5, userPower: 0.5),
    ]

    @Test(arguments: normalizations, [Softmax.exact, .sampled(negatives: 90)])
    func slopesAreThoseOfTheGradientOfANormalization(_ normalization: Normalization, softmax: Softmax) {
        for network in [
            SmallNetwork(.multVAE, depth: 1), SmallNetwork(.multVAE, depth: 2, .article), SmallNetwork(.multDAE, depth: 2),
        ] {
            let architecture = network.architecture(items: Self.items, dropout: 0.3)
            let session = Self.session(architecture, scale: 0.7, softmax: softmax, normalization: normalization)
            #expect(Self.objective(session) != Self.objective(Self.session(architecture, scale: 0.7, softmax: softmax)))
            check(session, exceptLast: normalization.temperature == nil ? 0 : 1)
        }
    }

    /// All tensors of a session but the last `count` ones.
    func check(_ session: AutoencoderSession, exceptLast count: Int = 0) {
        _ = Self.objective(session)
        let parameters = session.step.parameters
        check(parameters.weights.buffers.dropLast(count), parameters.firstMoments.buffers.dropLast(count)) {
            Self.objective(session)
        }
    }

    /// The same of any objective of `tensors` whose `gradients` are known.
    func check(_ tensors: [FloatBuffer], _ gradients: [FloatBuffer], objective: () -> Double) {
        var draws = Draws(seed: 23)
        for (index, (tensor, gradient)) in zip(tensors, gradients.map(\.values)).enumerated() {
            let size = norm(gradient)
            #expect(size > 1e-3, "tensor \(index) has a gradient to be checked")
            let random = gradient.map { _ in draws.signed() }
            let length = norm(random)
            let direction = zip(gradient, random).map { $0 / size + $1 / length }
            let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }

            let start = tensor.values
            func at(_ distance: Float) -> Double {
                for i in 0..<tensor.count { tensor.pointer[i] = start[i] + distance * direction[i] }
                return objective()
            }
            // Far enough that rounding of the objective (about 1e-5) is small, near enough that the fourth power of the
            // distance is: Richardson's extrapolation of two central differences.
            let h = min(0.04, 0.12 / size)
            let wide = (at(h) - at(-h)) / Double(2 * h)
            let narrow = (at(h / 2) - at(-h / 2)) / Double(h)
            let slope = (4 * narrow - wide) / 3
            _ = at(0)
            #expect(
                abs(slope - expected) < 1e-3 * Double(size), "tensor \(index): \(slope) by differences, \(expected) by gradient")
        }
    }

    @Test(arguments: SmallNetwork.all)
    func dropoutChangesTheObjective(_ network: SmallNetwork) {
        let with = Self.objective(Self.session(network, dropout: 0.3))
        #expect(with == Self.objective(Self.session(network, dropout: 0.3)))
        #expect(with != Self.objective(Self.session(network, dropout: 0.3), number: 5))
        #expect(with != Self.objective(Self.session(network, dropout: 0)))
    }

    func norm(_ vector: [Float]) -> Float { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

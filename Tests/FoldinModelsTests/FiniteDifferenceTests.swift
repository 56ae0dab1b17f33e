import FoldinInteractions
import FoldinKernels
import Testing

@testable import FoldinModels

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

    static func step(_ shape: Shape, dropout: Float) -> TrainingStep {
        step(shape.architecture(items: items, dropout: dropout), users: users, scale: 0.7)
    }

    static func step(
        _ architecture: Architecture, users: Int, scale: Float, softmax: Softmax = .exact
    ) -> TrainingStep {
        let parameters = Parameters(zerosFor: architecture)
        var draws = Draws(seed: 11)
        for tensor in parameters.tensors { for i in 0..<tensor.count { tensor.pointer[i] = scale * draws.signed() } }
        return TrainingStep(parameters: parameters, batchSize: users, seed: 17, workers: Workers(count: 2), softmax: softmax)
    }

    /// The objective at the step's present weights. Afterwards the gradient lies in `firstMoments`.
    static func objective(
        _ step: TrainingStep, _ matrix: InteractionMatrix = matrix, number: UInt64 = 4
    ) -> Double {
        step.run(
            matrix, users: ArraySlice(0..<Int32(matrix.userCount)), step: number, beta: beta,
            adam: Adam(learningRate: 0, beta1: 0)
        ).total(beta: Double(beta))
    }

    /// Along the gradient's own direction plus a random one, a tensor at a time: a permuted, scaled or partly missing gradient
    /// has another slope there.
    @Test(arguments: Shape.all)
    func slopes(_ shape: Shape) {
        check(Self.step(shape, dropout: 0.3), Self.matrix)
    }

    /// Layers and batches of more than 64 rows, which go in several pieces.
    @Test(arguments: Architecture.Family.plain)
    func slopesOfSeveralPieces(_ family: Architecture.Family) {
        let architecture = Architecture(
            family: family, items: 300, encoder: [70], latent: 66, decoder: [130], encoderDropout: [0.3, 0.2],
            decoderDropout: [0.1, 0.4], activations: .article)
        let matrix = InteractionMatrix.synthetic(users: 140, items: 300, meanInteractions: 8, seed: 1)
        check(Self.step(architecture, users: 140, scale: 0.15), matrix)
    }

    /// More than 16 panels of 256 items, so that some of the 16 lanes are of two.
    @Test(arguments: Architecture.Family.plain)
    func slopesOfLanesOfSeveralPanels(_ family: Architecture.Family) {
        let architecture = Architecture(
            family: family, items: 4_700, encoder: [], latent: 4, decoder: [5], encoderDropout: [0.3], decoderDropout: [0.1, 0.2])
        let matrix = InteractionMatrix.synthetic(users: 4, items: 4_700, meanInteractions: 20, seed: 1)
        check(Self.step(architecture, users: 4, scale: 0.7), matrix)
    }

    func check(_ step: TrainingStep, _ matrix: InteractionMatrix) {
        _ = Self.objective(step, matrix)
        check(step.parameters.tensors, step.firstMoments.tensors) { Self.objective(step, matrix) }
    }

    /// The same of any objective of `tensors` whose `gradients` there are already.
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

    /// The negatives, too, are a function of the seed and the step: the estimated objective is one function of the weights.
    @Test(arguments: Shape.all)
    func slopesOfTheSampledSoftmax(_ shape: Shape) {
        let architecture = shape.architecture(items: Self.items, dropout: 0.3)
        check(Self.step(architecture, users: Self.users, scale: 0.7, softmax: .sampled(negatives: 90)), Self.matrix)
    }

    @Test(arguments: Shape.all)
    func dropoutIsAtWork(_ shape: Shape) {
        let with = Self.objective(Self.step(shape, dropout: 0.3))
        #expect(with == Self.objective(Self.step(shape, dropout: 0.3)))
        #expect(with != Self.objective(Self.step(shape, dropout: 0.3), number: 5))
        #expect(with != Self.objective(Self.step(shape, dropout: 0)))
    }

    func norm(_ vector: [Float]) -> Float { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

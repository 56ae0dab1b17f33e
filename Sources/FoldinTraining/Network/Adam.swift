import FoldinKernels
import FoldinModels
import Foundation

/// Adam (Kingma & Ba 2015) as PyTorch computes it, with either kind of weight decay.
public struct Adam: Sendable, Codable, Equatable {
    /// The learning rate, more than 0.
    public var learningRate: Float
    /// The decay of the running mean of gradients, in [0, 1).
    public var beta1: Float
    /// The decay of the running mean of their squares, in [0, 1).
    public var beta2: Float
    /// What is added to the root of the second moment, more than 0.
    public var epsilon: Float
    /// AdamW's decay (Loshchilov & Hutter 2019): each step first multiplies weights by `1 - learningRate * decoupledDecay`.
    public var decoupledDecay: Float
    /// Decay added to the gradient, as in MXNet's and PyTorch's plain Adam: the gradient of `decay / 2 * |weights|^2`.
    public var decay: Float

    /// An optimiser with the defaults of PyTorch; not both kinds of decay may be above 0.
    public init(
        learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
        decoupledDecay: Float = 0, decay: Float = 0
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.decoupledDecay = decoupledDecay
        self.decay = decay
    }

    /// The constants of the `number`-th update, from 1.
    public func update(number: Int) -> AdamUpdate {
        let t = Double(number)
        return AdamUpdate(
            stepSize: Float(Double(learningRate) / (1 - pow(Double(beta1), t))),
            secondMomentScale: Float(1 / (1 - pow(Double(beta2), t)).squareRoot()), beta1: beta1, beta2: beta2, epsilon: epsilon,
            shrink: 1 - learningRate * decoupledDecay, l2: decay)
    }
}

/// The weights of a network with Adam's moments.
package struct AdamParameters: Sendable {
    package let weights: Parameters
    /// Running means of the gradients, and of their squares.
    package let firstMoments: Parameters
    package let secondMoments: Parameters

    /// Weights with moments of 0. With `isByRow`, an item's row of the first and of the last layer has one second moment.
    package init(_ weights: Parameters, isByRow: Bool = false) {
        self.weights = weights
        firstMoments = Parameters(zerosFor: weights.shape)
        secondMoments = Parameters(zerosFor: weights.shape, areRowMoments: isByRow)
    }

    /// The bytes that `init` and the weights take; nil if they overflow.
    static func bytes(_ shape: NetworkShape, isByRow: Bool) -> ByteCount {
        let all = ByteCount.sum(shape.layers.map { ByteCount($0.inputs) * $0.outputs + $0.outputs })
        guard isByRow else { return all * 4 * 3 }
        let inner = ByteCount.sum(shape.layers.dropFirst().dropLast().map { ByteCount($0.inputs) * $0.outputs + $0.outputs })
        let biases = ByteCount(shape.layers[0].outputs) + shape.items
        return all * 4 * 2 + (inner + biases) * 4 + ByteCount(shape.items) * 16
    }

    package var areRowMoments: Bool { secondMoments.areRowMoments }

    /// All weights of a layer, in the order in which they are stored; of a layer whose second moments are not by row.
    func weights(_ index: Int) -> AdamWeights {
        AdamWeights(
            weights: weights.linears[index].weight.mutableVector, firstMoments: firstMoments.linears[index].weight.mutableVector,
            secondMoments: secondMoments.linears[index].weight.mutableVector)
    }

    /// All biases of a layer.
    func biases(_ index: Int) -> AdamWeights {
        AdamWeights(
            weights: weights.linears[index].bias.mutableVector, firstMoments: firstMoments.linears[index].bias.mutableVector,
            secondMoments: secondMoments.linears[index].bias.mutableVector)
    }

    /// The gain and the shift of a layer norm.
    func norm(_ index: Int) -> (gain: AdamWeights, shift: AdamWeights) {
        let (norm, first, second) = (weights.norms[index], firstMoments.norms[index], secondMoments.norms[index])
        return (
            AdamWeights(
                weights: norm.gain.mutableVector, firstMoments: first.gain.mutableVector, secondMoments: second.gain.mutableVector
            ),
            AdamWeights(
                weights: norm.shift.mutableVector, firstMoments: first.shift.mutableVector,
                secondMoments: second.shift.mutableVector)
        )
    }

    /// Draws initial weights again, and sets all moments to 0.
    func restart(seed: UInt64, workers: Workers) {
        weights.initialize(seed: seed, workers: workers)
        firstMoments.clear()
        secondMoments.clear()
    }
}

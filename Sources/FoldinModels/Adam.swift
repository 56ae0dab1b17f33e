import CFoldinKernels
import Foundation

/// Adam (Kingma & Ba 2015) as PyTorch computes it, with either kind of weight decay.
public struct Adam: Sendable, Codable, Equatable {
    public var learningRate: Float
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    /// AdamW's decay (Loshchilov & Hutter 2019): each step first multiplies weights by `1 - learningRate * decoupledDecay`.
    public var decoupledDecay: Float
    /// Decay added to the gradient, as in MXNet's and PyTorch's plain Adam: the gradient of `decay / 2 * |weights|^2`.
    public var decay: Float

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

    /// The kernel's constants for the `number`-th update, from 1.
    func step(number: UInt64) -> foldin_adam_step {
        let t = Double(number)
        return foldin_adam_step(
            step_size: Float(Double(learningRate) / (1 - pow(Double(beta1), t))),
            second_moment_scale: Float(1 / (1 - pow(Double(beta2), t)).squareRoot()),
            beta1: beta1, beta2: beta2, epsilon: epsilon, shrink: 1 - learningRate * decoupledDecay, l2: decay)
    }
}

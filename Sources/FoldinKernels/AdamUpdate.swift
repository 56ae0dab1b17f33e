import CFoldinKernels

/// The constants of one update of Adam (Kingma & Ba 2015, as PyTorch computes it), the powers of beta already computed.
///
/// With g the gradient, w a weight, m and v its moments:
///
///     g' = g + l2 * w
///     m  = beta1 * m + (1 - beta1) * g'
///     v  = beta2 * v + (1 - beta2) * g'^2
///     w  = shrink * w - stepSize * m / (secondMomentScale * sqrt(v) + epsilon)
public struct AdamUpdate: Sendable {
    let constants: foldin_adam_step

    /// An update with these constants.
    public init(
        stepSize: Float, secondMomentScale: Float, beta1: Float, beta2: Float, epsilon: Float, shrink: Float = 1, l2: Float = 0
    ) {
        constants = foldin_adam_step(
            step_size: stepSize, second_moment_scale: secondMomentScale, beta1: beta1, beta2: beta2, epsilon: epsilon,
            shrink: shrink, l2: l2)
    }

    /// Learning rate / (1 - beta1^t), for update t.
    public var stepSize: Float { constants.step_size }
    /// 1 / sqrt(1 - beta2^t), for update t.
    public var secondMomentScale: Float { constants.second_moment_scale }
    /// The decay of the first moment.
    public var beta1: Float { constants.beta1 }
    /// The decay of the second moment.
    public var beta2: Float { constants.beta2 }
    /// Added to the root of the second moment.
    public var epsilon: Float { constants.epsilon }
    /// Multiplies the weights first: 1 - learning rate * decay for AdamW, 1 for no decay.
    public var shrink: Float { constants.shrink }
    /// Times the weight, added to the gradient: plain L2 decay; 0 for none.
    public var l2: Float { constants.l2 }
}

/// Several updates of Adam without a gradient as one operation, for a row of weights that shares one second moment.
///
///     w = shrink * w - move * m / (sqrt(v) + epsilon),  then  m = firstDecay * m,  v = secondDecay * v
public struct SkippedAdamUpdates: Sendable {
    let constants: foldin_adam_skipped

    /// Updates with these constants.
    public init(firstDecay: Float, secondDecay: Float, shrink: Float, move: Float, epsilon: Float) {
        constants = foldin_adam_skipped(
            first_decay: firstDecay, second_decay: secondDecay, shrink: shrink, move: move, epsilon: epsilon)
    }

    /// Multiplies the first moments.
    public var firstDecay: Float { constants.first_decay }
    /// Multiplies the second moment.
    public var secondDecay: Float { constants.second_decay }
    /// Multiplies the weights; 1 without weight decay.
    public var shrink: Float { constants.shrink }
    /// Multiplies the quotient of the first moment and the root of the second, which is subtracted from the weights.
    public var move: Float { constants.move }
    /// Added to the root of the second moment.
    public var epsilon: Float { constants.epsilon }
}

/// Weights and their moments under Adam.
///
/// As many first moments as weights; as many second moments, or one for all weights of a row (`ComputeEngine.updateRow`).
@frozen
public struct AdamWeights {
    /// The weights.
    public let weights: MutableVectorView
    /// The running means of their gradients.
    public let firstMoments: MutableVectorView
    /// The running means of their squared gradients.
    public let secondMoments: MutableVectorView

    /// Weights and moments in memory that outlives the view.
    @inlinable
    public init(weights: MutableVectorView, firstMoments: MutableVectorView, secondMoments: MutableVectorView) {
        precondition(
            weights.count == firstMoments.count && (weights.count == secondMoments.count || secondMoments.count == 1),
            "\(weights.count) weights with \(firstMoments.count) and \(secondMoments.count) moments")
        (self.weights, self.firstMoments, self.secondMoments) = (weights, firstMoments, secondMoments)
    }

    /// The number of weights.
    @inlinable
    public var count: Int { weights.count }

    /// Some of the weights, each of which has a second moment of its own.
    @inlinable
    public subscript(range: Range<Int>) -> AdamWeights {
        AdamWeights(weights: weights[range], firstMoments: firstMoments[range], secondMoments: secondMoments[range])
    }

    /// A row of a matrix whose rows have `width` weights, each of which has a second moment of its own.
    @inlinable
    public func row(_ index: Int, width: Int) -> AdamWeights {
        let offset = index * width
        precondition(
            index >= 0 && width >= 0 && offset + width <= count && secondMoments.count == count,
            "row \(index) of \(width) in \(count) weights")
        return AdamWeights(
            weights: MutableVectorView(weights.start + offset, count: width),
            firstMoments: MutableVectorView(firstMoments.start + offset, count: width),
            secondMoments: MutableVectorView(secondMoments.start + offset, count: width))
    }
}

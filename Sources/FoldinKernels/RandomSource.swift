import CFoldinKernels

/// Random numbers that are a function of a seed, a stream, a step and their own position alone: Philox4x32-10 (Salmon et al., SC 2011).
///
/// Any thread can compute any part of a sequence, and the numbers do not depend on the engine.
public struct RandomSource: Sendable {
    let source: foldin_random_source

    /// The numbers of `stream`, which says what they are for, in training step `step`.
    public init(seed: UInt64, stream: UInt32, step: UInt64 = 0) {
        source = foldin_random_source(seed: seed, stream: stream, step: step)
    }

    /// words[i] = the 32-bit word at position `first + i`.
    public func words(from first: Int = 0, into words: UnsafeMutableBufferPointer<UInt32>) {
        guard let start = words.baseAddress else { return }
        foldin_random_words(source, UInt64(first), words.count, start)
    }

    /// numbers[i] = a uniform number in [0, 1) with 24 random bits, at position `first + i`.
    public func uniform(from first: Int = 0, into numbers: MutableVectorView) {
        foldin_random_uniform(source, UInt64(first), numbers.count, numbers.start)
    }

    /// numbers[i] = a standard normal number at position `first + i`; `first` must be even.
    public func normal(from first: Int = 0, into numbers: MutableVectorView) {
        precondition(first.isMultiple(of: 2), "normal numbers are made in pairs")
        foldin_random_normal(source, UInt64(first), numbers.count, numbers.start)
    }

    /// Inverted dropout: y[i] = x[i] / keep with probability `keep`, else 0; decided by the word at position `first + i`. y may be x.
    ///
    /// The gradient is the same call on the gradient: the same positions are dropped.
    public func dropout(_ x: VectorView, from first: Int = 0, keep: Float, into y: MutableVectorView) {
        precondition(x.count == y.count, "\(x.count) numbers into \(y.count)")
        foldin_dropout(source, UInt64(first), x.count, keep, x.start, y.start)
    }
}

import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// The weights of a network, layer by layer.
///
/// A weight is [outputs, inputs] as in PyTorch, except for the first layer, which is stored [items, outputs]: an item's row is then
/// contiguous, as a click needs it.
public final class Parameters: Sendable {
    /// Weight and bias of one layer.
    package struct Linear: Sendable {
        package let weight: FloatBuffer
        package let bias: FloatBuffer

        package init(weight: FloatBuffer, bias: FloatBuffer) { (self.weight, self.bias) = (weight, bias) }
    }

    /// Gain and shift of one layer norm.
    package struct Norm: Sendable {
        package let gain: FloatBuffer
        package let shift: FloatBuffer
    }

    /// The shapes of the layers and layer norms.
    public let shape: NetworkShape
    package let linears: [Linear]
    /// In the order of `shape.norms`.
    package let norms: [Norm]

    /// Whether these are second moments by row: of the first and the last layer's weights there is then a matrix [2, items], the
    /// second moment of each item's row and the number of its last update.
    package let areRowMoments: Bool

    /// Weights that are all 0. Costs 4 bytes per parameter.
    public convenience init(zerosFor shape: NetworkShape) { self.init(zerosFor: shape, areRowMoments: false) }

    package init(zerosFor shape: NetworkShape, areRowMoments: Bool) {
        self.shape = shape
        self.areRowMoments = areRowMoments
        let layers = shape.layers
        linears = layers.enumerated().map { index, layer in
            let isItemWide = index == 0 || index == layers.count - 1
            return Linear(
                weight: FloatBuffer(count: areRowMoments && isItemWide ? 2 * shape.items : layer.inputs * layer.outputs),
                bias: FloatBuffer(count: layer.outputs))
        }
        norms = shape.norms.map { Norm(gain: FloatBuffer(count: $0.width), shift: FloatBuffer(count: $0.width)) }
    }

    /// Weights in memory that is given: one matrix and bias per layer of `shape`, one gain and shift per norm.
    package init(_ shape: NetworkShape, _ linears: [Linear], _ norms: [Norm]) {
        precondition(linears.count == shape.layers.count && norms.count == shape.norms.count, "weights of another shape")
        (self.shape, self.linears, self.norms, areRowMoments) = (shape, linears, norms, false)
    }

    /// Initial weights as the article's PyTorch code draws them; see `initialize(seed:workers:)`.
    public convenience init(initializing shape: NetworkShape, seed: UInt64, workers: Workers = Workers()) {
        self.init(zerosFor: shape)
        initialize(seed: seed, workers: workers)
    }

    /// Draws initial weights: weights Xavier uniform (Glorot & Bengio 2010), biases N(0, 0.001^2); layer norms begin with a gain of 1 and
    /// a shift of 0. The same seed gives the same weights for any number of workers.
    package func initialize(seed: UInt64, workers: Workers) {
        for (index, layer) in shape.layers.enumerated() {
            let linear = linears[index]
            let bound = (6 / Float(layer.inputs + layer.outputs)).squareRoot()
            let weights = foldin_random_source(seed: seed, stream: RandomStream.weights(index), step: 0)
            workers.forEachPiece(of: linear.weight.count, size: 1 << 16) { range, _ in
                let weight = linear.weight.pointer + range.lowerBound
                foldin_random_uniform(weights, UInt64(range.lowerBound), range.count, weight)
                for i in 0..<range.count { weight[i] = (2 * weight[i] - 1) * bound }
            }
            let biases = foldin_random_source(seed: seed, stream: RandomStream.biases(index), step: 0)
            foldin_random_normal(biases, 0, linear.bias.count, linear.bias.pointer)
            for i in 0..<linear.bias.count { linear.bias.pointer[i] *= 0.001 }
        }
        for norm in norms {
            norm.gain.pointer.update(repeating: 1, count: norm.gain.count)
            norm.shift.pointer.update(repeating: 0, count: norm.shift.count)
        }
    }

    /// Copies all weights of a network of the same shape.
    public func copy(from other: Parameters) {
        for (mine, theirs) in zip(buffers, other.buffers) { mine.copy(from: theirs) }
    }

    /// Sets all numbers to 0.
    package func clear() {
        for buffer in buffers { buffer.pointer.update(repeating: 0, count: buffer.count) }
    }

    /// All weights and biases, layer by layer, then the layer norms.
    package var buffers: [FloatBuffer] { linears.flatMap { [$0.weight, $0.bias] } + norms.flatMap { [$0.gain, $0.shift] } }

    /// Whether every number is finite. Reads all of them.
    public var areFinite: Bool { buffers.allSatisfy { FloatBuffer.areFinite($0.pointer, $0.count) } }
}

extension FloatBuffer {
    package static func areFinite(_ start: UnsafePointer<Float>, _ count: Int) -> Bool {
        // x - x is 0 for a finite x and NaN otherwise, so one sum tells for all.
        var sum: Float = 0
        for i in 0..<count { sum += start[i] - start[i] }
        return sum == 0
    }
}

/// The streams of random numbers of a training; no two uses share a stream.
package enum RandomStream {
    package static func weights(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 1 }
    package static func biases(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 2 }
    package static func dropout(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 3 }
    package static let latentNoise: UInt32 = 4
    package static let shuffle: UInt32 = 5
    package static let negatives: UInt32 = 6
}

import CFoldinKernels
import FoldinKernels

/// The weights of a network, layer by layer.
///
/// A weight is [outputs, inputs] as in PyTorch, but for the first layer, which is kept [items, outputs], so that an item's
/// row is contiguous wherever a click needs it.
public final class Parameters: Sendable {
    /// Weight and bias of one layer.
    struct Linear: Sendable {
        let weight: FloatBuffer
        let bias: FloatBuffer
    }

    /// Gain and shift of one layer norm.
    struct Norm: Sendable {
        let gain: FloatBuffer
        let shift: FloatBuffer
    }

    public let architecture: Architecture
    let linears: [Linear]
    /// RecVAE's, one after each hidden layer of the encoder; others have none.
    let norms: [Norm]

    /// Whether these are the second moments of `RowMoments`, whose item-wide weights are a [2, items] matrix.
    let areRowMoments: Bool

    /// All zeros.
    public convenience init(zerosFor architecture: Architecture) { self.init(zerosFor: architecture, areRowMoments: false) }

    /// The second moments of `RowMoments` before the first update.
    convenience init(rowMomentsFor architecture: Architecture) { self.init(zerosFor: architecture, areRowMoments: true) }

    init(zerosFor architecture: Architecture, areRowMoments: Bool) {
        self.architecture = architecture
        self.areRowMoments = areRowMoments
        let layers = architecture.layers
        linears = layers.enumerated().map { index, layer in
            let isItemWide = index == 0 || index == layers.count - 1
            return Linear(
                weight: FloatBuffer(
                    count: areRowMoments && isItemWide ? 2 * architecture.items : layer.inputs * layer.outputs),
                bias: FloatBuffer(count: layer.outputs))
        }
        norms = architecture.normWidths.map { Norm(gain: FloatBuffer(count: $0), shift: FloatBuffer(count: $0)) }
    }

    /// Fresh weights as the article's PyTorch draws them: weights Xavier uniform (Glorot & Bengio 2010), biases
    /// N(0, 0.001^2); layer norms begin with a gain of 1. The same seed gives the same weights whatever the number of workers.
    public convenience init(initializing architecture: Architecture, seed: UInt64, workers: Workers = Workers()) {
        self.init(zerosFor: architecture)
        for (index, layer) in architecture.layers.enumerated() {
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
        for norm in norms { norm.gain.pointer.update(repeating: 1, count: norm.gain.count) }
    }

    /// Copies all weights of a network of the same architecture.
    public func copy(from other: Parameters) {
        for (mine, theirs) in zip(buffers, other.buffers) { mine.copy(from: theirs) }
    }

    /// Sets all numbers to 0.
    func clear() {
        for buffer in buffers { buffer.pointer.update(repeating: 0, count: buffer.count) }
    }

    /// All weights and biases, layer by layer, then the layer norms.
    var buffers: [FloatBuffer] { linears.flatMap { [$0.weight, $0.bias] } + norms.flatMap { [$0.gain, $0.shift] } }

    /// Whether every number is finite. Reads all of them.
    public var areFinite: Bool { buffers.allSatisfy { FloatBuffer.areFinite($0.pointer, $0.count) } }

    /// Whether no number is below 0. Reads all of them.
    var areNotNegative: Bool {
        buffers.allSatisfy { buffer in
            var least: Float = 0
            for i in 0..<buffer.count { least = min(least, buffer.pointer[i]) }
            return least >= 0
        }
    }

    /// Whether each row's count of updates, of row moments, is a whole number from 0 to `updates`.
    func lastUpdatesAre(atMost updates: Int) -> Bool {
        guard areRowMoments else { return true }
        let items = architecture.items
        return [linears[0], linears[linears.count - 1]].allSatisfy { linear in
            (items..<2 * items).allSatisfy { place in
                let count = linear.weight.pointer[place]
                return count >= 0 && count <= Float(updates) && count == count.rounded()
            }
        }
    }
}

extension FloatBuffer {
    static func areFinite(_ start: UnsafePointer<Float>, _ count: Int) -> Bool {
        // x - x is 0 for a finite x and NaN otherwise; one sum stands for all.
        var sum: Float = 0
        for i in 0..<count { sum += start[i] - start[i] }
        return sum == 0
    }
}

/// What each run of random numbers is for; no two uses share a stream.
enum RandomStream {
    static func weights(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 1 }
    static func biases(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 2 }
    static func dropout(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 3 }
    static let latentNoise: UInt32 = 4
    static let shuffle: UInt32 = 5
    static let negatives: UInt32 = 6
}

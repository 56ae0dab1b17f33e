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

    public let architecture: Architecture
    let linears: [Linear]

    /// All zeros.
    public init(zerosFor architecture: Architecture) {
        self.architecture = architecture
        linears = architecture.layers.map { layer in
            Linear(weight: FloatBuffer(count: layer.inputs * layer.outputs), bias: FloatBuffer(count: layer.outputs))
        }
    }

    /// Fresh weights as the article's PyTorch draws them: weights Xavier uniform (Glorot & Bengio 2010), biases
    /// N(0, 0.001^2). The same seed gives the same weights whatever the number of workers.
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
    }

    /// Copies all weights of a network of the same architecture.
    public func copy(from other: Parameters) {
        for (mine, theirs) in zip(linears, other.linears) {
            mine.weight.copy(from: theirs.weight)
            mine.bias.copy(from: theirs.bias)
        }
    }

    /// Whether every number is finite. Reads all of them.
    public var areFinite: Bool {
        linears.allSatisfy { linear in
            [linear.weight, linear.bias].allSatisfy { buffer in
                // x - x is 0 for a finite x and NaN otherwise; one sum stands for all.
                var sum: Float = 0
                for i in 0..<buffer.count { sum += buffer.pointer[i] - buffer.pointer[i] }
                return sum == 0
            }
        }
    }
}

/// What each run of random numbers is for; no two uses share a stream.
enum RandomStream {
    static func weights(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 1 }
    static func biases(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 2 }
    static func dropout(_ layer: Int) -> UInt32 { UInt32(layer) << 8 | 3 }
    static let latentNoise: UInt32 = 4
    static let shuffle: UInt32 = 5
}

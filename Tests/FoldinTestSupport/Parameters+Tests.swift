import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

extension Parameters {
    /// The bytes of every number, so that equality is that of bits.
    public var bits: [Data] { buffers.map(\.bits) }

    /// Sets all numbers by PyTorch's names, weights as [outputs, inputs].
    ///
    /// - Throws: `FoldinError` for a tensor that is missing.
    public func set(_ values: [String: [Float]]) throws {
        func tensor(_ name: String) throws -> [Float] {
            guard let tensor = values[name] else { throw FoldinError(.badData, found: "no \(name)", expected: "all tensors") }
            return tensor
        }
        for (index, layer) in shape.layers.enumerated() {
            let weight = try tensor(layer.name + ".weight")
            let bias = try tensor(layer.name + ".bias")
            for output in 0..<layer.outputs {
                for input in 0..<layer.inputs {
                    let at = index == 0 ? input * layer.outputs + output : output * layer.inputs + input
                    linears[index].weight.pointer[at] = weight[output * layer.inputs + input]
                }
                linears[index].bias.pointer[output] = bias[output]
            }
        }
        for (norm, numbers) in zip(shape.norms, norms) {
            for (buffer, name) in [(numbers.gain, "weight"), (numbers.shift, "bias")] {
                for (place, number) in try tensor("\(norm.name).\(name)").enumerated() { buffer.pointer[place] = number }
            }
        }
    }

    /// The largest difference from `values`, relative to the largest of them in each tensor.
    public func difference(from values: [String: [Float]]) throws -> Float {
        let expected = Parameters(zerosFor: shape)
        try expected.set(values)
        return zip(buffers, expected.buffers).reduce(0) { max($0, relativeDifference($1.0.values, $1.1.values)) }
    }
}

extension FloatBuffer {
    /// The bytes of every number.
    public var bits: Data { Data(bytes: pointer, count: 4 * count) }
}

/// The largest |a - b| over the largest |b|.
public func relativeDifference(_ a: [Float], _ b: [Float]) -> Float {
    let scale = b.map(abs).max() ?? 0
    return zip(a, b).map { abs($0 - $1) }.max().map { $0 / max(scale, 1e-6) } ?? 0
}

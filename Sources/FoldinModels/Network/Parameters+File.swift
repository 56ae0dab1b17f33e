import FoldinInteractions
import FoldinKernels

// The tensors of a network in a file: PyTorch's names and its [outputs, inputs] layout.
extension Parameters {
    /// The tensors in the order in which they are written, each name behind `prefix`.
    package func tensors(prefix: String = "") -> [ModelTensor] {
        var result: [ModelTensor] = []
        for (index, (layer, linear)) in zip(shape.layers, linears).enumerated() {
            let isByRow = areRowMoments && (index == 0 || index == linears.count - 1)
            let description = TensorDescription(
                name: prefix + layer.name + ".weight", shape: isByRow ? [2, shape.items] : [layer.outputs, layer.inputs])
            result.append(
                index == 0 && !areRowMoments
                    ? ModelTensor(description, transposing: linear.weight) : ModelTensor(description, linear.weight))
            result.append(
                ModelTensor(TensorDescription(name: prefix + layer.name + ".bias", shape: [layer.outputs]), linear.bias))
        }
        for (norm, numbers) in zip(shape.norms, norms) {
            result.append(ModelTensor(TensorDescription(name: prefix + norm.name + ".weight", shape: [norm.width]), numbers.gain))
            result.append(ModelTensor(TensorDescription(name: prefix + norm.name + ".bias", shape: [norm.width]), numbers.shift))
        }
        return result
    }

    /// The weights of a network of that shape in a file that holds nothing beside them; `summary` names it in messages.
    ///
    /// All shapes are checked before anything is allocated, and that all numbers are finite.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    package convenience init(_ shape: NetworkShape, from file: ModelFile, of summary: String) throws {
        try file.check(Parameters.descriptions(of: shape), of: summary)
        self.init(zerosFor: shape)
        try read(from: file)
    }

    /// What the file of a network of that shape holds.
    package static func descriptions(
        of shape: NetworkShape, prefix: String = "", areRowMoments: Bool = false
    ) -> [TensorDescription] {
        shape.layers.enumerated().flatMap { index, layer in
            let isByRow = areRowMoments && (index == 0 || index == shape.layers.count - 1)
            return [
                TensorDescription(
                    name: prefix + layer.name + ".weight", shape: isByRow ? [2, shape.items] : [layer.outputs, layer.inputs]),
                TensorDescription(name: prefix + layer.name + ".bias", shape: [layer.outputs]),
            ]
        }
            + shape.norms.flatMap { norm in
                ["weight", "bias"].map { TensorDescription(name: "\(prefix)\(norm.name).\($0)", shape: [norm.width]) }
            }
    }

    /// Reads the tensors whose names begin with `prefix`; their shapes must have been checked.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that are not finite.
    package func read(from file: ModelFile, prefix: String = "") throws {
        for (index, (layer, linear)) in zip(shape.layers, linears).enumerated() {
            try file.read(prefix + layer.name + ".bias", into: linear.bias.pointer)
            if index == 0, !areRowMoments {
                try file.readTransposed(
                    prefix + layer.name + ".weight", rows: layer.outputs, columns: layer.inputs, into: linear.weight.pointer)
            } else {
                try file.read(prefix + layer.name + ".weight", into: linear.weight.pointer)
            }
        }
        for (norm, numbers) in zip(shape.norms, norms) {
            try file.read(prefix + norm.name + ".weight", into: numbers.gain.pointer)
            try file.read(prefix + norm.name + ".bias", into: numbers.shift.pointer)
        }
    }
}

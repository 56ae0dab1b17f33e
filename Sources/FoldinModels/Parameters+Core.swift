import FoldinInteractions
import FoldinKernels

// An autoencoder as the core of a model.
extension Parameters: StoredCore {
    var summary: String { architecture.summary }
    var itemCount: Int { architecture.items }
    var architectureText: String { get throws { try json(architecture) } }
    var storedTensors: [SafeTensors.Tensor] { Parameters.tensors(of: architecture, prefix: "") }

    /// One vector an item, [items, width], row-major: the last layer's weights. Items that are alike have vectors that point
    /// the same way.
    public var itemVectors: (vectors: FloatBuffer, width: Int) {
        let last = architecture.layers.count - 1
        return (linears[last].weight, architecture.layers[last].inputs)
    }

    /// The cosine of each item's vector with that of `item`.
    func similarities(to item: Int, workers: Workers) -> FloatBuffer? {
        let (vectors, width) = itemVectors
        let cosines = FloatBuffer(count: itemCount)
        matrixMultiply(
            rows: itemCount, columns: 1, inner: width, .plain(vectors.pointer, stride: width),
            .plain(vectors.pointer + item * width, stride: 1), into: cosines.pointer, stride: 1)
        // cosines = v . w / |v| for now; v . v / |v| of the item itself is then |w|, which all are still to be divided by.
        workers.forEachPiece(of: itemCount, size: 1024) { items, _ in
            for item in items {
                var sum: Float = 0
                for i in 0..<width { sum += vectors.pointer[item * width + i] * vectors.pointer[item * width + i] }
                cosines.pointer[item] /= max(sum.squareRoot(), .leastNormalMagnitude)
            }
        }
        let own = max(cosines.pointer[item], .leastNormalMagnitude)
        // Rounding would have items that point the very same way a little above 1.
        for item in 0..<itemCount { cosines.pointer[item] = max(-1, min(1, cosines.pointer[item] / own)) }
        return cosines
    }

    /// The network in a file of foldin's, or in a bare PyTorch `state_dict`.
    ///
    /// A `state_dict` has tanh where the paper has it unless `activations` says otherwise.
    static func read(_ file: TensorFile, isBare: Bool, activations: Architecture.Activations?) throws -> Parameters {
        var architecture =
            isBare
            ? try Architecture(readOff: file)
            : try file.metadata("architecture", as: Architecture.self)
        if let activations { architecture.activations = activations }
        if let problem = architecture.problem {
            throw FoldinError(.badData, file: file.path, found: problem, expected: "an architecture that can be built")
        }
        let tensors = Parameters.tensors(of: architecture, prefix: "")
        let missing = tensors.filter { file.header.entries[$0.name] == nil }
        if isBare, !missing.isEmpty {
            throw FoldinError(
                .badData, file: file.path,
                found: "no tensor \(missing.map(\.name.quoted).joined(separator: ", ")) among \(file.tensorNames)",
                expected: Architecture.expectedNames)
        }
        try file.check(tensors, of: architecture.summary)
        return try file.parameters(architecture, prefix: "")
    }
}

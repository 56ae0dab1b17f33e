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
        let own = vectors.pointer + item * width
        let cosines = FloatBuffer(count: itemCount)
        // In double precision no square of a weight is infinite, and none that matters is 0.
        let length = Self.products(own, own, width).ofBoth.squareRoot()
        workers.forEachPiece(of: itemCount, size: 1024) { items, _ in
            for item in items {
                let (product, square) = Self.products(vectors.pointer + item * width, own, width)
                let lengths = square.squareRoot() * length
                // Rounding would have items that point the very same way a little above 1.
                cosines.pointer[item] = lengths > 0 ? Float(max(-1, min(1, product / lengths))) : 0
            }
        }
        return cosines
    }

    /// The products of `vector` with `other` and with itself.
    private static func products(
        _ vector: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ width: Int
    ) -> (ofBoth: Double, ofItself: Double) {
        // Lanes, because one sum waits for each addition.
        var (product, square) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
        var i = 0
        while i + 4 <= width {
            let a = SIMD4(Double(vector[i]), Double(vector[i + 1]), Double(vector[i + 2]), Double(vector[i + 3]))
            let b = SIMD4(Double(other[i]), Double(other[i + 1]), Double(other[i + 2]), Double(other[i + 3]))
            product += a * b
            square += a * a
            i += 4
        }
        var (rest, restSquare) = (0.0, 0.0)
        while i < width {
            rest += Double(vector[i]) * Double(other[i])
            restSquare += Double(vector[i]) * Double(vector[i])
            i += 1
        }
        return (product.sum() + rest, square.sum() + restSquare)
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

import FoldinKernels

extension Parameters {
    /// One vector per item, [items, width], row-major: the last layer's weights. Vectors of similar items point the same way.
    package var itemVectors: (vectors: FloatBuffer, width: Int) { (linears[linears.count - 1].weight, shape.last.inputs) }

    /// The cosine of each item's vector with that of `item`.
    func similarities(to item: Int, workers: Workers) -> [Float] {
        let (vectors, width) = itemVectors
        return ItemVectors(vectors, width: width).cosines(to: item, workers: workers)
    }
}

/// One vector per item, [items, width], row-major.
struct ItemVectors {
    private let vectors: FloatBuffer
    private let width: Int

    /// All of `vectors`, `width` numbers for each item.
    init(_ vectors: FloatBuffer, width: Int) { (self.vectors, self.width) = (vectors, width) }

    /// The cosine of each item's vector with that of `item`; 0 where one is 0.
    func cosines(to item: Int, workers: Workers) -> [Float] {
        let own = vectors.pointer + item * width
        let cosines = FloatBuffer(count: vectors.count / width)
        // In double precision no square of a weight is infinite, and none that matters is 0.
        let length = Self.products(own, own, width).ofBoth.squareRoot()
        workers.forEachPiece(of: cosines.count, size: 1024) { items, _ in
            for item in items {
                let (product, square) = Self.products(vectors.pointer + item * width, own, width)
                let lengths = square.squareRoot() * length
                // Rounding would give items that point the very same way a little more than 1.
                cosines.pointer[item] = lengths > 0 ? Float(max(-1, min(1, product / lengths))) : 0
            }
        }
        return cosines.values
    }

    /// The products of `vector` with `other` and with itself.
    private static func products(
        _ vector: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ width: Int
    ) -> (ofBoth: Double, ofItself: Double) {
        // Four lanes: the additions of one sum would wait for each other.
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
}

/// 1 / the length of a vector; 0 for one of zeros or too short to be divided by.
package func inverseLength(_ vector: VectorView) -> Float {
    // In four lanes: the additions of one sum would wait for each other. In double precision no square is infinite.
    var lanes = SIMD4<Double>.zero
    var i = 0
    while i + 4 <= vector.count {
        let values = SIMD4(Double(vector[i]), Double(vector[i + 1]), Double(vector[i + 2]), Double(vector[i + 3]))
        lanes += values * values
        i += 4
    }
    var sum = lanes.sum()
    while i < vector.count {
        sum += Double(vector[i]) * Double(vector[i])
        i += 1
    }
    let scale = Float(1 / sum.squareRoot())
    return scale.isFinite ? scale : 0
}

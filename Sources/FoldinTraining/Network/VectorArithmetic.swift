import FoldinKernels

/// The sum of squares of a row, each times its weight if there are some, in lanes of fixed order.
func squaredLength(_ row: MutableVectorView, _ weights: VectorView?) -> Float {
    guard let weights else { return dot(row.readOnly, row.readOnly) }
    var sum: Float = 0
    for i in 0..<row.count { sum += row[i] * row[i] * weights[i] }
    return sum
}

/// The product of two vectors, in lanes of fixed order.
func dot(_ a: VectorView, _ b: VectorView) -> Float {
    var lanes = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    let (x, y) = (UnsafeRawPointer(a.start), UnsafeRawPointer(b.start))
    var i = 0
    while i + 16 <= a.count {
        lanes.0 +=
            x.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
            * y.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
        lanes.1 +=
            x.loadUnaligned(fromByteOffset: 4 * i + 32, as: SIMD8<Float>.self)
            * y.loadUnaligned(fromByteOffset: 4 * i + 32, as: SIMD8<Float>.self)
        i += 16
    }
    var sum = (lanes.0 + lanes.1).sum()
    while i < a.count {
        sum += a[i] * b[i]
        i += 1
    }
    return sum
}

func scale(_ vector: MutableVectorView, by factor: Float) {
    for i in 0..<vector.count { vector.start[i] *= factor }
}

func multiply(_ vector: MutableVectorView, by weights: VectorView) {
    for i in 0..<vector.count { vector.start[i] *= weights.start[i] }
}

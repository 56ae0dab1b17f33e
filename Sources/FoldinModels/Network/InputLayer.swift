import FoldinInteractions
import FoldinKernels

/// The first layer, which reads only the weights of clicked items: out = tanh?(sum over the clicks of value * row + bias).
package struct InputLayer: Sendable {
    package let layer: Layer
    package let engine: any ComputeEngine
    private let linear: Parameters.Linear

    package init(_ parameters: Parameters, engine: any ComputeEngine) {
        (layer, linear, self.engine) = (parameters.shape.layers[0], parameters.linears[0], engine)
    }

    /// The weights, [items, outputs].
    package var weight: MatrixView { linear.weight.matrix(rows: layer.inputs, columns: layer.outputs) }

    /// out [outputs] of one user's clicks.
    package func forward(_ clicks: SparseVector, into out: MutableVectorView) {
        engine.multiply(clicks, weight, plus: linear.bias.vector, into: out)
        if layer.activatesOutput { engine.tanh(out.readOnly, into: out) }
    }

    /// The value of each click of a user with `count` of them, without dropout: L2-normalised, through tanh if the layer says so.
    package func clickValue(_ count: Int) -> Float {
        let value = normalizedClick(count)
        guard layer.activatesInput else { return value }
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) { memory in
            let number = MutableVectorView(memory)
            number.start.initialize(to: value)
            engine.tanh(number.readOnly, into: number)
            return number[0]
        }
    }
}

/// The value of each click of a user with `count` of them after L2 normalisation.
@inline(__always)
package func normalizedClick(_ count: Int) -> Float { 1 / Float(max(1, count)).squareRoot() }

/// One value per click of a user, all the same; kept from user to user.
package struct ClickValues {
    private var values: [Float] = []

    package init() {}

    /// Runs `body` with the clicks `items`, each of the value that `layer` gives a user's clicks without dropout.
    @inline(__always)
    package mutating func with<Result>(
        _ items: UnsafeBufferPointer<Int32>, _ layer: InputLayer, _ body: (SparseVector) -> Result
    ) -> Result {
        let value = layer.clickValue(items.count)
        if values.count < items.count || values.first != value {
            values.removeAll(keepingCapacity: true)
            values.append(contentsOf: repeatElement(value, count: items.count))
        }
        return values.withUnsafeBufferPointer { values in
            body(SparseVector(indices: items, values: VectorView(UnsafeBufferPointer(rebasing: values[0..<items.count]))))
        }
    }
}

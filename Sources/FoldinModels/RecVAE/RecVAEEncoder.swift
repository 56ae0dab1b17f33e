import FoldinKernels

/// RecVAE's encoder for some users (Shenbin et al., WSDM 2020, section 3.1), on the calling thread:
///
///     x_k = W_k h_(k-1) + b_k + h_1 + ... + h_(k-1)        for k > 1; x_1 = W_1 clicks + b_1 is given
///     h_k = norm_k(x_k * sigmoid(x_k))
///     moments = W h_K + b                                   means, then log-variances
///
/// | paper | here, for k = 1, 2, ... |
/// |---|---|
/// | x_k, h_k | `layer(k - 1).input`, `.output` |
/// | W_k, b_k | `parameters.linears[k - 1]`; the last encoder layer gives the moments |
package struct RecVAEEncoder: Sendable {
    /// Added to the variance by the layer norms: that of the authors' code, not PyTorch's default of 1e-5.
    package static let normEpsilon: Float = 0.1

    /// The values of one hidden layer for the users of a batch, each [users, width].
    package struct HiddenLayer {
        package let input: MutableMatrixView
        package let normalized: MutableMatrixView
        /// [users]
        package let inverses: MutableVectorView
        package let output: MutableMatrixView

        package init(
            input: MutableMatrixView, normalized: MutableMatrixView, inverses: MutableVectorView, output: MutableMatrixView
        ) {
            (self.input, self.normalized, self.inverses, self.output) = (input, normalized, inverses, output)
        }
    }

    /// Memory for the values of all hidden layers, where none is to be kept.
    struct Values: Sendable {
        private let matrices: [FloatBuffer]
        private let inverseBuffer: FloatBuffer
        private let users: Int
        private let width: Int

        init(users: Int, width: Int) {
            (self.users, self.width) = (users, width)
            matrices = (0..<4).map { _ in FloatBuffer(count: users * width) }
            inverseBuffer = FloatBuffer(count: users)
        }

        private func matrix(_ index: Int) -> MutableMatrixView { matrices[index].mutableMatrix(rows: users, columns: width) }

        var input: MutableMatrixView { matrix(0) }
        var sum: MutableMatrixView { matrix(3) }
        var layer: HiddenLayer {
            HiddenLayer(input: input, normalized: matrix(1), inverses: inverseBuffer.mutableVector, output: matrix(2))
        }
    }

    package let parameters: Parameters
    package let engine: any ComputeEngine

    package init(_ parameters: Parameters, engine: any ComputeEngine) { (self.parameters, self.engine) = (parameters, engine) }

    /// The width of each hidden layer.
    package var width: Int { parameters.shape.layers[0].outputs }

    /// The number of hidden layers.
    package var depth: Int { parameters.norms.count }

    /// moments [users, 2 latent] from the first layer's input, which is at `layer(0).input`.
    ///
    /// The layers' values may be the same memory where none are to be kept; only an input and the output before it must be apart. `sum`
    /// [batch, width] is scratch.
    package func forward(
        _ users: Range<Int>, sum: MutableMatrixView, layer: (Int) -> HiddenLayer, into moments: MutableMatrixView
    ) {
        let sum = sum.rows(users).elements
        for index in 0..<depth {
            let values = layer(index)
            let (input, output) = (values.input.rows(users), values.output.rows(users))
            if index > 0 {
                // x = the sum of all outputs before + W h + b
                input.elements.copy(from: sum.readOnly)
                engine.multiply(
                    layer(index - 1).output.rows(users).readOnly, weight(index).transposed, into: input, adding: true)
                engine.add(bias: parameters.linears[index].bias.vector, to: input)
            }
            let norm = parameters.norms[index]
            engine.swishNorm(
                input.readOnly, gain: norm.gain.vector, shift: norm.shift.vector, epsilon: Self.normEpsilon,
                normalized: values.normalized.rows(users), inverses: values.inverses[users], into: output)
            if index == 0 { sum.copy(from: output.elements.readOnly) } else { engine.add(output.elements.readOnly, to: sum) }
        }
        engine.multiply(layer(depth - 1).output.rows(users).readOnly, weight(depth).transposed, into: moments)
        engine.add(bias: parameters.linears[depth].bias.vector, to: moments)
    }

    /// dInput and dOutput of each hidden layer, [batch, width], from dMoments [users, 2 latent]; the values as `forward` left them.
    ///
    /// An output reaches all later inputs directly, and the next one through the weights as well.
    package func backward(
        _ users: Range<Int>, sum: MutableMatrixView, layer: (Int) -> HiddenLayer, dMoments: MatrixView,
        dInput: (Int) -> MutableMatrixView, dOutput: (Int) -> MutableMatrixView
    ) {
        let sum = sum.rows(users).elements
        for index in (0..<depth).reversed() {
            let values = layer(index)
            let (dInput, dNext) = (dInput(index).rows(users), index == depth - 1 ? nil : dInput(index + 1).rows(users).readOnly)
            let dOutput = dOutput(index).rows(users)
            if dNext != nil { dOutput.elements.copy(from: sum.readOnly) }
            engine.multiply(dNext ?? dMoments, weight(index + 1), into: dOutput, adding: dNext != nil)
            engine.swishNormBackward(
                dOutput.readOnly, x: values.input.rows(users).readOnly, normalized: values.normalized.rows(users).readOnly,
                inverses: values.inverses[users].readOnly, gain: parameters.norms[index].gain.vector, into: dInput)
            if dNext == nil {
                sum.copy(from: dInput.elements.readOnly)
            } else {
                engine.add(dInput.elements.readOnly, to: sum)
            }
        }
    }

    /// The weights of a layer that is not the first, [outputs, inputs].
    private func weight(_ index: Int) -> MatrixView {
        let layer = parameters.shape.layers[index]
        return parameters.linears[index].weight.matrix(rows: layer.outputs, columns: layer.inputs)
    }
}

import CFoldinKernels
import FoldinKernels

/// RecVAE's encoder for a few users (Shenbin et al., WSDM 2020, section 3.1), on the calling thread:
///
///     x_k = W_k h_(k-1) + b_k + h_1 + ... + h_(k-1)        for k > 1; x_1 = W_1 clicks + b_1 is given
///     h_k = norm_k(x_k * sigmoid(x_k))
///     moments = W h_K + b                                   means, then log-variances
///
/// | paper | here, for k = 1, 2, ... |
/// |---|---|
/// | x_k, h_k | `inputs[k - 1]`, `outputs[k - 1]`, gradients `dInputs[k - 1]`, `dOutputs[k - 1]` |
/// | W_k, b_k | `parameters.linears[k - 1]`; the last encoder layer gives the moments |
struct ResidualEncoder {
    /// Added to the variance by the layer norms: that of the authors' code, not PyTorch's default of 1e-5.
    static let normEpsilon: Float = 0.1

    /// What one hidden layer has of the users in hand, each [rows, width].
    struct Place {
        let input: UnsafeMutablePointer<Float>
        let normalized: UnsafeMutablePointer<Float>
        /// [rows]
        let inverses: UnsafeMutablePointer<Float>
        let output: UnsafeMutablePointer<Float>
    }

    let parameters: Parameters
    private let layers: [Layer]
    let width: Int

    init(_ parameters: Parameters) {
        self.parameters = parameters
        layers = parameters.architecture.layers
        width = layers[0].outputs
    }

    /// The number of hidden layers.
    var depth: Int { parameters.norms.count }

    /// moments [rows, 2 latent] from the first layer's input, which stands at `place(0).input`.
    ///
    /// The places may be one and the same memory where nothing is to be kept. `sum` [rows, width] is scratch.
    func forward(
        rows: Int, sum: UnsafeMutablePointer<Float>, place: (Int) -> Place, moments: UnsafeMutablePointer<Float>
    ) {
        let count = rows * width
        for index in 0..<depth {
            let here = place(index)
            if index > 0 {
                // x = the sum of all outputs before + W h + b
                let linear = parameters.linears[index]
                here.input.update(from: sum, count: count)
                matrixMultiply(
                    rows: rows, columns: width, inner: width, .plain(place(index - 1).output, stride: width),
                    .transposed(linear.weight.pointer, stride: width), beta: 1, into: here.input, stride: width)
                foldin_add_bias(rows, width, here.input, linear.bias.pointer)
            }
            let norm = parameters.norms[index]
            foldin_swish_norm(
                rows, width, here.input, norm.gain.pointer, norm.shift.pointer, Self.normEpsilon, here.normalized,
                here.inverses, here.output)
            if index == 0 { sum.update(from: here.output, count: count) } else { foldin_add(count, here.output, sum) }
        }
        linearForward(
            layers[depth], parameters.linears[depth], rows: rows, place(depth - 1).output, inputStride: width, into: moments)
    }

    /// dInput and dOutput of each layer, [rows, width], from dMoments [rows, 2 latent]; the places as `forward` left them.
    ///
    /// An output reaches all later inputs as it is, and the next one through the weights as well.
    func backward(
        rows: Int, sum: UnsafeMutablePointer<Float>, place: (Int) -> Place, dMoments: UnsafePointer<Float>,
        dInput: (Int) -> UnsafeMutablePointer<Float>, dOutput: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let count = rows * width
        for index in (0..<depth).reversed() {
            let here = place(index)
            let dOutput = dOutput(index)
            let isLast = index == depth - 1
            let next = layers[index + 1]
            if !isLast { dOutput.update(from: sum, count: count) }
            matrixMultiply(
                rows: rows, columns: width, inner: next.outputs,
                .plain(isLast ? dMoments : UnsafePointer(dInput(index + 1)), stride: next.outputs),
                .plain(parameters.linears[index + 1].weight.pointer, stride: width), beta: isLast ? 0 : 1, into: dOutput,
                stride: width)
            let gain = parameters.norms[index].gain.pointer
            foldin_swish_norm_backward(
                rows, width, here.input, here.normalized, here.inverses, gain, dOutput, dInput(index))
            if isLast { sum.update(from: dInput(index), count: count) } else { foldin_add(count, dInput(index), sum) }
        }
    }
}

import FoldinKernels

/// The values between the layers of a batch, each [users, width].
///
/// | paper | here |
/// |---|---|
/// | the output of layer l after tanh | `outputs[l]` |
/// | the input of layer l after dropout and tanh | `inputs[l]` |
/// | z, epsilon | `latent`, `noise` |
///
/// Nil where nothing needs to be stored: the output of the last layer, and an input that is just the output before it.
package struct Activations: Sendable {
    package let shape: NetworkShape
    /// The largest number of users.
    package let users: Int
    package let outputs: [FloatBuffer?]
    package let inputs: [FloatBuffer?]
    package let latent: FloatBuffer?
    package let noise: FloatBuffer?

    /// Memory for a batch of at most `users`; for scoring, without dropout and noise, unless it is for training.
    package init(_ shape: NetworkShape, users: Int, isForTraining: Bool) {
        (self.shape, self.users) = (shape, users)
        func buffer(_ width: Int?) -> FloatBuffer? { width.map { FloatBuffer(count: users * $0) } }
        outputs = shape.layers.dropLast().map { buffer($0.outputs) } + [nil]
        inputs = shape.layers.enumerated().map { index, layer in
            buffer(index > 0 && (layer.activatesInput || isForTraining && layer.dropout > 0) ? layer.inputs : nil)
        }
        latent = buffer(shape.isVariational ? shape.latent : nil)
        noise = buffer(shape.isVariational && isForTraining ? shape.latent : nil)
    }

    /// Floats that `init` takes per user.
    package static func floatsPerUser(_ shape: NetworkShape) -> [Int] {
        shape.layers.dropLast().map(\.outputs)
            + shape.layers.dropFirst().filter { $0.activatesInput || $0.dropout > 0 }.map(\.inputs)
            + (shape.isVariational ? [shape.latent, shape.latent] : [])
    }

    /// The output of a layer that is not the last, [users, outputs].
    package func output(of index: Int) -> MutableMatrixView { matrix(outputs[index], shape.layers[index].outputs) }

    /// What comes before dropout and tanh of a layer that is not the first: the latent vector or the output before it, [users, inputs].
    package func before(_ index: Int) -> MutableMatrixView {
        let width = shape.layers[index].inputs
        return matrix(index == shape.encoderDepth ? latent ?? outputs[index - 1] : outputs[index - 1], width)
    }

    /// What a layer that is not the first multiplies by its weights, [users, inputs].
    package func input(of index: Int) -> MutableMatrixView {
        inputs[index].map { matrix($0, shape.layers[index].inputs) } ?? before(index)
    }

    /// What the last layer multiplies by its weights, [users, inputs].
    package var inputOfLast: MutableMatrixView { input(of: shape.layers.count - 1) }

    private func matrix(_ buffer: FloatBuffer?, _ width: Int) -> MutableMatrixView {
        guard let buffer else { preconditionFailure("the output of the last layer is not stored") }
        return buffer.mutableMatrix(rows: users, columns: width)
    }
}

/// The gradients of the loss by the values of `Activations`, of the same names.
package struct ActivationGradients: Sendable {
    private let shape: NetworkShape
    private let users: Int
    private let outputs: [FloatBuffer?]
    private let latent: FloatBuffer?

    package init(_ shape: NetworkShape, users: Int) {
        (self.shape, self.users) = (shape, users)
        outputs = shape.layers.dropLast().map { FloatBuffer(count: users * $0.outputs) } + [nil]
        latent = shape.isVariational ? FloatBuffer(count: users * shape.latent) : nil
    }

    /// The gradient of the output of a layer that is not the last, [users, outputs].
    package func output(of index: Int) -> MutableMatrixView { matrix(outputs[index], shape.layers[index].outputs) }

    /// The gradient of what comes before a layer that is not the first, [users, inputs].
    package func before(_ index: Int) -> MutableMatrixView {
        let width = shape.layers[index].inputs
        return matrix(index == shape.encoderDepth ? latent ?? outputs[index - 1] : outputs[index - 1], width)
    }

    private func matrix(_ buffer: FloatBuffer?, _ width: Int) -> MutableMatrixView {
        guard let buffer else { preconditionFailure("the gradient of the last layer's output is not stored") }
        return buffer.mutableMatrix(rows: users, columns: width)
    }
}

import FoldinKernels

/// What flows between the layers of a batch, and the gradients that flow back: each [batch, width].
///
/// | paper | here |
/// |---|---|
/// | layer l's output after tanh | `outputs[l]`, gradient `dOutputs[l]` |
/// | what layer l sees after dropout (and tanh) | `inputs[l]` |
/// | z, epsilon | `latent`, `noise`, gradient `dLatent` |
///
/// Entries for which nothing needs storing are nil: outputs of the last layer, inputs that are just the previous output.
struct Activations {
    let outputs: [FloatBuffer?]
    let dOutputs: [FloatBuffer?]
    let inputs: [FloatBuffer?]
    let latent: FloatBuffer?
    let dLatent: FloatBuffer?
    let noise: FloatBuffer?

    init(architecture: Architecture, batchSize: Int) {
        let layers = architecture.layers
        func buffers(_ width: (Int) -> Int?) -> [FloatBuffer?] {
            layers.indices.map { index in width(index).map { FloatBuffer(count: batchSize * $0) } }
        }
        let last = layers.count - 1
        outputs = buffers { $0 == last ? nil : layers[$0].outputs }
        dOutputs = buffers { $0 == last ? nil : layers[$0].outputs }
        inputs = buffers { index in
            let layer = layers[index]
            return index > 0 && (layer.dropout > 0 || layer.activatesInput) ? layer.inputs : nil
        }
        let isVariational = architecture.family.isVariational
        latent = isVariational ? FloatBuffer(count: batchSize * architecture.latent) : nil
        dLatent = isVariational ? FloatBuffer(count: batchSize * architecture.latent) : nil
        noise = isVariational ? FloatBuffer(count: batchSize * architecture.latent) : nil
    }

    /// What the layer before `index` gave: the latent sample where that lies between, else the output.
    func before(_ index: Int, encoderDepth: Int) -> UnsafeMutablePointer<Float> {
        pointer(index == encoderDepth ? latent ?? outputs[index - 1] : outputs[index - 1])
    }

    /// The gradient of `before(index)`.
    func dBefore(_ index: Int, encoderDepth: Int) -> UnsafeMutablePointer<Float> {
        pointer(index == encoderDepth ? dLatent ?? dOutputs[index - 1] : dOutputs[index - 1])
    }

    /// What layer `index` (not the first) multiplies by its weights.
    func seen(by index: Int, encoderDepth: Int) -> UnsafeMutablePointer<Float> {
        inputs[index]?.pointer ?? before(index, encoderDepth: encoderDepth)
    }

    private func pointer(_ buffer: FloatBuffer?) -> UnsafeMutablePointer<Float> {
        guard let buffer else { preconditionFailure("the last layer's output is not stored") }
        return buffer.pointer
    }
}

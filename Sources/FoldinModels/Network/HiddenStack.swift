import FoldinKernels

/// The number of users that one task of a dense layer takes; fixed, so that results do not depend on the number of threads.
package let usersPerPiece = 64
/// The number of items that one task of the item-wide layers takes; fixed for the same reason.
package let itemsPerPanel = 256

/// The random numbers of one training step: functions of the seed and the number of the step.
package struct StepRandomness: Sendable {
    package let seed: UInt64
    package let step: UInt64

    package init(seed: UInt64, step: UInt64) { (self.seed, self.step) = (seed, step) }

    package func source(_ stream: UInt32) -> RandomSource { RandomSource(seed: seed, stream: stream, step: step) }
}

/// All layers between the two item-wide ones, of alternating linear maps and tanh, with the latent vector between encoder and decoder.
///
/// Users are independent here: a piece of users goes through all layers in one task, forward and backward. Training, scoring a block of
/// users and scoring one user are the same pass; without randomness there is no dropout, and the latent vector is its mean (Liang et al.,
/// section 2.4).
package struct HiddenStack: Sendable {
    package let parameters: Parameters
    package let engine: any ComputeEngine
    private var shape: NetworkShape { parameters.shape }

    package init(_ parameters: Parameters, engine: any ComputeEngine) { (self.parameters, self.engine) = (parameters, engine) }

    /// From the output of the first layer to the input of the last, for some users of the batch.
    ///
    /// - Parameters:
    ///   - randomness: of a training step, whose noise is in `values.noise`; nil for scoring.
    ///   - divergences: of each user of the batch from the standard normal (Liang et al., equation 7); written for `users`.
    ///   - layers: the layers that are computed; by default all.
    package func forward(
        _ users: Range<Int>, _ values: Activations, randomness: StepRandomness? = nil,
        divergences: UnsafeMutableBufferPointer<Double>? = nil, layers: Range<Int>? = nil
    ) {
        let last = shape.layers.count - 1
        for index in layers ?? 1..<last + 1 {
            if index == shape.encoderDepth {
                sampleForward(users, values, isTraining: randomness != nil, divergences: divergences)
            }
            transformForward(index, users, values, randomness: randomness)
            guard index < last else { return }
            linearForward(index, values.input(of: index).rows(users).readOnly, into: values.output(of: index).rows(users))
        }
    }

    /// From the gradient of what comes before the last layer's dropout and tanh to the gradient of the first layer's linear map.
    ///
    /// Weights stay as they are. `divergenceWeight` is that of each user's divergence in the loss.
    package func backward(
        _ users: Range<Int>, _ values: Activations, _ gradients: ActivationGradients, randomness: StepRandomness,
        divergenceWeight: Float
    ) {
        let last = shape.layers.count - 1
        for index in (1...last).reversed() {
            if index < last {
                // dInput [users, inputs] = dOutput [users, outputs] * weight [outputs, inputs]
                engine.multiply(
                    gradients.output(of: index).rows(users).readOnly, weight(index), into: gradients.before(index).rows(users))
            }
            transformBackward(index, users, values, gradients, randomness: randomness)
            if index == shape.encoderDepth { sampleBackward(users, values, gradients, weight: divergenceWeight) }
            if shape.layers[index - 1].activatesOutput {
                engine.tanhBackward(
                    gradients.output(of: index - 1).rows(users).elements,
                    y: values.output(of: index - 1).rows(users).elements.readOnly)
            }
        }
    }

    /// output [users, outputs] = tanh?(input [users, inputs] * weight^T + bias)
    package func linearForward(_ index: Int, _ input: MatrixView, into output: MutableMatrixView) {
        engine.multiply(input, weight(index).transposed, into: output)
        engine.add(bias: parameters.linears[index].bias.vector, to: output)
        if shape.layers[index].activatesOutput { engine.tanh(output.elements.readOnly, into: output.elements) }
    }

    /// The weights of a layer that is not the first, [outputs, inputs].
    package func weight(_ index: Int) -> MatrixView {
        let layer = shape.layers[index]
        return parameters.linears[index].weight.matrix(rows: layer.outputs, columns: layer.inputs)
    }

    /// input = tanh?(dropout?(before))
    private func transformForward(_ index: Int, _ users: Range<Int>, _ values: Activations, randomness: StepRandomness?) {
        guard values.inputs[index] != nil else { return }
        let layer = shape.layers[index]
        let input = values.input(of: index).rows(users).elements
        input.copy(from: values.before(index).rows(users).elements.readOnly)
        if layer.dropout > 0, let randomness {
            randomness.source(RandomStream.dropout(index)).dropout(
                input.readOnly, from: users.lowerBound * layer.inputs, keep: 1 - layer.dropout, into: input)
        }
        if layer.activatesInput { engine.tanh(input.readOnly, into: input) }
    }

    /// dBefore, in place of dInput.
    private func transformBackward(
        _ index: Int, _ users: Range<Int>, _ values: Activations, _ gradients: ActivationGradients, randomness: StepRandomness
    ) {
        guard values.inputs[index] != nil else { return }
        let layer = shape.layers[index]
        let gradient = gradients.before(index).rows(users).elements
        if layer.activatesInput { engine.tanhBackward(gradient, y: values.input(of: index).rows(users).elements.readOnly) }
        if layer.dropout > 0 {
            randomness.source(RandomStream.dropout(index)).dropout(
                gradient.readOnly, from: users.lowerBound * layer.inputs, keep: 1 - layer.dropout, into: gradient)
        }
    }

    /// latent = mu + noise * exp(logvar / 2), or mu.
    private func sampleForward(
        _ users: Range<Int>, _ values: Activations, isTraining: Bool, divergences: UnsafeMutableBufferPointer<Double>?
    ) {
        guard shape.isVariational else { return }
        let moments = values.output(of: shape.encoderDepth - 1)
        let latent = values.before(shape.encoderDepth)
        guard isTraining, let noise = values.noise else {
            for user in users { latent.row(user).copy(from: moments.row(user).readOnly[0..<shape.latent]) }
            return
        }
        let samples = noise.matrix(rows: values.users, columns: shape.latent)
        for user in users {
            let divergence = engine.sampleLatent(
                moments: moments.row(user).readOnly, noise: samples.row(user), into: latent.row(user))
            divergences?[user] = divergence
        }
    }

    /// dMoments from dLatent and the divergence.
    private func sampleBackward(_ users: Range<Int>, _ values: Activations, _ gradients: ActivationGradients, weight: Float) {
        guard shape.isVariational, let noise = values.noise else { return }
        let samples = noise.matrix(rows: values.users, columns: shape.latent)
        let moments = values.output(of: shape.encoderDepth - 1)
        let (dLatent, dMoments) = (gradients.before(shape.encoderDepth), gradients.output(of: shape.encoderDepth - 1))
        for user in users {
            engine.sampleLatentBackward(
                dLatent.row(user).readOnly, moments: moments.row(user).readOnly, noise: samples.row(user), weight: weight,
                into: dMoments.row(user))
        }
    }
}

import CFoldinKernels
import FoldinKernels

// Everything between the two item-wide layers. Users are independent here, so a piece of users goes through all layers in
// one task, forward and backward.
extension TrainingStep {
    /// From the first layer's output to what the last layer sees.
    func hiddenForward(step: UInt64) {
        drawNoise(step: step)
        divergences.withUnsafeMutableBufferPointer { divergences in
            workers.forEachPiece(of: batch.userCount, size: rowsAPiece) { rows, _ in
                for index in 1..<layers.count {
                    if index == encoderDepth { sampleForward(rows, divergences) }
                    transformForward(index, rows, step: step)
                    if index < layers.count - 1 {
                        let layer = layers[index]
                        guard let output = activations.outputs[index] else { continue }
                        linearForward(
                            layer, parameters.linears[index], rows: rows.count,
                            activations.seen(by: index, encoderDepth: encoderDepth) + rows.lowerBound * layer.inputs,
                            inputStride: layer.inputs, into: output.pointer + rows.lowerBound * layer.outputs)
                    }
                }
            }
        }
    }

    /// epsilon [batch, latent], of a model that has some.
    func drawNoise(step: UInt64) {
        if let noise = activations.noise {
            if let fixedNoise {
                for (index, value) in fixedNoise.enumerated() { noise.pointer[index] = value }
            } else {
                let count = batch.userCount * parameters.architecture.latent
                workers.forEachPiece(of: count, size: 1 << 13) { range, _ in
                    foldin_random_normal(
                        source(RandomStream.latentNoise, step), UInt64(range.lowerBound), range.count,
                        noise.pointer + range.lowerBound)
                }
            }
        }
    }

    /// From the gradient of what the last layer saw, summed over its lanes, to the gradient of the first layer's linear map.
    /// Weights are not changed yet.
    func hiddenBackward(step: UInt64, beta: Float) {
        let lanes = sampled?.lanes ?? output.lanes
        workers.forEachPiece(of: batch.userCount, size: rowsAPiece) { rows, _ in
            let width = layers[layers.count - 1].inputs
            lanes.sum(rows, into: activations.dBefore(layers.count - 1, encoderDepth: encoderDepth) + rows.lowerBound * width)
            for index in (1..<layers.count).reversed() {
                let layer = layers[index]
                if index < layers.count - 1 {
                    // dInput [rows, inputs] = dOutput [rows, outputs] * weight [outputs, inputs]
                    guard let dOutput = activations.dOutputs[index] else { continue }
                    matrixMultiply(
                        rows: rows.count, columns: layer.inputs, inner: layer.outputs,
                        .plain(dOutput.pointer + rows.lowerBound * layer.outputs, stride: layer.outputs),
                        .plain(parameters.linears[index].weight.pointer, stride: layer.inputs),
                        into: activations.dBefore(index, encoderDepth: encoderDepth) + rows.lowerBound * layer.inputs,
                        stride: layer.inputs)
                }
                transformBackward(index, rows, step: step)
                if index == encoderDepth { sampleBackward(rows, beta: beta) }
                let before = layers[index - 1]
                if before.activatesOutput, let output = activations.outputs[index - 1], let d = activations.dOutputs[index - 1] {
                    let start = rows.lowerBound * before.outputs
                    foldin_tanh_backward(rows.count * before.outputs, output.pointer + start, d.pointer + start)
                }
            }
        }
    }

    /// inputs = tanh?(dropout(before))
    private func transformForward(_ index: Int, _ rows: Range<Int>, step: UInt64) {
        guard let input = activations.inputs[index] else { return }
        let layer = layers[index]
        let start = rows.lowerBound * layer.inputs
        let count = rows.count * layer.inputs
        let target = input.pointer + start
        target.update(from: activations.before(index, encoderDepth: encoderDepth) + start, count: count)
        if layer.dropout > 0 {
            foldin_dropout(source(RandomStream.dropout(index), step), UInt64(start), count, 1 - layer.dropout, target, target)
        }
        if layer.activatesInput { foldin_tanh(count, target, target) }
    }

    /// dBefore, in place of dInput.
    private func transformBackward(_ index: Int, _ rows: Range<Int>, step: UInt64) {
        guard let input = activations.inputs[index] else { return }
        let layer = layers[index]
        let start = rows.lowerBound * layer.inputs
        let count = rows.count * layer.inputs
        let gradient = activations.dBefore(index, encoderDepth: encoderDepth) + start
        if layer.activatesInput { foldin_tanh_backward(count, input.pointer + start, gradient) }
        if layer.dropout > 0 {
            foldin_dropout(
                source(RandomStream.dropout(index), step), UInt64(start), count, 1 - layer.dropout, gradient, gradient)
        }
    }

    /// latent = mu + noise * exp(logvar / 2)
    private func sampleForward(_ rows: Range<Int>, _ divergences: UnsafeMutableBufferPointer<Double>) {
        guard let latent = activations.latent, let noise = activations.noise, let moments = activations.outputs[encoderDepth - 1]
        else { return }
        let width = parameters.architecture.latent
        for row in rows {
            divergences[row] = foldin_sample_latent(
                width, moments.pointer + row * 2 * width, noise.pointer + row * width, latent.pointer + row * width)
        }
    }

    /// dMoments from dLatent and the divergence.
    private func sampleBackward(_ rows: Range<Int>, beta: Float) {
        guard let dLatent = activations.dLatent, let noise = activations.noise,
            let moments = activations.outputs[encoderDepth - 1], let dMoments = activations.dOutputs[encoderDepth - 1]
        else { return }
        let width = parameters.architecture.latent
        for row in rows {
            foldin_sample_latent_backward(
                width, moments.pointer + row * 2 * width, noise.pointer + row * width, dLatent.pointer + row * width,
                beta / Float(batch.userCount), dMoments.pointer + row * 2 * width)
        }
    }
}

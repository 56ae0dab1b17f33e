import CFoldinKernels
import FoldinInteractions
import FoldinKernels

// RecVAE's step: the item-wide layers are those of the other models, of which a turn updates the one or the other.
extension TrainingStep {
    /// Passes over the users that make an epoch: RecVAE's are three for the encoder and one for the decoder.
    public var passesAnEpoch: Int { residual == nil ? 1 : Turn.encoderPasses + 1 }

    /// A step of RecVAE. The objective is the mean over users of the negative log-likelihood plus `gamma` times clicks times
    /// log q(z) - log p(z) at one sample z (Shenbin et al. 2020, section 3); the divergence that is returned is without gamma.
    func runResidual(
        _ residual: ResidualStep, _ matrix: InteractionMatrix, users: ArraySlice<Int32>, step: UInt64, gamma: Float, adam: Adam
    ) -> StepLoss {
        let turn = Turn(after: step, updatesAPass: (matrix.userCount + batchSize - 1) / batchSize)
        let update = adam.step(number: turn.number)
        let previous = residual.prepare(matrix, workers: workers)
        var clock = StepClock()
        let randomness = source(RandomStream.dropout(0), step)
        if turn.isDecoders {
            batch.takeClicks(matrix, users: users, layer: layers[0].withoutDropout, randomness: randomness)
            deferred?.settle(workers)
        } else {
            batch.assemble(matrix, users: users, layer: layers[0], randomness: randomness)
            bringClickedRowsUpToDate()
        }
        inputForward()
        times.input = clock.lap()
        drawNoise(step: step)
        residualForward(residual, previous: previous, users: users, isDecoders: turn.isDecoders)
        times.hidden = clock.lap()
        outputForward()
        let likelihood = normalizeOutput()
        times.outputForward = clock.lap()
        outputBackward(turn.isDecoders ? update : nil, givesInput: !turn.isDecoders)
        times.outputBackward = clock.lap()
        if !turn.isDecoders {
            residualBackward(residual, gamma: gamma)
            times.hidden += clock.lap()
            updateInnerLayers(update)
            updateNorms(residual, update)
        }
        times.inputBackward = clock.lap()
        let divergence = divergences[0..<batch.userCount].reduce(0, +) / Double(batch.userCount)
        return StepLoss(negativeLogLikelihood: likelihood, divergence: divergence)
    }

    /// From the first layer's output to the latent sample, with each user's divergence.
    private func residualForward(
        _ residual: ResidualStep, previous: FloatBuffer, users: ArraySlice<Int32>, isDecoders: Bool
    ) {
        guard let first = activations.outputs[0], let moments = activations.outputs[encoderDepth - 1],
            let latent = activations.latent, let noise = activations.noise
        else { return }
        let (width, inner) = (parameters.architecture.latent, residual.encoder.width)
        divergences.withUnsafeMutableBufferPointer { divergences in
            workers.forEachPiece(of: batch.userCount, size: rowsAPiece) { rows, _ in
                let start = rows.lowerBound * inner
                (residual.inputs[0].pointer + start).update(from: first.pointer + start, count: rows.count * inner)
                residual.encoder.forward(
                    rows: rows.count, sum: residual.sum.pointer + start, place: { place($0, of: residual, rows) },
                    moments: moments.pointer + rows.lowerBound * 2 * width)
                for row in rows {
                    let own = moments.pointer + row * 2 * width
                    let earlier = previous.pointer + Int(users[users.startIndex + row]) * 2 * width
                    // The decoder's turn finds the posteriors that the encoder's next turns are held to.
                    if isDecoders { earlier.update(from: own, count: 2 * width) }
                    let divergence = withUnsafePointer(to: ResidualStep.prior) { prior in
                        foldin_sample_composite(
                            prior, width, own, earlier, noise.pointer + row * width, latent.pointer + row * width,
                            residual.slopes.pointer + row * width)
                    }
                    divergences[row] = divergence * Double(clicks(of: row))
                }
            }
        }
    }

    /// From the lanes' gradients of the latent sample to the gradient of the first layer's linear map.
    private func residualBackward(_ residual: ResidualStep, gamma: Float) {
        guard let moments = activations.outputs[encoderDepth - 1], let dMoments = activations.dOutputs[encoderDepth - 1],
            let dLatent = activations.dLatent, let noise = activations.noise
        else { return }
        let (width, inner) = (parameters.architecture.latent, residual.encoder.width)
        workers.forEachPiece(of: batch.userCount, size: rowsAPiece) { rows, _ in
            output.lanes.sum(rows, into: dLatent.pointer + rows.lowerBound * width)
            for row in rows {
                foldin_sample_composite_backward(
                    width, moments.pointer + row * 2 * width, noise.pointer + row * width,
                    residual.slopes.pointer + row * width, dLatent.pointer + row * width,
                    gamma * Float(clicks(of: row)) / Float(batch.userCount), dMoments.pointer + row * 2 * width)
            }
            let start = rows.lowerBound * inner
            residual.encoder.backward(
                rows: rows.count, sum: residual.sum.pointer + start, place: { place($0, of: residual, rows) },
                dMoments: dMoments.pointer + rows.lowerBound * 2 * width,
                dInput: { dInputs($0) + start }, dOutput: { residual.dOutputs[$0].pointer + start })
        }
    }

    /// dGain = sum over the batch of dOutput * normalized, dShift = that of dOutput, consumed at once by Adam.
    private func updateNorms(_ residual: ResidualStep, _ update: foldin_adam_step) {
        let width = residual.encoder.width
        workers.forEach(residual.encoder.depth) { index, _ in
            let dOutput = residual.dOutputs[index].pointer
            let norm = parameters.norms[index]
            let (first, second) = (firstMoments.norms[index], secondMoments.norms[index])
            withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { gradient in
                guard let gradient = gradient.baseAddress else { return }
                var update = update
                foldin_sum_products(batch.userCount, width, dOutput, residual.normalized[index].pointer, gradient)
                foldin_adam(
                    &update, width, norm.gain.pointer, first.gain.pointer, second.gain.pointer, gradient)
                foldin_sum_columns(batch.userCount, width, width, dOutput, gradient)
                foldin_adam(
                    &update, width, norm.shift.pointer, first.shift.pointer, second.shift.pointer, gradient)
            }
        }
    }

    private func clicks(of row: Int) -> Int { batch.rowStarts[row + 1] - batch.rowStarts[row] }

    private func dInputs(_ index: Int) -> UnsafeMutablePointer<Float> {
        activations.dBefore(index + 1, encoderDepth: encoderDepth)
    }

    private func place(_ index: Int, of residual: ResidualStep, _ rows: Range<Int>) -> ResidualEncoder.Place {
        let start = rows.lowerBound * residual.encoder.width
        return ResidualEncoder.Place(
            input: residual.inputs[index].pointer + start, normalized: residual.normalized[index].pointer + start,
            inverses: residual.inverses[index].pointer + rows.lowerBound,
            output: activations.before(index + 1, encoderDepth: encoderDepth) + start)
    }
}

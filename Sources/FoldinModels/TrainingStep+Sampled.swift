import CFoldinKernels
import FoldinInteractions
import FoldinKernels

// A step whose softmax is estimated from candidates; nothing in it costs time in proportion to the catalogue.
extension TrainingStep {
    /// The counterpart of an exact step, in the same order.
    func runSampled(
        _ sampled: SampledSoftmax, _ matrix: InteractionMatrix, users: ArraySlice<Int32>, step: UInt64, beta: Float, adam: Adam
    ) -> StepLoss {
        let update = adam.step(number: step + 1)
        var clock = StepClock()
        batch.takeClicks(matrix, users: users, layer: layers[0], randomness: source(RandomStream.dropout(0), step))
        sampled.assemble(batch, of: matrix, randomness: source(RandomStream.negatives, step))
        guard let candidates = sampled.candidates else { preconditionFailure("assembling makes the candidates") }
        batch.group(by: candidates.positions, count: candidates.clickedCount)
        sampled.rows.prepare(adam, through: Int(step))
        resumeClickedRows(candidates, sampled.rows, updates: Int(step))
        inputForward()
        times.input = clock.lap()
        hiddenForward(step: step)
        times.hidden = clock.lap()
        sampledForward(sampled, candidates, updates: Int(step))
        let likelihood = joinPanels(sampled.panelCount, maxima: sampled.maxima, sums: sampled.sums, clicked: sampled.clicked)
        times.outputForward = clock.lap()
        sampledBackward(sampled, candidates, update, number: Int(step) + 1)
        times.outputBackward = clock.lap()
        hiddenBackward(step: step, beta: beta)
        times.hidden += clock.lap()
        updateInnerLayers(update, rows: candidates.clickedCount) { places in
            forEachClickedGradient(places) { place, gradient in
                updateRow(0, item: Int(candidates.items[place]), gradient, bias: nil, update, Int(step) + 1)
            }
        }
        times.inputBackward = clock.lap()
        let divergence = divergences[0..<batch.userCount].reduce(0, +) / Double(batch.userCount)
        return StepLoss(
            negativeLogLikelihood: likelihood, divergence: parameters.architecture.family == .multVAE ? divergence : 0)
    }

    /// Makes up for the updates that rows of the item-wide layers skipped.
    func settleRows(_ sampled: SampledSoftmax, updates: Int, adam: Adam) {
        sampled.rows.prepare(adam, through: updates)
        workers.forEachPiece(of: parameters.architecture.items, size: 4 * itemsAPanel) { items, _ in
            for item in items {
                resume(0, item: item, sampled.rows, updates: updates)
                resume(layers.count - 1, item: item, sampled.rows, updates: updates)
            }
        }
    }

    /// panel [batch, candidates] = exp(corrected logits - maximum), with the maxima, sums and clicked logits it needs later.
    private func sampledForward(_ sampled: SampledSoftmax, _ candidates: Candidates, updates: Int) {
        let last = layers.count - 1
        let width = layers[last].inputs
        let linear = parameters.linears[last]
        let users = batch.userCount
        let input = activations.seen(by: last, encoderDepth: encoderDepth)
        withClicks(candidates) { clicks in
            workers.forEach(sampled.panelCount) { index, worker in
                let places = sampled.places(ofPanel: index)
                for place in places {
                    let item = Int(candidates.items[place])
                    resume(last, item: item, sampled.rows, updates: updates)
                    sampled.biases.pointer[place] = linear.bias.pointer[item] + candidates.corrections[place]
                }
                let weight = gather(places, candidates, into: sampled.weights[worker])
                let panel = sampled.panels.pointer + places.lowerBound * users
                matrixMultiply(
                    rows: users, columns: places.count, inner: width, .plain(input, stride: width),
                    .transposed(weight, stride: width), into: panel, stride: places.count)
                let bias = sampled.biases.pointer + places.lowerBound
                foldin_sum_clicks(
                    users, places.lowerBound, places.count, clicks, panel, bias, sampled.clicked.pointer + index * users)
                foldin_exponentials(
                    users, places.count, panel, bias, sampled.maxima.pointer + index * users,
                    sampled.sums.pointer + index * users)
            }
        }
    }

    /// dLogits = (clicks * softmax - x) / batch; from it, a panel at a time, the input's gradient into the lane, and the
    /// candidates' into Adam.
    private func sampledBackward(
        _ sampled: SampledSoftmax, _ candidates: Candidates, _ update: foldin_adam_step, number: Int
    ) {
        let last = layers.count - 1
        let width = layers[last].inputs
        let users = batch.userCount
        let input = activations.seen(by: last, encoderDepth: encoderDepth)
        let share = 1 / Float(users)
        withClicks(candidates) { clicks in
            workers.forEach(sampled.lanes.panels.count) { lane, worker in
                let dInput = sampled.lanes.sum(ofLane: lane)
                let dWeight = sampled.dWeights[worker].pointer
                let dBias = sampled.dBiases[worker].pointer
                for index in sampled.lanes.panels[lane] {
                    let places = sampled.places(ofPanel: index)
                    let panel = sampled.panels.pointer + places.lowerBound * users
                    foldin_loss_gradient(
                        users, places.lowerBound, places.count, clicks, share, sampled.maxima.pointer + index * users, panel,
                        dBias)
                    let weight = gather(places, candidates, into: sampled.weights[worker])
                    matrixMultiply(
                        rows: users, columns: width, inner: places.count, .plain(panel, stride: places.count),
                        .plain(weight, stride: width), beta: index == sampled.lanes.panels[lane].lowerBound ? 0 : 1,
                        into: dInput, stride: sampled.lanes.stride)
                    matrixMultiply(
                        rows: places.count, columns: width, inner: users, .transposed(panel, stride: places.count),
                        .plain(input, stride: width), into: dWeight, stride: width)
                    for (row, place) in places.enumerated() {
                        updateRow(
                            last, item: Int(candidates.items[place]), dWeight + row * width, bias: dBias + row, update, number)
                    }
                }
            }
        }
    }

    /// room [places, inputs of the last layer] = the candidates' weights.
    private func gather(
        _ places: Range<Int>, _ candidates: Candidates, into room: FloatBuffer
    ) -> UnsafeMutablePointer<Float> {
        let width = layers[layers.count - 1].inputs
        let weight = parameters.linears[layers.count - 1].weight.pointer
        for (row, place) in places.enumerated() {
            (room.pointer + row * width).update(from: weight + Int(candidates.items[place]) * width, count: width)
        }
        return room.pointer
    }

    /// Runs `body(clicks of the batch, as places among the candidates)`.
    private func withClicks(_ candidates: Candidates, _ body: (foldin_clicks) -> Void) {
        batch.rowStarts.withUnsafeBufferPointer { starts in
            candidates.positions.withUnsafeBufferPointer { positions in
                guard let starts = starts.baseAddress else { return }
                withUnsafePointer(to: Int32(0)) { none in
                    body(foldin_clicks(starts: starts, items: positions.baseAddress ?? none))
                }
            }
        }
    }
}

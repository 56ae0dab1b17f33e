import CFoldinKernels
import FoldinKernels
import Foundation

/// Room for the last layer: scores of a batch by panels, and what is summed over panels.
///
/// Panel p holds items `p * itemsAPanel ..<`, as a [batch, items of the panel] matrix of its own.
struct OutputScratch {
    /// Logits, then exponentials, then gradients: batch x items floats; empty where `rounded` is used instead.
    let panels: FloatBuffer
    /// The products in bfloat16, where these are wanted.
    let rounded: RoundedOutput?
    let panelCount: Int
    /// A panel's largest logit, sum of exponentials, and sum of clicked logits, each [panelCount, batch].
    let maxima: FloatBuffer
    let sums: FloatBuffer
    let clicked: FloatBuffer
    let lanes: InputLanes
    /// A worker's gradient of a panel's weights and biases.
    let dWeights: [FloatBuffer]
    let dBiases: [FloatBuffer]

    init(layer: Layer, batchSize: Int, workers: Workers, precision: Precision) {
        let isRounded = precision == .bfloat16
        panels = FloatBuffer(count: isRounded ? 0 : batchSize * layer.outputs)
        rounded = isRounded ? RoundedOutput(layer: layer, batchSize: batchSize, workers: workers) : nil
        let count = (layer.outputs + itemsAPanel - 1) / itemsAPanel
        panelCount = count
        maxima = FloatBuffer(count: count * batchSize)
        sums = FloatBuffer(count: count * batchSize)
        clicked = FloatBuffer(count: count * batchSize)
        lanes = InputLanes(panelCount: count, users: batchSize, width: layer.inputs)
        dWeights = (0..<workers.count).map { _ in FloatBuffer(count: itemsAPanel * layer.inputs) }
        dBiases = (0..<workers.count).map { _ in FloatBuffer(count: itemsAPanel) }
    }
}

// The last layer, the softmax and the loss, a panel of items at a time.
extension TrainingStep {
    private func items(ofPanel panel: Int) -> Range<Int> {
        panel * itemsAPanel..<min(layers[layers.count - 1].outputs, (panel + 1) * itemsAPanel)
    }

    /// Runs `body(clicks of the batch)`.
    private func withClicks(_ body: (foldin_clicks) -> Void) {
        batch.rowStarts.withUnsafeBufferPointer { starts in
            batch.columns.withUnsafeBufferPointer { items in
                // An empty array may have no address; then no click is read.
                guard let starts = starts.baseAddress else { return }
                withUnsafePointer(to: Int32(0)) { none in
                    body(foldin_clicks(starts: starts, items: items.baseAddress ?? none))
                }
            }
        }
    }

    /// panel [batch, items] = exp(logits - maximum), with the maxima, sums and clicked logits it needs later.
    func outputForward() {
        let last = layers.count - 1
        let layer = layers[last]
        let linear = parameters.linears[last]
        let users = batch.userCount
        let input = activations.seen(by: last, encoderDepth: encoderDepth)
        output.rounded?.pack(input, users: users, workers: workers)
        withClicks { clicks in
            workers.forEach(output.panelCount) { index, worker in
                let items = items(ofPanel: index)
                let weight = linear.weight.pointer + items.lowerBound * layer.inputs
                let bias = linear.bias.pointer + items.lowerBound
                let maxima = output.maxima.pointer + index * users
                let sums = output.sums.pointer + index * users
                let clicked = output.clicked.pointer + index * users
                if let rounded = output.rounded {
                    rounded.forward(
                        items, users: users, clicks: clicks, weight: weight, bias: bias, maxima: maxima, sums: sums,
                        clicked: clicked, worker: worker)
                    return
                }
                let panel = output.panels.pointer + items.lowerBound * users
                matrixMultiply(
                    rows: users, columns: items.count, inner: layer.inputs, .plain(input, stride: layer.inputs),
                    .transposed(weight, stride: layer.inputs), into: panel, stride: items.count)
                foldin_sum_clicks(users, items.lowerBound, items.count, clicks, panel, bias, clicked)
                foldin_exponentials(users, items.count, panel, bias, maxima, sums)
            }
        }
    }

    /// Joins the panels' softmaxes: returns the mean negative log-likelihood, and leaves in `maxima` the factor that makes
    /// of a panel's exponentials the gradient `clicks * softmax / batch`.
    func normalizeOutput() -> Double {
        joinPanels(output.panelCount, maxima: output.maxima, sums: output.sums, clicked: output.clicked)
    }

    /// The same for panels whose figures stand in the three matrices, each [panelCount, batch].
    func joinPanels(_ panelCount: Int, maxima: FloatBuffer, sums: FloatBuffer, clicked: FloatBuffer) -> Double {
        let users = batch.userCount
        let (maxima, sums, clicked) = (maxima.pointer, sums.pointer, clicked.pointer)
        var likelihood = 0.0
        for user in 0..<users {
            let entries = stride(from: user, to: panelCount * users, by: users)
            var most = -Float.infinity
            for entry in entries { most = max(most, maxima[entry]) }
            var total = 0.0
            var hits = 0.0
            for entry in entries {
                maxima[entry] = exp(maxima[entry] - most)
                total += Double(sums[entry]) * Double(maxima[entry])
                hits += Double(clicked[entry])
            }
            let clicks = Double(batch.rowStarts[user + 1] - batch.rowStarts[user])
            likelihood += clicks * (Double(most) + log(total)) - hits
            let factor = Float(clicks / (total * Double(users)))
            for entry in entries { maxima[entry] *= factor }
        }
        return likelihood / Double(users)
    }

    /// dLogits = (clicks * softmax - x) / batch; from it, a panel at a time, the input's gradient into the lane, and the
    /// weights' and biases' gradients into Adam.
    ///
    /// Without an update the layer stays as it is; the input's gradient is worked out only where it is wanted.
    func outputBackward(_ update: foldin_adam_step?, givesInput: Bool = true) {
        let last = layers.count - 1
        let layer = layers[last]
        let linear = parameters.linears[last]
        let users = batch.userCount
        let width = layer.inputs
        let input = activations.seen(by: last, encoderDepth: encoderDepth)
        let firstMoment = firstMoments.linears[last].weight.pointer
        let secondMoment = secondMoments.linears[last].weight.pointer
        let share = 1 / Float(users)
        withClicks { clicks in
            workers.forEach(output.lanes.panels.count) { lane, worker in
                let dInput = output.lanes.sum(ofLane: lane)
                let dWeight = output.dWeights[worker].pointer
                let dBias = output.dBiases[worker].pointer
                for index in output.lanes.panels[lane] {
                    let items = items(ofPanel: index)
                    let at = items.lowerBound
                    let weight = linear.weight.pointer + at * width
                    let scales = output.maxima.pointer + index * users
                    let adds = index > output.lanes.panels[lane].lowerBound
                    if let rounded = output.rounded {
                        let moments = foldin_soon(
                            first: firstMoment + at * width, second: secondMoment + at * width, count: items.count * width)
                        rounded.backward(
                            items, users: users, clicks: clicks, scales: scales, weight: weight,
                            dInput: givesInput ? dInput : nil, dInputStride: output.lanes.stride, adds: adds,
                            dWeight: update == nil ? nil : dWeight, dBias: dBias, soon: moments, worker: worker)
                    } else {
                        let panel = output.panels.pointer + at * users
                        foldin_loss_gradient(users, at, items.count, clicks, share, scales, panel, dBias)
                        if givesInput {
                            matrixMultiply(
                                rows: users, columns: width, inner: items.count, .plain(panel, stride: items.count),
                                .plain(weight, stride: width), beta: adds ? 1 : 0, into: dInput, stride: output.lanes.stride)
                        }
                        if update != nil {
                            matrixMultiply(
                                rows: items.count, columns: width, inner: users, .transposed(panel, stride: items.count),
                                .plain(input, stride: width), into: dWeight, stride: width)
                        }
                    }
                    guard var update else { continue }
                    foldin_adam(
                        &update, items.count * width, weight, firstMoment + at * width, secondMoment + at * width, dWeight)
                    foldin_adam(
                        &update, items.count, linear.bias.pointer + at, firstMoments.linears[last].bias.pointer + at,
                        secondMoments.linears[last].bias.pointer + at, dBias)
                }
            }
        }
    }
}

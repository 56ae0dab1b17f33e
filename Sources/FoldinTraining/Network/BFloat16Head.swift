import CFoldinKernels
import FoldinKernels
import FoldinModels

/// The softmax over all items with products whose operands are rounded to bfloat16; see `Precision.bfloat16`.
///
/// | product | left operand | right operand |
/// |---|---|---|
/// | logits = input * weight^T | `inputRows`, packed once per step | the panel's weights, packed as they are read |
/// | dInput += gradient * weight | `byItems` | the panel's weights, packed as they are read |
/// | dWeight = gradient^T * input | `byUsers` | `inputStrips`, packed once per step |
final class BFloat16Head: OutputHead {
    private let parameters: AdamParameters
    private let engine: any ComputeEngine
    private let workers: Workers
    private let rows: DeferredRows
    private let sums: PanelSums
    private let lanes: InputLanes
    private let scratch: [PanelGradient]
    private let directions: ItemDirections
    /// Exponentials of the logits, users x items halves, panel after panel.
    private let exponentials: WordBuffer
    private let inputRows: WordBuffer
    private let inputStrips: WordBuffer
    /// A worker's logits of a panel.
    private let logits: [FloatBuffer]
    /// A worker's gradient of a panel's logits, as either left operand.
    private let byItems: [WordBuffer]
    private let byUsers: [WordBuffer]

    init(_ parameters: AdamParameters, _ setup: SessionSetup, areCosines: Bool = false) {
        let (layer, users) = (parameters.weights.shape.last, setup.batchSize)
        (self.parameters, engine, workers) = (parameters, setup.engine, setup.workers)
        rows = DeferredRows(parameters, engine: setup.engine)
        let panelCount = Panels.count(layer.outputs)
        sums = PanelSums(panelCount: panelCount, users: users)
        lanes = InputLanes(panelCount: panelCount, users: users, width: layer.inputs)
        scratch = (0..<setup.workers.count).map { _ in PanelGradient(width: layer.inputs) }
        directions = ItemDirections(areNormalized: areCosines, width: layer.inputs, workers: setup.workers.count)
        exponentials = WordBuffer(count: (users * layer.outputs + 1) / 2)
        inputRows = WordBuffer(count: users * foldin_pairs(layer.inputs))
        inputStrips = WordBuffer(count: foldin_strips(layer.inputs, users))
        logits = (0..<setup.workers.count).map { _ in FloatBuffer(count: users * itemsPerPanel) }
        byItems = (0..<setup.workers.count).map { _ in WordBuffer(count: users * foldin_pairs(itemsPerPanel)) }
        byUsers = (0..<setup.workers.count).map { _ in WordBuffer(count: foldin_pairs(users) * itemsPerPanel) }
    }

    var firstLayer: any FirstLayerUpdates { rows }

    func prepare(_ batch: inout Batch, updates: Int, adam: Adam, randomness: StepRandomness) {
        rows.prepare(&batch, workers: workers)
    }

    func forward(_ input: MatrixView, _ batch: Batch) -> Double {
        pack(input)
        let (layer, users, width) = (LastLayer(parameters.weights), input.rows, input.columns)
        batch.withKernelClicks { clicks in
            workers.forEach(sums.panelCount) { index, worker in
                let items = Panels.items(index, of: layer.items)
                let (panel, bias) = (logits[worker].pointer, layer.bias[items])
                let vectors = directions.vectors(layer.weight.rows(items), worker)
                foldin_multiply_rounding(
                    users, items.count, width,
                    foldin_left_pairs(start: inputRows.pointer, row_stride: foldin_pairs(width), pair_stride: 1),
                    foldin_matrix(start: vectors.start, stride: width, is_transposed: true), false, panel,
                    items.count)
                foldin_sum_clicks(
                    users, items.lowerBound, items.count, clicks, panel, bias.start, sums.clicked(index, users: users).start)
                foldin_exponentials_rounded(
                    users, items.count, panel, bias.start, sums.maxima(index, users: users).start,
                    sums.sums(index, users: users).start, exponentials.halves + items.lowerBound * users)
            }
        }
        return sums.join(batch, panelCount: sums.panelCount)
    }

    /// Packs the layer's input for the products of the step.
    private func pack(_ input: MatrixView) {
        let (users, width) = (input.rows, input.columns)
        workers.forEach(2) { task, _ in
            if task == 0 {
                foldin_pack_rows(users, width, input.start, input.stride, inputRows.pointer)
            } else {
                foldin_pack_strips(
                    users, width, foldin_matrix(start: input.start, stride: input.stride, is_transposed: false),
                    inputStrips.pointer)
            }
        }
    }

    func backward(_ input: MatrixView, _ batch: Batch, _ update: AdamUpdate?, number: Int, needsInputGradient: Bool) {
        let (layer, users, width) = (LastLayer(parameters.weights), input.rows, input.columns)
        let (weights, biases) = (parameters.weights(parameters.lastIndex), parameters.biases(parameters.lastIndex))
        batch.withKernelClicks { clicks in
            workers.forEach(lanes.panels.count) { lane, worker in
                let dInput = lanes.sum(ofLane: lane, users: users)
                let (byItems, byUsers) = (byItems[worker].pointer, byUsers[worker].pointer)
                for index in lanes.panels[lane] {
                    let items = Panels.items(index, of: layer.items)
                    let dBias = scratch[worker].bias(items.count)
                    let vectors = directions.vectors(layer.weight.rows(items), worker)
                    foldin_loss_gradient_rounded(
                        users, items.lowerBound, items.count, clicks, sums.shares(users: users).start,
                        sums.maxima(index, users: users).start,
                        exponentials.halves + items.lowerBound * users, byItems, byUsers, dBias.start)
                    if needsInputGradient {
                        foldin_multiply_rounding(
                            users, width, items.count,
                            foldin_left_pairs(start: byItems, row_stride: foldin_pairs(items.count), pair_stride: 1),
                            foldin_matrix(start: vectors.start, stride: width, is_transposed: false),
                            index > lanes.panels[lane].lowerBound, dInput.start, dInput.stride)
                    }
                    guard let update else { continue }
                    let (dWeight, own) = (scratch[worker].weight(items.count), weights[layer.elements(items)])
                    // While it multiplies, the kernel prefetches the moments that Adam reads next.
                    foldin_multiply_pairs(
                        items.count, width, users, foldin_left_pairs(start: byUsers, row_stride: 1, pair_stride: items.count),
                        inputStrips.pointer, false, dWeight.start, width,
                        foldin_prefetch_ranges(first: own.firstMoments.start, second: own.secondMoments.start, count: own.count))
                    directions.project(dWeight, worker)
                    engine.update(own, gradient: dWeight.elements.readOnly, update)
                    if !directions.areNormalized { engine.update(biases[items], gradient: dBias.readOnly, update) }
                }
            }
        }
    }

    func inputGradient(_ users: Range<Int>, into gradient: MutableMatrixView) {
        lanes.sum(users, into: gradient, engine: engine)
    }

    func flush(updates: Int, adam: Adam) { rows.flush(workers) }

    func prepareCheckpoint() { rows.flush(workers) }

    func reset() { rows.reset() }
}

extension Batch {
    /// Runs `body` with the clicks as the kernels take them.
    fileprivate func withKernelClicks(_ body: (foldin_clicks) -> Void) {
        withClicks { clicks in
            // An empty array may have no address; then no click is read.
            guard let starts = clicks.starts.baseAddress else { return }
            withUnsafePointer(to: Int32(0)) { none in
                body(foldin_clicks(starts: starts, items: clicks.items.baseAddress ?? none))
            }
        }
    }
}

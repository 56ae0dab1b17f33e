import FoldinKernels
import FoldinModels

/// The softmax over all items in single precision.
final class ExactHead: OutputHead {
    private let parameters: AdamParameters
    private let engine: any ComputeEngine
    private let workers: Workers
    private let rows: DeferredRows
    /// Logits, then exponentials, then gradients: panel p is a [users, items of the panel] matrix of its own, after those before.
    private let logits: FloatBuffer
    private let sums: PanelSums
    private let lanes: InputLanes
    /// A worker's gradient of a panel's weights and biases.
    private let scratch: [PanelGradient]
    private let directions: ItemDirections

    init(_ parameters: AdamParameters, _ setup: SessionSetup, areCosines: Bool = false) {
        let layer = parameters.weights.shape.last
        (self.parameters, engine, workers) = (parameters, setup.engine, setup.workers)
        rows = DeferredRows(parameters, engine: setup.engine)
        logits = FloatBuffer(count: setup.batchSize * layer.outputs)
        let panelCount = Panels.count(layer.outputs)
        sums = PanelSums(panelCount: panelCount, users: setup.batchSize)
        lanes = InputLanes(panelCount: panelCount, users: setup.batchSize, width: layer.inputs)
        scratch = (0..<setup.workers.count).map { _ in PanelGradient(width: layer.inputs) }
        directions = ItemDirections(areNormalized: areCosines, width: layer.inputs, workers: setup.workers.count)
    }

    /// The bytes of the logits.
    static func bytes(items: Int, users: Int) -> ByteCount { ByteCount(items) * users * 4 }

    var firstLayer: any FirstLayerUpdates { rows }

    func prepare(_ batch: inout Batch, updates: Int, adam: Adam, randomness: StepRandomness) {
        rows.prepare(&batch, workers: workers)
    }

    private var layer: LastLayer { LastLayer(parameters.weights) }

    private func panel(_ items: Range<Int>, users: Int) -> MutableMatrixView {
        MutableMatrixView(logits, offset: items.lowerBound * users, rows: users, columns: items.count)
    }

    func forward(_ input: MatrixView, _ batch: Batch) -> Double {
        let (layer, users) = (layer, batch.userCount)
        batch.withClicks { clicks in
            workers.forEach(sums.panelCount) { index, worker in
                let items = Panels.items(index, of: layer.items)
                let panel = panel(items, users: users)
                engine.multiply(input, directions.vectors(layer.weight.rows(items), worker).transposed, into: panel)
                engine.sumClicked(
                    panel.readOnly, bias: layer.bias[items], clicks: clicks, firstItem: items.lowerBound,
                    into: sums.clicked(index, users: users))
                engine.exponentials(
                    panel, bias: layer.bias[items], maxima: sums.maxima(index, users: users), sums: sums.sums(index, users: users)
                )
            }
        }
        return sums.join(batch, panelCount: sums.panelCount)
    }

    func backward(_ input: MatrixView, _ batch: Batch, _ update: AdamUpdate?, number: Int, needsInputGradient: Bool) {
        let (layer, users) = (layer, batch.userCount)
        let (weights, biases) = (parameters.weights(parameters.lastIndex), parameters.biases(parameters.lastIndex))
        batch.withClicks { clicks in
            workers.forEach(lanes.panels.count) { lane, worker in
                let dInput = lanes.sum(ofLane: lane, users: users)
                for index in lanes.panels[lane] {
                    let items = Panels.items(index, of: layer.items)
                    let panel = panel(items, users: users)
                    let vectors = directions.vectors(layer.weight.rows(items), worker)
                    let dBias = scratch[worker].bias(items.count)
                    engine.lossGradient(
                        panel, scales: sums.maxima(index, users: users).readOnly, clicks: clicks, firstItem: items.lowerBound,
                        shares: sums.shares(users: users), columnSums: dBias)
                    if needsInputGradient {
                        engine.multiply(
                            panel.readOnly, vectors, into: dInput,
                            adding: index > lanes.panels[lane].lowerBound)
                    }
                    guard let update else { continue }
                    let dWeight = scratch[worker].weight(items.count)
                    engine.multiply(panel.transposed, input, into: dWeight)
                    directions.project(dWeight, worker)
                    engine.update(weights[layer.elements(items)], gradient: dWeight.elements.readOnly, update)
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

/// How items are cut into panels.
enum Panels {
    static func count(_ items: Int) -> Int { (items + itemsPerPanel - 1) / itemsPerPanel }

    static func items(_ panel: Int, of items: Int) -> Range<Int> {
        panel * itemsPerPanel..<min(items, (panel + 1) * itemsPerPanel)
    }
}

/// A worker's gradient of the weights [items, width] and biases [items] of one panel.
struct PanelGradient: Sendable {
    private let weights: FloatBuffer
    private let biases: FloatBuffer
    private let width: Int

    init(width: Int) {
        self.width = width
        weights = FloatBuffer(count: itemsPerPanel * width)
        biases = FloatBuffer(count: itemsPerPanel)
    }

    func weight(_ items: Int) -> MutableMatrixView { MutableMatrixView(weights, offset: 0, rows: items, columns: width) }
    func bias(_ items: Int) -> MutableVectorView { biases.mutableVector[0..<items] }
}

/// The weights of a network's last layer.
struct LastLayer {
    /// [items, width]
    let weight: MatrixView
    /// [items]
    let bias: VectorView

    init(_ parameters: Parameters) {
        let linear = parameters.linears[parameters.linears.count - 1]
        weight = linear.weight.matrix(rows: parameters.shape.items, columns: parameters.shape.last.inputs)
        bias = linear.bias.vector
    }

    var items: Int { weight.rows }

    /// The weights of some items in the order in which they are stored.
    func elements(_ items: Range<Int>) -> Range<Int> { items.lowerBound * weight.columns..<items.upperBound * weight.columns }
}

extension AdamParameters {
    var lastIndex: Int { weights.linears.count - 1 }
}

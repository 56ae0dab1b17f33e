import FoldinKernels
import FoldinModels

/// The softmax estimated from candidates (`Candidates`), which take the place of the items; rows are updated by `RowMoments`.
///
/// Nothing in it costs time in proportion to the catalogue.
final class SampledHead: OutputHead {
    private let parameters: AdamParameters
    private let engine: any ComputeEngine
    private let workers: Workers
    private let users: Int
    private let width: Int
    private var candidates: Candidates
    /// The weights of the first and of the last layer.
    private let firstRows: RowMatrix
    private let lastRows: RowMatrix
    private var moments = RowMoments()
    /// Updates made before the present one.
    private var updates = 0
    /// Logits, then exponentials, then gradients: users x candidates floats, by panels.
    private var logits = FloatBuffer(count: 0)
    /// Corrected biases of the candidates.
    private var biases = FloatBuffer(count: 0)
    private var sums = PanelSums(panelCount: 0, users: 0)
    private var lanes: InputLanes
    /// A worker's panel of the candidates' weights, and its gradients.
    private let weights: [FloatBuffer]
    private let scratch: [PanelGradient]
    private let directions: ItemDirections
    private lazy var inputRows = SampledRows(self)

    init(_ parameters: AdamParameters, negatives: Int, _ setup: SessionSetup, areCosines: Bool = false) {
        (self.parameters, engine, workers, users) = (parameters, setup.engine, setup.workers, setup.batchSize)
        (firstRows, lastRows) = (parameters.rows(0), parameters.rows(parameters.lastIndex))
        width = parameters.weights.shape.last.inputs
        candidates = Candidates(Proposal(clicks: setup.clicks.itemCounts(), draws: negatives))
        lanes = InputLanes(panelCount: 0, users: users, width: width)
        let width = width
        weights = (0..<setup.workers.count).map { _ in FloatBuffer(count: itemsPerPanel * width) }
        scratch = (0..<setup.workers.count).map { _ in PanelGradient(width: width) }
        directions = ItemDirections(areNormalized: areCosines, width: width, workers: setup.workers.count)
    }

    /// The bytes of the logits of the candidates, at most, and of what finding these takes: tables of draws, corrections and marks.
    static func bytes(items: Int, users: Int, clicksPerUser: Int, negatives: Int) -> ByteCount {
        let candidates = ByteCount(users) * clicksPerUser + negatives
        return ByteCount(candidates.value.map { min($0, items) }) * users * 4 + ByteCount(items) * 20
    }

    var firstLayer: any FirstLayerUpdates { inputRows }

    private var last: Int { parameters.lastIndex }
    private var panelCount: Int { Panels.count(candidates.count) }
    private func panel(_ places: Range<Int>, users: Int) -> MutableMatrixView {
        MutableMatrixView(logits, offset: places.lowerBound * users, rows: users, columns: places.count)
    }

    func prepare(_ batch: inout Batch, updates: Int, adam: Adam, randomness: StepRandomness) {
        candidates.assemble(clicks: batch.columns, randomness: randomness.source(RandomStream.negatives))
        if biases.count < candidates.count {
            let capacity = candidates.count + candidates.count / 8
            logits = FloatBuffer(count: users * capacity)
            biases = FloatBuffer(count: capacity)
            sums = PanelSums(panelCount: Panels.count(capacity), users: users)
        }
        lanes = InputLanes(panelCount: panelCount, users: users, width: width, reusing: lanes)
        self.updates = updates
        moments.prepare(adam, through: updates)
        inputRows.prepare(&batch, workers: workers)
    }

    func forward(_ input: MatrixView, _ batch: Batch) -> Double {
        let (users, bias, linear) = (batch.userCount, biases.mutableVector, parameters.weights.linears[last])
        batch.withClicks(candidates.positions) { clicks in
            workers.forEach(panelCount) { index, worker in
                let places = Panels.items(index, of: candidates.count)
                for place in places {
                    let item = Int(candidates.items[place])
                    resumeOutput(item, updates: updates)
                    bias[place] = linear.bias.vector[item] + candidates.corrections[place]
                }
                let (weight, panel) = (gather(places, worker), panel(places, users: users))
                engine.multiply(input, weight.transposed, into: panel)
                engine.sumClicked(
                    panel.readOnly, bias: bias[places].readOnly, clicks: clicks, firstItem: places.lowerBound,
                    into: sums.clicked(index, users: users))
                engine.exponentials(
                    panel, bias: bias[places].readOnly, maxima: sums.maxima(index, users: users),
                    sums: sums.sums(index, users: users))
            }
        }
        return sums.join(batch, panelCount: panelCount)
    }

    func backward(_ input: MatrixView, _ batch: Batch, _ update: AdamUpdate?, number: Int, needsInputGradient: Bool) {
        let users = batch.userCount
        batch.withClicks(candidates.positions) { clicks in
            workers.forEach(lanes.panels.count) { lane, worker in
                let dInput = lanes.sum(ofLane: lane, users: users)
                for index in lanes.panels[lane] {
                    let places = Panels.items(index, of: candidates.count)
                    let (panel, dBias) = (panel(places, users: users), scratch[worker].bias(places.count))
                    let vectors = gather(places, worker)
                    engine.lossGradient(
                        panel, scales: sums.maxima(index, users: users).readOnly, clicks: clicks, firstItem: places.lowerBound,
                        shares: sums.shares(users: users), columnSums: dBias)
                    if needsInputGradient {
                        engine.multiply(
                            panel.readOnly, vectors, into: dInput,
                            adding: index > lanes.panels[lane].lowerBound)
                    }
                    guard let update else { continue }
                    let dWeight = scratch[worker].weight(places.count)
                    engine.multiply(panel.transposed, input, into: dWeight)
                    directions.project(dWeight, worker)
                    for (row, place) in places.enumerated() {
                        let item = Int(candidates.items[place])
                        lastRows.update(item, gradient: dWeight.row(row).readOnly, update, number: number, engine: engine)
                        guard !directions.areNormalized else { continue }
                        engine.updateRow(bias(item), gradient: dBias[row..<row + 1].readOnly, update)
                    }
                }
            }
        }
    }

    private func bias(_ item: Int) -> AdamWeights { parameters.biases(last)[item..<item + 1] }

    /// Makes up for the updates that an item's weights and bias in the last layer have skipped.
    private func resumeOutput(_ item: Int, updates: Int) {
        guard let skipped = lastRows.resume(item, moments, updates: updates, engine: engine) else { return }
        engine.resumeRow(bias(item), skipped)
    }

    /// The vectors of some candidates, [places, width], in a worker's memory.
    private func gather(_ places: Range<Int>, _ worker: Int) -> MatrixView {
        let rows = MutableMatrixView(weights[worker], offset: 0, rows: places.count, columns: width)
        for (row, place) in places.enumerated() {
            rows.row(row).copy(from: lastRows[Int(candidates.items[place])].weights.readOnly)
        }
        return directions.vectors(rows.readOnly, worker)
    }

    func inputGradient(_ users: Range<Int>, into gradient: MutableMatrixView) {
        lanes.sum(users, into: gradient, engine: engine)
    }

    func flush(updates: Int, adam: Adam) {
        moments.prepare(adam, through: updates)
        workers.forEachPiece(of: parameters.weights.shape.items, size: 4 * itemsPerPanel) { items, _ in
            for item in items {
                firstRows.resume(item, moments, updates: updates, engine: engine)
                resumeOutput(item, updates: updates)
            }
        }
    }

    func prepareCheckpoint() {}

    func reset() {}

    /// The rows of the first layer that candidates with clicks have; keys are places among the candidates.
    private final class SampledRows: FirstLayerUpdates {
        private unowned let head: SampledHead
        private var begun: AdamUpdate?

        init(_ head: SampledHead) { self.head = head }

        var keyCount: Int { head.candidates.clickedCount }

        private func item(_ place: Int) -> Int { Int(head.candidates.items[place]) }

        func prepare(_ batch: inout Batch, workers: Workers) {
            batch.group(by: head.candidates.positions, count: keyCount)
            let batch = batch
            workers.forEachPiece(of: keyCount, size: itemsPerPanel) { places, _ in
                batch.forEachKey(places) { place, _ in
                    head.firstRows.resume(item(place), head.moments, updates: head.updates, engine: head.engine)
                }
            }
        }

        func begin(_ update: AdamUpdate) { begun = update }

        func update(_ keys: Range<Int>, _ batch: Batch, gradient: (SparseVector, MutableVectorView) -> Void) {
            guard let begun else { preconditionFailure("rows are updated after an update has begun") }
            let width = head.parameters.weights.shape.layers[0].outputs
            withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { memory in
                let own = MutableVectorView(memory)
                batch.forEachKey(keys) { place, clicks in
                    gradient(clicks, own)
                    head.firstRows.update(
                        item(place), gradient: own.readOnly, begun, number: head.updates + 1, engine: head.engine)
                }
            }
        }
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// The training of an ELSA.
///
/// With W [items, d] the weights, a_i = w_i / |w_i| the rows of A, x [users, items] a batch's clicks, L2-normalised:
///
///     h = x A,    s = h A^T - x,    G = dL/ds,    dh = G A,    dA = G^T h + x^T dh
///     dw_i = (da_i - (da_i . a_i) a_i) / |w_i|
///
/// G and s are users x columns: the columns are all items, or the candidates of a sampled loss (`Candidates`), over which a column j stands
/// for 1 / p_j items. Columns are cut into panels, each computed by one thread; neither A nor a gradient of W is stored whole.
///
/// Memory beside the weights: two moments per weight, or, sampled, one and two numbers per item; and the scores of a batch.
package final class ELSASession: TrainingSession {
    package let setup: SessionSetup
    private let configuration: ELSA
    private let items: Int
    private let width: Int
    private let weight: FloatBuffer
    /// Running means of the gradients.
    package let firstMoments: FloatBuffer
    /// Running means of their squares: as many as weights, or, sampled, [2, items]: one per item, then the number of its last update.
    private let secondMoments: FloatBuffer
    private var columns: ELSAColumns
    private var batch = Batch()
    /// h and dh, [users, d].
    private let hidden: FloatBuffer
    private let hiddenGradients: FloatBuffer
    /// 1 / |w| of the items of the batch's clicks.
    private let inputScales: FloatBuffer
    /// s, then G: a [users, columns of the panel] matrix for each panel, one after the other.
    private var scores = FloatBuffer(count: 0)
    private var sums = PanelSums(panelCount: 0, users: 0)
    private var lanes: InputLanes
    private let scratch: [ELSAScratch]
    package private(set) var times = StepTimes()

    /// A training that begins with rows drawn from the seed, uniform on the sphere of length 1.
    package init(_ configuration: ELSA, _ setup: SessionSetup) {
        (self.configuration, self.setup) = (configuration, setup)
        (items, width) = (setup.clicks.itemCount, configuration.latent)
        weight = FloatBuffer(count: items * width)
        firstMoments = FloatBuffer(count: items * width)
        switch setup.softmax {
        case .exact:
            columns = .all(items)
            secondMoments = FloatBuffer(count: items * width)
        case .sampled(let negatives):
            columns = .sampled(Candidates(Proposal(clicks: setup.clicks.itemCounts(), draws: negatives)), RowMoments())
            secondMoments = FloatBuffer(count: 2 * items)
        }
        hidden = FloatBuffer(count: setup.batchSize * width)
        hiddenGradients = FloatBuffer(count: setup.batchSize * width)
        inputScales = FloatBuffer(count: items)
        lanes = InputLanes(panelCount: 0, users: setup.batchSize, width: width)
        let width = width
        scratch = (0..<setup.workers.count).map { _ in ELSAScratch(width: width) }
        initialize()
    }

    private func initialize() {
        let source = RandomSource(seed: setup.seed, stream: RandomStream.weights(0))
        setup.workers.forEachPiece(of: weight.count, size: 1 << 16) { range, _ in
            source.normal(from: range.lowerBound, into: weight.mutableVector[range])
        }
        setup.workers.forEachPiece(of: items, size: itemsPerPanel) { panel, _ in
            for item in panel {
                let row = weight.mutableVector[item * width..<(item + 1) * width]
                let scale = inverseLength(row.readOnly)
                for place in 0..<width { row.start[place] *= scale }
            }
        }
    }

    package var model: any Model { ELSAModel(items: items, latent: width, weights: weight, workers: setup.workers) }
    package var weights: [FloatBuffer] { [weight] }

    @discardableResult
    package func run(_ users: ArraySlice<Int32>, _ update: SessionUpdate) -> StepLoss {
        precondition(!users.isEmpty && users.count <= setup.batchSize, "a batch of \(users.count)")
        let randomness = setup.randomness(update.number)
        var clock = StepClock()
        batch.takeClicks(setup.clicks, users: users)
        columns.prepare(batch, update, randomness)
        batch.group(by: columns.keys(batch), count: columns.keyCount)
        reserveCapacity()
        resumeRows(update)
        inputForward()
        times.input = clock.lap()
        scoreForward()
        let loss = lossForward()
        times.outputForward = clock.lap()
        hiddenBackward()
        times.outputBackward = clock.lap()
        updateRows(update)
        times.inputBackward = clock.lap()
        return StepLoss(negativeLogLikelihood: loss, divergence: 0)
    }

    private var panelCount: Int { Panels.count(columns.count) }

    private func reserveCapacity() {
        let needed = setup.batchSize * columns.count
        if scores.count < needed {
            let capacity = columns.isSampled ? columns.count + columns.count / 8 : columns.count
            scores = FloatBuffer(count: setup.batchSize * capacity)
            sums = PanelSums(panelCount: Panels.count(capacity), users: setup.batchSize)
        }
        lanes = InputLanes(panelCount: panelCount, users: setup.batchSize, width: width, reusing: lanes)
    }

    private func panel(_ places: Range<Int>) -> MutableMatrixView {
        let users = batch.userCount
        return MutableMatrixView(scores, offset: places.lowerBound * users, rows: users, columns: places.count)
    }

    private func matrix(_ buffer: FloatBuffer) -> MutableMatrixView {
        MutableMatrixView(buffer, offset: 0, rows: batch.userCount, columns: width)
    }

    private func row(_ item: Int) -> Range<Int> { item * width..<(item + 1) * width }

    /// Rows of A of a panel's columns, [columns, d], in a worker's memory, with 1 / |w| of each.
    private func vectors(_ places: Range<Int>, _ worker: Int) -> MatrixView {
        let result = scratch[worker].vectors(places.count)
        for (place, column) in places.enumerated() {
            let own = weight.vector[row(columns.item(column))]
            let scale = inverseLength(own)
            scratch[worker].scales.pointer[place] = scale
            let target = result.row(place).start
            for i in 0..<width { target[i] = own.start[i] * scale }
        }
        return result.readOnly
    }

    /// h [users, d] = x A: the sum of the clicked items' rows, each divided by its length.
    private func inputForward() {
        let (hidden, weights) = (matrix(hidden), weight.matrix(rows: items, columns: width))
        setup.workers.forEachPiece(of: columns.keyCount, size: itemsPerPanel) { keys, _ in
            batch.forEachKey(keys) { key, _ in
                let item = columns.item(key)
                inputScales.pointer[item] = inverseLength(weight.vector[row(item)])
            }
        }
        setup.workers.forEachPiece(of: batch.userCount, size: 16) { users, _ in
            var factors: [Float] = []
            batch.forEachUser(users) { user, clicks in
                factors.removeAll(keepingCapacity: true)
                for place in 0..<clicks.values.count {
                    factors.append(clicks.values[place] * inputScales.pointer[Int(clicks.indices[place])])
                }
                factors.withUnsafeBufferPointer { factors in
                    setup.engine.multiply(
                        SparseVector(indices: clicks.indices, values: VectorView(factors)), weights, plus: nil,
                        into: hidden.row(user))
                }
            }
        }
    }

    /// s = h A^T - x, panel by panel, and what its loss needs of each: with the squared loss sum s^2 and sum s x, with the softmax maxima, sums
    /// of exponentials and clicked logits.
    private func scoreForward() {
        let (hidden, users) = (matrix(hidden).readOnly, batch.userCount)
        batch.withClicks(columns.keys(batch)) { clicks in
            setup.workers.forEach(panelCount) { index, worker in
                let places = Panels.items(index, of: columns.count)
                let panel = panel(places)
                setup.engine.multiply(hidden, vectors(places, worker).transposed, into: panel)
                subtractClicks(clicks, places, panel)
                if configuration.loss == .softmax { scale(panel.elements, by: 1 / configuration.temperature) }
                setup.engine.sumClicked(
                    panel.readOnly, bias: scratch[worker].zeros(places.count), clicks: clicks, firstItem: places.lowerBound,
                    into: sums.clicked(index, users: users))
                let totals = sums.sums(index, users: users)
                switch configuration.loss {
                case .squared:
                    let weights = columns.weights(places, scratch[worker])
                    for user in 0..<users { totals[user] = squaredLength(panel.row(user), weights) }
                case .softmax:
                    setup.engine.exponentials(
                        panel, bias: columns.corrections(places, scratch[worker]), maxima: sums.maxima(index, users: users),
                        sums: totals)
                }
            }
        }
    }

    /// Subtracts each user's clicks from the panel's scores.
    private func subtractClicks(_ clicks: BatchClicks, _ places: Range<Int>, _ panel: MutableMatrixView) {
        for user in 0..<batch.userCount {
            let (own, value) = (clicks.items(of: user), normalizedClick(batch.clickCount(of: user)))
            var low = 0
            var high = own.count
            while low < high {
                let middle = (low + high) / 2
                if Int(own[middle]) < places.lowerBound { low = middle + 1 } else { high = middle }
            }
            while low < own.count, Int(own[low]) < places.upperBound {
                panel[user, Int(own[low]) - places.lowerBound] -= value
                low += 1
            }
        }
    }

    /// The mean loss, and for each user the factors of G: G = factor * (scale * s - share * [clicked]), `scale` in `sums.maxima`.
    private func lossForward() -> Double {
        let users = batch.userCount
        switch configuration.loss {
        case .softmax:
            for user in 0..<users { factors[user] = 1 / configuration.temperature }
            return sums.join(batch, panelCount: panelCount)
        case .squared:
            sums.share(batch)
            var loss = 0.0
            for user in 0..<users {
                let value = Double(normalizedClick(batch.clickCount(of: user)))
                var (square, product) = (0.0, 0.0)
                for index in 0..<panelCount {
                    square += Double(sums.sums(index, users: users)[user])
                    product += Double(sums.clicked(index, users: users)[user]) * value
                }
                // L = 2 - 2 c with c = s . x / |s|, and dL/ds = 2 c / |s|^2 s - 2 / |s| x.
                let hasClicks = batch.clickCount(of: user) > 0
                let length = max(square, 1e-24).squareRoot()
                let cosine = product / length
                if hasClicks { loss += 2 - 2 * cosine }
                factors[user] = hasClicks ? Float(2 / length * value) : 0
                let scale = hasClicks ? Float(cosine / (length * value) / Double(users)) : 0
                for index in 0..<panelCount { sums.maxima(index, users: users)[user] = scale }
            }
            return loss / Double(users)
        }
    }

    /// By user of a batch, what its gradient is multiplied by at the end.
    private lazy var factors = [Float](repeating: 0, count: setup.batchSize)

    /// G in place of s, without its users' factors, and dh = G A; then h and dh times the factors that G lacks.
    private func hiddenBackward() {
        let users = batch.userCount
        batch.withClicks(columns.keys(batch)) { clicks in
            setup.workers.forEach(lanes.panels.count) { lane, worker in
                let dHidden = lanes.sum(ofLane: lane, users: users)
                for index in lanes.panels[lane] {
                    let places = Panels.items(index, of: columns.count)
                    let panel = panel(places)
                    if configuration.loss == .squared, let weights = columns.weights(places, scratch[worker]) {
                        for user in 0..<users { multiply(panel.row(user), by: weights) }
                    }
                    setup.engine.lossGradient(
                        panel, scales: sums.maxima(index, users: users).readOnly, clicks: clicks, firstItem: places.lowerBound,
                        shares: sums.shares(users: users), columnSums: scratch[worker].columnSums(places.count))
                    setup.engine.multiply(
                        panel.readOnly, vectors(places, worker), into: dHidden, adding: index > lanes.panels[lane].lowerBound)
                }
            }
        }
        let (hidden, dHidden) = (matrix(hidden), matrix(hiddenGradients))
        setup.workers.forEachPiece(of: users, size: usersPerPiece) { piece, _ in
            lanes.sum(piece, into: dHidden.rows(piece), engine: setup.engine)
            for user in piece {
                scale(hidden.row(user), by: factors[user])
                scale(dHidden.row(user), by: factors[user])
            }
        }
    }

    /// dA = G^T h + x^T dh of a panel's columns, then dW, consumed at once by Adam.
    private func updateRows(_ update: SessionUpdate) {
        let constants = update.adam.update(number: update.number + 1)
        let (hidden, dHidden) = (matrix(hidden).readOnly, matrix(hiddenGradients).readOnly)
        setup.workers.forEach(panelCount) { index, worker in
            let places = Panels.items(index, of: columns.count)
            let (vectors, gradients) = (vectors(places, worker), scratch[worker].gradients(places.count))
            setup.engine.multiply(panel(places).transposed, hidden, into: gradients)
            let keys = places.clamped(to: 0..<columns.keyCount)
            batch.forEachKey(keys) { key, clicks in
                let row = gradients.row(key - places.lowerBound)
                setup.engine.multiply(clicks, dHidden, plus: row.readOnly, into: row)
            }
            for place in 0..<places.count {
                let (gradient, vector) = (gradients.row(place).start, vectors.row(place).start)
                let product = dot(gradients.row(place).readOnly, vectors.row(place))
                let scale = scratch[worker].scales.pointer[place]
                for i in 0..<width { gradient[i] = (gradient[i] - product * vector[i]) * scale }
            }
            switch rowMatrix {
            case nil:
                let range = places.lowerBound * width..<places.upperBound * width
                setup.engine.update(
                    AdamWeights(
                        weights: weight.mutableVector[range], firstMoments: firstMoments.mutableVector[range],
                        secondMoments: secondMoments.mutableVector[range]),
                    gradient: gradients.elements.readOnly, constants)
            case let rows?:
                for (place, column) in places.enumerated() {
                    rows.update(
                        columns.item(column), gradient: gradients.row(place).readOnly, constants, number: update.number + 1,
                        engine: setup.engine)
                }
            }
        }
    }

    /// The weights of a sampled loss.
    private var rowMatrix: RowMatrix? {
        guard columns.isSampled else { return nil }
        return RowMatrix(weights: weight, firstMoments: firstMoments, secondMoments: secondMoments)
    }

    /// Makes up for the updates that the candidates' rows have skipped.
    private func resumeRows(_ update: SessionUpdate) {
        guard case .sampled(let candidates, let moments) = columns, let rows = rowMatrix else { return }
        setup.workers.forEachPiece(of: candidates.count, size: itemsPerPanel) { places, _ in
            for place in places {
                rows.resume(Int(candidates.items[place]), moments, updates: update.number, engine: setup.engine)
            }
        }
    }

    package func flush(updates: Int, adam: Adam) {
        guard case .sampled(let candidates, var moments) = columns, let rows = rowMatrix else { return }
        moments.prepare(adam, through: updates)
        setup.workers.forEachPiece(of: items, size: 4 * itemsPerPanel) { items, _ in
            for item in items { rows.resume(item, moments, updates: updates, engine: setup.engine) }
        }
        columns = .sampled(candidates, moments)
    }

    package func restart() {
        initialize()
        for moments in [firstMoments, secondMoments] { moments.pointer.update(repeating: 0, count: moments.count) }
    }

    private var tensors: [(description: TensorDescription, buffer: FloatBuffer)] {
        let shape = [items, width]
        return [
            (TensorDescription(name: "elsa.weight", shape: shape), weight),
            (TensorDescription(name: "first.elsa.weight", shape: shape), firstMoments),
            (
                TensorDescription(name: "second.elsa.weight", shape: columns.isSampled ? [2, items] : shape), secondMoments
            ),
        ]
    }

    package var checkpointTensors: [ModelTensor] { tensors.map { ModelTensor($0.description, $0.buffer) } }
    package var checkpointMetadata: [String: String] { columns.isSampled ? ["second-moments": "by row"] : [:] }

    package func restore(from file: ModelFile, updates: Int) throws {
        try file.checkShapes(tensors.map(\.description))
        for (description, buffer) in tensors { try file.read(description.name, into: buffer.pointer) }
        try checkSecondMoments([secondMoments], file: file.path)
        try rowMatrix?.checkLastUpdates(atMost: updates, file: file.path)
    }
}

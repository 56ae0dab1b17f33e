import CFoldinKernels
import FoldinKernels

// The first layer, which sees only the clicked items, and the updates of all layers but the last.
extension TrainingStep {
    /// Makes the updates that were put off of the rows that the batch, grouped by item, reads.
    func bringClickedRowsUpToDate() {
        guard let deferred else { return }
        workers.forEachPiece(of: layers[0].inputs, size: itemsAPanel) { items, _ in
            forEachClicked(items, soon: deferred.fetch, deferred.bringUpToDate)
        }
    }

    /// Runs `body` for those of `places`, by which the batch is grouped, that have clicks which dropout left. Before each `soon` is told
    /// of the next: rows lie apart.
    func forEachClicked(_ places: Range<Int>, soon: (Int) -> Void = { _ in }, _ body: (Int) -> Void) {
        var next: Int?
        for place in places where batch.itemStarts[place + 1] > batch.itemStarts[place] {
            soon(place)
            if let next { body(next) }
            next = place
        }
        if let next { body(next) }
    }

    /// Runs `body` likewise with dWeight [place, :] = sum over the place's users of value * dOutput [user, :].
    func forEachClickedGradient(
        _ places: Range<Int>, soon: (Int) -> Void = { _ in }, _ body: (Int, UnsafePointer<Float>) -> Void
    ) {
        let width = layers[0].outputs
        guard let dOutput = activations.dOutputs[0] else { return }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { gradient in
            guard let gradient = gradient.baseAddress else { return }
            batch.itemRows.withUnsafeBufferPointer { rows in
                batch.itemValues.withUnsafeBufferPointer { values in
                    guard let rows = rows.baseAddress, let values = values.baseAddress else { return }
                    forEachClicked(places, soon: soon) { place in
                        let start = batch.itemStarts[place]
                        let count = batch.itemStarts[place + 1] - start
                        foldin_sum_rows(width, nil, count, rows + start, values + start, dOutput.pointer, gradient)
                        body(place, gradient)
                    }
                }
            }
        }
    }

    /// outputs[0] [batch, outputs] = tanh?(sum of the clicked items' rows + bias)
    func inputForward() {
        let layer = layers[0]
        let linear = parameters.linears[0]
        guard let output = activations.outputs[0] else { return }
        batch.columns.withUnsafeBufferPointer { columns in
            batch.values.withUnsafeBufferPointer { values in
                workers.forEachPiece(of: batch.userCount, size: 16) { users, _ in
                    for user in users {
                        let start = batch.rowStarts[user]
                        let count = batch.rowStarts[user + 1] - start
                        clicksForward(
                            layer, linear, items: columns.baseAddress.map { $0 + start },
                            values: values.baseAddress.map { $0 + start }, count: count,
                            into: output.pointer + user * layer.outputs)
                    }
                }
            }
        }
    }

    /// Gradients and Adam of the first layer, a panel of items a task, and of the hidden layers, a few output rows a task.
    func updateInnerLayers(_ update: foldin_adam_step) {
        guard let deferred else { preconditionFailure("rows of a sampled softmax are updated otherwise") }
        deferred.begin(update)
        updateInnerLayers(update, rows: layers[0].inputs) { items in
            forEachClickedGradient(items, soon: deferred.fetch) { deferred.update($0, gradient: $1) }
            // The others wait for their turn.
            guard deferred.isDue(panel: items.lowerBound / itemsAPanel) else { return }
            for item in items { deferred.bringUpToDate(item) }
        }
    }

    /// The same with `updateRows`, which updates some of the `rows` rows that the first layer has in this step.
    func updateInnerLayers(_ update: foldin_adam_step, rows: Int, _ updateRows: (Range<Int>) -> Void) {
        let panels = (rows + itemsAPanel - 1) / itemsAPanel
        let pieces = (1..<layers.count - 1).flatMap { index in
            stride(from: 0, to: layers[index].outputs, by: rowsAPiece).map { start in
                (index, start..<min(layers[index].outputs, start + rowsAPiece))
            }
        }
        // The hidden layers' products first: they are the longest tasks.
        workers.forEach(pieces.count + 1 + panels) { task, worker in
            if task < pieces.count {
                updateHidden(pieces[task].0, outputs: pieces[task].1, update)
            } else if task == pieces.count {
                updateBias(0, outputs: 0..<layers[0].outputs, update)
            } else {
                let start = (task - pieces.count - 1) * itemsAPanel
                updateRows(start..<min(rows, start + itemsAPanel))
            }
        }
    }

    /// dWeight [outputs, inputs] = dOutput^T [outputs, batch] * input [batch, inputs], consumed at once by Adam.
    private func updateHidden(_ index: Int, outputs: Range<Int>, _ update: foldin_adam_step) {
        let layer = layers[index]
        guard let dOutput = activations.dOutputs[index] else { return }
        let at = outputs.lowerBound * layer.inputs
        let count = outputs.count * layer.inputs
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { gradient in
            guard let gradient = gradient.baseAddress else { return }
            matrixMultiply(
                rows: outputs.count, columns: layer.inputs, inner: batch.userCount,
                .transposed(dOutput.pointer + outputs.lowerBound, stride: layer.outputs),
                .plain(activations.seen(by: index, encoderDepth: encoderDepth), stride: layer.inputs),
                into: gradient, stride: layer.inputs)
            var update = update
            foldin_adam(
                &update, count, parameters.linears[index].weight.pointer + at, firstMoments.linears[index].weight.pointer + at,
                secondMoments.linears[index].weight.pointer + at, gradient)
        }
        updateBias(index, outputs: outputs, update)
    }

    /// dBias [outputs] = sum over the batch of dOutput, consumed at once by Adam.
    private func updateBias(_ index: Int, outputs: Range<Int>, _ update: foldin_adam_step) {
        let layer = layers[index]
        let at = outputs.lowerBound
        guard let dOutput = activations.dOutputs[index] else { return }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: outputs.count) { gradient in
            guard let gradient = gradient.baseAddress else { return }
            foldin_sum_columns(batch.userCount, outputs.count, layer.outputs, dOutput.pointer + at, gradient)
            var update = update
            foldin_adam(
                &update, outputs.count, parameters.linears[index].bias.pointer + at,
                firstMoments.linears[index].bias.pointer + at, secondMoments.linears[index].bias.pointer + at, gradient)
        }
    }
}

import CFoldinKernels
import FoldinKernels

// Rows of the item-wide layers under `RowMoments`. The second moments of such a layer's weights are a [2, items] matrix: the
// rows' second moments, then the numbers of their last updates.
extension TrainingStep {
    /// Brings an item's row of layer `index`, with its bias in the last layer, to where it is after `updates` updates.
    func resume(_ index: Int, item: Int, _ rows: RowMoments, updates: Int) {
        let width = rowWidth(index)
        let lastUpdate = secondMoments.linears[index].weight.pointer + parameters.architecture.items + item
        guard var pause = rows.pause(after: Int(lastUpdate.pointee), through: updates) else { return }
        lastUpdate.pointee = Float(updates)
        foldin_row_pause(
            &pause, width, parameters.linears[index].weight.pointer + item * width,
            firstMoments.linears[index].weight.pointer + item * width, secondMoments.linears[index].weight.pointer + item)
        if index > 0 {
            foldin_row_pause(
                &pause, 1, parameters.linears[index].bias.pointer + item, firstMoments.linears[index].bias.pointer + item,
                secondMoments.linears[index].bias.pointer + item)
        }
    }

    /// The `number`-th update of an item's row of layer `index`, and of its bias where `bias` holds that one's gradient.
    func updateRow(
        _ index: Int, item: Int, _ gradient: UnsafePointer<Float>, bias: UnsafePointer<Float>?, _ update: foldin_adam_step,
        _ number: Int
    ) {
        let width = rowWidth(index)
        var update = update
        secondMoments.linears[index].weight.pointer[parameters.architecture.items + item] = Float(number)
        foldin_row_adam(
            &update, width, parameters.linears[index].weight.pointer + item * width,
            firstMoments.linears[index].weight.pointer + item * width, secondMoments.linears[index].weight.pointer + item,
            gradient)
        if let bias {
            foldin_row_adam(
                &update, 1, parameters.linears[index].bias.pointer + item, firstMoments.linears[index].bias.pointer + item,
                secondMoments.linears[index].bias.pointer + item, bias)
        }
    }

    /// Brings the first layer's rows of the clicks that dropout left up to date.
    func resumeClickedRows(_ candidates: Candidates, _ rows: RowMoments, updates: Int) {
        workers.forEachPiece(of: candidates.clickedCount, size: itemsAPanel) { places, _ in
            for place in places where batch.itemStarts[place + 1] > batch.itemStarts[place] {
                resume(0, item: Int(candidates.items[place]), rows, updates: updates)
            }
        }
    }

    /// dWeight [item, :] = sum over the item's users of value * dOutput [user, :], for the clicks that dropout left.
    func updateClickedRows(_ places: Range<Int>, _ candidates: Candidates, _ update: foldin_adam_step, number: Int) {
        let width = rowWidth(0)
        guard let dOutput = activations.dOutputs[0] else { return }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { gradient in
            guard let gradient = gradient.baseAddress else { return }
            batch.itemRows.withUnsafeBufferPointer { rows in
                batch.itemValues.withUnsafeBufferPointer { values in
                    guard let rows = rows.baseAddress, let values = values.baseAddress else { return }
                    for place in places {
                        let start = batch.itemStarts[place]
                        let count = batch.itemStarts[place + 1] - start
                        guard count > 0 else { continue }
                        foldin_sum_rows(width, nil, count, rows + start, values + start, dOutput.pointer, gradient)
                        updateRow(0, item: Int(candidates.items[place]), gradient, bias: nil, update, number)
                    }
                }
            }
        }
    }

    /// The number of weights an item has in the first or last layer.
    private func rowWidth(_ index: Int) -> Int { index == 0 ? layers[0].outputs : layers[index].inputs }
}

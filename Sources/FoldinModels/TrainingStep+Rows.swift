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
            forEachClicked(places) { resume(0, item: Int(candidates.items[$0]), rows, updates: updates) }
        }
    }

    /// The number of weights an item has in the first or last layer.
    private func rowWidth(_ index: Int) -> Int { index == 0 ? layers[0].outputs : layers[index].inputs }
}

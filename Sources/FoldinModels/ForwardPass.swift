import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Rows that one task of a dense layer takes; fixed, so that results do not depend on the number of threads.
let rowsAPiece = 64
/// Items that one task of the item-wide layers takes; fixed for the same reason.
let itemsAPanel = 256

extension Parameters {
    /// Scores of all items for some users: the network without dropout and with the latent mean (Liang et al., section 2.4).
    ///
    /// `scores` is [rows.count, items]. Takes about `2 * parameters` operations a user, and room for
    /// the hidden layers of these users.
    func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == architecture.items, "histories and model must have the same items")
        let hidden = hiddenForScoring(histories, rows: rows, workers: workers)
        scoreItems(hidden, users: rows.count, into: scores, workers: workers)
    }

    /// The last layer: scores [users, items] from what it sees, [users, last.inputs].
    func scoreItems(_ hidden: FloatBuffer, users: Int, into scores: UnsafeMutablePointer<Float>, workers: Workers) {
        let layers = architecture.layers
        let last = layers[layers.count - 1]
        let linear = linears[layers.count - 1]
        let items = last.outputs
        workers.forEachPiece(of: items, size: 2 * itemsAPanel) { panel, _ in
            matrixMultiply(
                rows: users, columns: panel.count, inner: last.inputs, .plain(hidden.pointer, stride: last.inputs),
                .transposed(linear.weight.pointer + panel.lowerBound * last.inputs, stride: last.inputs),
                into: scores + panel.lowerBound, stride: items)
            for row in 0..<users {
                foldin_add_bias(1, panel.count, scores + row * items + panel.lowerBound, linear.bias.pointer + panel.lowerBound)
            }
        }
    }

    /// What the last layer sees: [rows.count, last.inputs].
    func hiddenForScoring(_ histories: InteractionMatrix, rows: Range<Int>, workers: Workers) -> FloatBuffer {
        let layers = architecture.layers
        var current = inputLayerForScoring(histories, rows: rows, workers: workers)
        var stride = layers[0].outputs
        for (index, layer) in layers.enumerated().dropFirst() {
            // The VAE's latent mean is the first half of each encoder row: its stride is twice its width.
            if layer.activatesInput {
                let activated = FloatBuffer(count: rows.count * layer.inputs)
                for row in 0..<rows.count {
                    foldin_tanh(layer.inputs, current.pointer + row * stride, activated.pointer + row * layer.inputs)
                }
                (current, stride) = (activated, layer.inputs)
            }
            if index == layers.count - 1 {
                guard stride != layer.inputs else { return current }
                let compact = FloatBuffer(count: rows.count * layer.inputs)
                for row in 0..<rows.count {
                    (compact.pointer + row * layer.inputs).update(from: current.pointer + row * stride, count: layer.inputs)
                }
                return compact
            }
            let output = FloatBuffer(count: rows.count * layer.outputs)
            workers.forEachPiece(of: rows.count, size: rowsAPiece) { piece, _ in
                linearForward(
                    layer, linears[index], rows: piece.count, current.pointer + piece.lowerBound * stride, inputStride: stride,
                    into: output.pointer + piece.lowerBound * layer.outputs)
            }
            (current, stride) = (output, layer.outputs)
        }
        return current
    }

    /// The first layer of L2-normalised clicks: [rows.count, outputs]. Reads only the clicked items' weights.
    func inputLayerForScoring(_ histories: InteractionMatrix, rows: Range<Int>, workers: Workers) -> FloatBuffer {
        let layer = architecture.layers[0]
        let linear = linears[0]
        let output = FloatBuffer(count: rows.count * layer.outputs)
        histories.columns.withUnsafeBufferPointer { columns in
            workers.forEachPiece(of: rows.count, size: 16) { piece, _ in
                var factors: [Float] = []
                for row in piece {
                    let user = rows.lowerBound + row
                    let start = histories.rowStarts[user]
                    let count = histories.rowStarts[user + 1] - start
                    let value = layer.activatesInput ? tanhOfOne(normalizedClick(count)) : normalizedClick(count)
                    if factors.count < count || factors.first != value {
                        factors = [Float](repeating: value, count: max(count, 1))
                    }
                    let out = output.pointer + row * layer.outputs
                    factors.withUnsafeBufferPointer { factors in
                        clicksForward(
                            layer, linear, items: columns.baseAddress.map { $0 + start }, values: factors.baseAddress,
                            count: count, into: out)
                    }
                }
            }
        }
        return output
    }
}

/// The value of each click of a user with `count` of them after L2 normalisation.
@inline(__always)
func normalizedClick(_ count: Int) -> Float { 1 / Float(max(1, count)).squareRoot() }

func tanhOfOne(_ x: Float) -> Float {
    var y: Float = 0
    withUnsafePointer(to: x) { foldin_tanh(1, $0, &y) }
    return y
}

/// out [layer.outputs] = tanh?(sum over a user's clicks of value * the item's row + bias), for the first layer.
@inline(__always)
func clicksForward(
    _ layer: Layer, _ linear: Parameters.Linear, items: UnsafePointer<Int32>?, values: UnsafePointer<Float>?, count: Int,
    into out: UnsafeMutablePointer<Float>
) {
    if count > 0, let items, let values {
        foldin_sum_rows(layer.outputs, linear.bias.pointer, count, items, values, linear.weight.pointer, out)
    } else {
        out.update(from: linear.bias.pointer, count: layer.outputs)
    }
    if layer.activatesOutput { foldin_tanh(layer.outputs, out, out) }
}

/// output [rows, layer.outputs] = tanh?(input * weight^T + bias), on the calling thread.
func linearForward(
    _ layer: Layer, _ linear: Parameters.Linear, rows: Int, _ input: UnsafePointer<Float>, inputStride: Int,
    into output: UnsafeMutablePointer<Float>
) {
    matrixMultiply(
        rows: rows, columns: layer.outputs, inner: layer.inputs, .plain(input, stride: inputStride),
        .transposed(linear.weight.pointer, stride: layer.inputs), into: output, stride: layer.outputs)
    foldin_add_bias(rows, layer.outputs, output, linear.bias.pointer)
    if layer.activatesOutput { foldin_tanh(rows * layer.outputs, output, output) }
}

import FoldinInteractions
import FoldinKernels

extension Parameters {
    /// The network without dropout and with the latent mean, up to the last layer's input, for the users `rows` of `histories`.
    ///
    /// - Parameter layers: the layers that are computed after the first; by default all.
    package func forward(
        _ histories: InteractionMatrix, rows: Range<Int>, layers: Range<Int>? = nil, workers: Workers,
        engine: any ComputeEngine = KernelEngine()
    ) -> Activations {
        let values = Activations(shape, users: rows.count, isForTraining: false)
        inputForward(histories, rows: rows, into: values.output(of: 0), workers: workers, engine: engine)
        let stack = HiddenStack(self, engine: engine)
        workers.forEachPiece(of: rows.count, size: usersPerPiece) { users, _ in stack.forward(users, values, layers: layers) }
        return values
    }

    /// The first layer of L2-normalised clicks, into [rows.count, outputs]. Reads only the clicked items' weights.
    package func inputForward(
        _ histories: InteractionMatrix, rows: Range<Int>, into output: MutableMatrixView, workers: Workers,
        engine: any ComputeEngine
    ) {
        let layer = InputLayer(self, engine: engine)
        histories.columns.withUnsafeBufferPointer { columns in
            workers.forEachPiece(of: rows.count, size: 16) { piece, _ in
                var values = ClickValues()
                for row in piece {
                    let user = rows.lowerBound + row
                    let items = UnsafeBufferPointer(rebasing: columns[histories.rowStarts[user]..<histories.rowStarts[user + 1]])
                    values.with(items, layer) { layer.forward($0, into: output.row(row)) }
                }
            }
        }
    }

    /// The last layer: scores [users, items] = input [users, inputs] * weight^T + bias.
    package func scoreItems(
        _ input: MatrixView, into scores: UnsafeMutablePointer<Float>, workers: Workers,
        engine: any ComputeEngine = KernelEngine()
    ) {
        let scores = MutableMatrixView(scores, rows: input.rows, columns: shape.items)
        let linear = linears[linears.count - 1]
        let weight = linear.weight.matrix(rows: shape.items, columns: shape.last.inputs)
        workers.forEachPiece(of: shape.items, size: 2 * itemsPerPanel) { items, _ in
            engine.multiply(input, weight.rows(items).transposed, into: scores.columns(items))
            engine.add(bias: linear.bias.vector[items], to: scores.columns(items))
        }
    }
}

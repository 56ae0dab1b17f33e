import CFoldinKernels

/// The default engine: Foldin's vector loops in C, in the version for the best instruction set of the processor.
///
/// Products are those of `matrixMultiply`, which may use the system's BLAS.
public struct KernelEngine: ComputeEngine {
    /// The engine has no state: all values are equal.
    public init() {}

    // MARK: Products

    public func multiply(_ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, adding: Bool) {
        checkShape(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns)
        matrixMultiply(
            rows: a.rows, columns: b.columns, inner: a.columns, a.operand, b.operand, beta: adding ? 1 : 0, into: c.start,
            stride: c.stride)
    }

    public func multiply(_ a: VectorView, rows: UnsafeBufferPointer<Int32>, of b: MatrixView, into c: MutableVectorView) {
        checkShape(!b.isTransposed && a.count == b.columns && c.count == rows.count)
        multiplyRows(rows, of: b.start, stride: b.stride, inner: a.count, by: a.start, into: c.start)
    }

    public func multiply(_ x: SparseVector, _ b: MatrixView, plus start: VectorView?, into c: MutableVectorView) {
        checkShape(b.isContiguous && c.count == b.columns && (start?.count ?? c.count) == c.count)
        withUnsafePointer(to: Int32(0)) { none in
            foldin_sum_rows(
                b.columns, start?.start, x.values.count, x.indices.baseAddress ?? none, x.values.start, b.start, c.start)
        }
    }

    // MARK: Softmax

    public func exponentials(_ logits: MutableMatrixView, bias: VectorView, maxima: MutableVectorView, sums: MutableVectorView) {
        checkShape(
            logits.isContiguous && bias.count == logits.columns && maxima.count == logits.rows && sums.count == logits.rows)
        foldin_exponentials(logits.rows, logits.columns, logits.start, bias.start, maxima.start, sums.start)
    }

    public func sumClicked(
        _ logits: MatrixView, bias: VectorView, clicks: BatchClicks, firstItem: Int, into sums: MutableVectorView
    ) {
        checkShape(
            logits.isContiguous && bias.count == logits.columns && clicks.userCount == logits.rows && sums.count == logits.rows)
        clicks.withKernelClicks {
            foldin_sum_clicks(logits.rows, firstItem, logits.columns, $0, logits.start, bias.start, sums.start)
        }
    }

    public func lossGradient(
        _ panel: MutableMatrixView, scales: VectorView, clicks: BatchClicks, firstItem: Int, shares: VectorView,
        columnSums: MutableVectorView
    ) {
        checkShape(
            panel.isContiguous && scales.count == panel.rows && shares.count == panel.rows && clicks.userCount == panel.rows
                && columnSums.count == panel.columns)
        clicks.withKernelClicks {
            foldin_loss_gradient(
                panel.rows, firstItem, panel.columns, $0, shares.start, scales.start, panel.start, columnSums.start)
        }
    }

    // MARK: Adam

    public func update(_ weights: AdamWeights, gradient: VectorView, _ update: AdamUpdate) {
        checkShape(gradient.count == weights.count && weights.secondMoments.count == weights.count)
        withUnsafePointer(to: update.constants) {
            foldin_adam(
                $0, weights.count, weights.weights.start, weights.firstMoments.start, weights.secondMoments.start, gradient.start)
        }
    }

    public func updateWithoutGradient(_ weights: AdamWeights, _ updates: UnsafeBufferPointer<AdamUpdate>) {
        checkShape(weights.secondMoments.count == weights.count)
        // An update has its constants as its only property, so an array of updates has the layout of an array of constants.
        updates.withMemoryRebound(to: foldin_adam_step.self) { steps in
            guard let start = steps.baseAddress else { return }
            foldin_adam_without_gradient(
                start, steps.count, weights.count, weights.weights.start, weights.firstMoments.start, weights.secondMoments.start)
        }
    }

    public func updateRow(_ row: AdamWeights, gradient: VectorView, _ update: AdamUpdate) {
        checkShape(gradient.count == row.count && row.secondMoments.count == 1)
        withUnsafePointer(to: update.constants) {
            foldin_row_adam(
                $0, row.count, row.weights.start, row.firstMoments.start, row.secondMoments.start, gradient.start)
        }
    }

    public func resumeRow(_ row: AdamWeights, _ skipped: SkippedAdamUpdates) {
        checkShape(row.secondMoments.count == 1)
        withUnsafePointer(to: skipped.constants) {
            foldin_row_resume($0, row.count, row.weights.start, row.firstMoments.start, row.secondMoments.start)
        }
    }

    public func prefetch(_ weights: AdamWeights) {
        foldin_prefetch(weights.count, weights.weights.start)
        foldin_prefetch(weights.count, weights.firstMoments.start)
        foldin_prefetch(weights.secondMoments.count, weights.secondMoments.start)
    }

    // MARK: Reductions and sums

    public func sumColumns(_ matrix: MatrixView, into sums: MutableVectorView) {
        checkShape(!matrix.isTransposed && sums.count == matrix.columns)
        foldin_sum_columns(matrix.rows, matrix.columns, matrix.stride, matrix.start, sums.start)
    }

    public func sumProducts(_ x: MatrixView, _ y: MatrixView, into sums: MutableVectorView) {
        checkShape(
            x.isContiguous && y.isContiguous && x.rows == y.rows && x.columns == y.columns && sums.count == x.columns)
        foldin_sum_products(x.rows, x.columns, x.start, y.start, sums.start)
    }

    public func add(_ addend: VectorView, to sum: MutableVectorView) {
        checkShape(addend.count == sum.count)
        foldin_add(sum.count, addend.start, sum.start)
    }

    public func add(bias: VectorView, to matrix: MutableMatrixView) {
        checkShape(bias.count == matrix.columns)
        if matrix.isContiguous {
            foldin_add_bias(matrix.rows, matrix.columns, matrix.start, bias.start)
        } else {
            for row in 0..<matrix.rows { foldin_add_bias(1, matrix.columns, matrix.start + row * matrix.stride, bias.start) }
        }
    }

    // MARK: Activations

    public func tanh(_ x: VectorView, into y: MutableVectorView) {
        checkShape(x.count == y.count)
        foldin_tanh(x.count, x.start, y.start)
    }

    public func tanhBackward(_ gradient: MutableVectorView, y: VectorView) {
        checkShape(gradient.count == y.count)
        foldin_tanh_backward(y.count, y.start, gradient.start)
    }

    public func swishNorm(
        _ x: MatrixView, gain: VectorView, shift: VectorView, epsilon: Float, normalized: MutableMatrixView,
        inverses: MutableVectorView, into out: MutableMatrixView
    ) {
        checkShape(
            x.isContiguous && normalized.readOnly.isContiguous(like: x) && out.readOnly.isContiguous(like: x)
                && gain.count == x.columns && shift.count == x.columns && inverses.count == x.rows)
        foldin_swish_norm(
            x.rows, x.columns, x.start, gain.start, shift.start, epsilon, normalized.start, inverses.start, out.start)
    }

    public func swishNormBackward(
        _ dOut: MatrixView, x: MatrixView, normalized: MatrixView, inverses: VectorView, gain: VectorView,
        into dX: MutableMatrixView
    ) {
        checkShape(
            x.isContiguous && dOut.isContiguous(like: x) && normalized.isContiguous(like: x) && dX.readOnly.isContiguous(like: x)
                && gain.count == x.columns && inverses.count == x.rows)
        foldin_swish_norm_backward(
            x.rows, x.columns, x.start, normalized.start, inverses.start, gain.start, dOut.start, dX.start)
    }

    // MARK: Latent samples

    public func sampleLatent(moments: VectorView, noise: VectorView, into z: MutableVectorView) -> Double {
        checkShape(moments.count == 2 * z.count && noise.count == z.count)
        return foldin_sample_latent(z.count, moments.start, noise.start, z.start)
    }

    public func sampleLatentBackward(
        _ dZ: VectorView, moments: VectorView, noise: VectorView, weight: Float, into dMoments: MutableVectorView
    ) {
        checkShape(moments.count == 2 * dZ.count && noise.count == dZ.count && dMoments.count == moments.count)
        foldin_sample_latent_backward(dZ.count, moments.start, noise.start, dZ.start, weight, dMoments.start)
    }

    public func sampleLatent(
        moments: VectorView, noise: VectorView, prior: CompositePrior, earlier: VectorView, into z: MutableVectorView,
        slopes: MutableVectorView
    ) -> Double {
        checkShape(
            moments.count == 2 * z.count && noise.count == z.count && earlier.count == moments.count && slopes.count == z.count)
        return withUnsafePointer(to: prior.constants) {
            foldin_sample_composite($0, z.count, moments.start, earlier.start, noise.start, z.start, slopes.start)
        }
    }

    public func sampleLatentBackward(
        _ dZ: VectorView, moments: VectorView, noise: VectorView, slopes: VectorView, weight: Float,
        into dMoments: MutableVectorView
    ) {
        checkShape(
            moments.count == 2 * dZ.count && noise.count == dZ.count && slopes.count == dZ.count
                && dMoments.count == moments.count)
        foldin_sample_composite_backward(
            dZ.count, moments.start, noise.start, slopes.start, dZ.start, weight, dMoments.start)
    }
}

@inline(__always)
private func checkShape(_ isValid: Bool, function: StaticString = #function) {
    precondition(isValid, "\(function): the shapes of the operands do not match")
}

extension MatrixView {
    fileprivate var operand: MatrixOperand {
        isTransposed ? .transposed(start, stride: stride) : .plain(start, stride: stride)
    }

    fileprivate func isContiguous(like other: MatrixView) -> Bool {
        isContiguous && rows == other.rows && columns == other.columns
    }
}

extension BatchClicks {
    /// Runs `body` with the clicks as the kernels take them.
    fileprivate func withKernelClicks(_ body: (foldin_clicks) -> Void) {
        guard let starts = starts.baseAddress else { return }
        // An empty array may have no address; then no click is read.
        withUnsafePointer(to: Int32(0)) { none in body(foldin_clicks(starts: starts, items: items.baseAddress ?? none)) }
    }
}

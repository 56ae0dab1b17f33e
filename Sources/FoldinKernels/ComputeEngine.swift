/// The arithmetic of training and scoring on the calling thread: products, softmax, Adam and reductions.
///
/// An engine is a value that is passed in. `KernelEngine` is the default. Another engine conforms to this protocol and passes
/// `ComputeEngineTests`, the contract suite of all engines.
///
/// Shapes are in brackets, [rows, columns]. All views of a call must have the shapes that are given; an engine checks them once per call.
/// Outputs must not overlap inputs unless a method allows it. A call processes at least a row of an item's weights, usually a panel of
/// items or a piece of users, so that the cost of the call itself is small. Results depend on the arguments alone, not on the thread or the
/// time.
public protocol ComputeEngine: Sendable {
    // MARK: Products

    /// c [n, m] = a [n, k] * b [k, m], or c += a * b with `adding`.
    ///
    /// Either operand may be `transposed`. Without `adding`, c may hold anything before. Costs `2 * n * m * k` operations.
    func multiply(_ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView, adding: Bool)

    /// c [rows.count] = the products of a [k] and some rows of b [n, k]: the same bits as `multiply(a, b.transposed)` gives for these rows,
    /// where an element of a product does not depend on the others (`MatrixMultiply.isOwn`).
    func multiply(_ a: VectorView, rows: UnsafeBufferPointer<Int32>, of b: MatrixView, into c: MutableVectorView)

    /// c [m] = x [n] * b [n, m] + start [m]; without `start`, c = x * b.
    ///
    /// Rows of b whose factor is 0 are not read. b is contiguous; c may be `start`.
    func multiply(_ x: SparseVector, _ b: MatrixView, plus start: VectorView?, into c: MutableVectorView)

    // MARK: Softmax

    /// For each row of logits [users, items]: l = logits + bias [items], maxima [users] = max l, logits = exp(l - maximum), and sums
    /// [users] = the sum of these exponentials.
    ///
    /// logits is contiguous.
    func exponentials(_ logits: MutableMatrixView, bias: VectorView, maxima: MutableVectorView, sums: MutableVectorView)

    /// sums [users] = the sum of logits + bias over the items that each user clicked, of a panel [users, items] of logits.
    ///
    /// The panel's first column is item `firstItem`; clicks on items outside the panel are left out. logits is contiguous.
    func sumClicked(
        _ logits: MatrixView, bias: VectorView, clicks: BatchClicks, firstItem: Int, into sums: MutableVectorView)

    /// From exponentials to the loss's gradient: panel [users, items] *= scales [users], row by row, minus shares [users] at the clicked items;
    /// columnSums [items] = the sums of the gradient's columns.
    ///
    /// The panel's first column is item `firstItem`. panel is contiguous.
    func lossGradient(
        _ panel: MutableMatrixView, scales: VectorView, clicks: BatchClicks, firstItem: Int, shares: VectorView,
        columnSums: MutableVectorView)

    // MARK: Adam

    /// Updates weights that have a second moment each with their gradient.
    func update(_ weights: AdamWeights, gradient: VectorView, _ update: AdamUpdate)

    /// Makes several updates, none of which has a gradient, one after the other: the same bits as `update` with gradients of zeros.
    func updateWithoutGradient(_ weights: AdamWeights, _ updates: UnsafeBufferPointer<AdamUpdate>)

    /// Updates a row of weights that shares one second moment: the running mean of the row's mean squared gradient. L2 decay is not
    /// applied.
    func updateRow(_ row: AdamWeights, gradient: VectorView, _ update: AdamUpdate)

    /// Makes up for the updates that a row of weights that shares one second moment has skipped.
    func resumeRow(_ row: AdamWeights, _ skipped: SkippedAdamUpdates)

    /// Says that weights and their moments are read and written soon. A hint: it changes no result, and an engine may ignore it.
    func prefetch(_ weights: AdamWeights)

    // MARK: Reductions and sums

    /// sums [columns] = the sum over the rows of matrix [rows, columns].
    func sumColumns(_ matrix: MatrixView, into sums: MutableVectorView)

    /// sums [columns] = the sum over the rows of x * y, element by element; both [rows, columns] and contiguous.
    func sumProducts(_ x: MatrixView, _ y: MatrixView, into sums: MutableVectorView)

    /// sum += addend, element by element.
    func add(_ addend: VectorView, to sum: MutableVectorView)

    /// matrix [rows, columns] += bias [columns], in each row.
    func add(bias: VectorView, to matrix: MutableMatrixView)

    // MARK: Activations

    /// y = tanh(x), element by element; y may be x.
    func tanh(_ x: VectorView, into y: MutableVectorView)

    /// gradient *= 1 - y^2, element by element, where y is the result of `tanh`.
    func tanhBackward(_ gradient: MutableVectorView, y: VectorView)

    /// Swish, then layer normalisation, of each row: s = x * sigmoid(x), normalized = (s - mean s) * inverse with
    /// inverse = 1 / sqrt(variance of s + epsilon), out = gain * normalized + shift.
    ///
    /// x, normalized, out [rows, width], contiguous; gain, shift [width]; inverses [rows].
    func swishNorm(
        _ x: MatrixView, gain: VectorView, shift: VectorView, epsilon: Float, normalized: MutableMatrixView,
        inverses: MutableVectorView, into out: MutableMatrixView)

    /// dX from dOut, both [rows, width]; the others as `swishNorm` had them and left them.
    func swishNormBackward(
        _ dOut: MatrixView, x: MatrixView, normalized: MatrixView, inverses: VectorView, gain: VectorView,
        into dX: MutableMatrixView)

    // MARK: Latent samples of one user

    /// z [latent] = mu + noise * exp(logvar / 2), where moments [2 latent] is mu, then logvar. Returns the Kullback-Leibler divergence from
    /// the standard normal, -1/2 sum(1 + logvar - mu^2 - exp(logvar)) (Liang et al., eq. 7).
    func sampleLatent(moments: VectorView, noise: VectorView, into z: MutableVectorView) -> Double

    /// dMoments [2 latent] from dZ [latent] and from `weight` times the divergence.
    func sampleLatentBackward(
        _ dZ: VectorView, moments: VectorView, noise: VectorView, weight: Float, into dMoments: MutableVectorView)

    /// z [latent] as in `sampleLatent`. Returns log q(z) - log p(z), summed over the latent; slopes [latent] = d log p(z) / dz.
    ///
    /// q is the normal distribution of `moments`, p the mixture `prior` with the earlier posterior `earlier`; both [2 latent].
    func sampleLatent(
        moments: VectorView, noise: VectorView, prior: CompositePrior, earlier: VectorView, into z: MutableVectorView,
        slopes: MutableVectorView
    ) -> Double

    /// dMoments [2 latent] from dZ [latent] and from `weight` times the result of the sample under a composite prior with these `slopes`.
    func sampleLatentBackward(
        _ dZ: VectorView, moments: VectorView, noise: VectorView, slopes: VectorView, weight: Float,
        into dMoments: MutableVectorView)
}

extension ComputeEngine {
    /// c [n, m] = a [n, k] * b [k, m].
    public func multiply(_ a: MatrixView, _ b: MatrixView, into c: MutableMatrixView) {
        multiply(a, b, into: c, adding: false)
    }

    /// Does nothing.
    public func prefetch(_ weights: AdamWeights) {}
}

import FoldinKernels
import FoldinModels
import Foundation

/// The last layer of a training step with the softmax over the items, the loss, and the layer's gradients and updates.
///
/// With l = h W^T + b the logits of a batch, h [users, width] being the input, and x its clicks, the loss is the mean over the users of the
/// multinomial negative log-likelihood - sum over the clicks of log softmax(l) (Liang et al., equation 2), and
///
///     dl = (clicks * softmax(l) - x) / users,    dh = dl W,    dW = dl^T h,    db = the column sums of dl
///
/// Items are cut into panels of `itemsPerPanel`, each computed by one thread. dW is never stored whole: Adam consumes a panel while it is in
/// cache.
protocol OutputHead: AnyObject {
    /// Updates of the first layer that go with this head.
    var firstLayer: any FirstLayerUpdates { get }

    /// Gets ready for a batch: draws its candidates, groups its clicks by the keys of `firstLayer`, and makes pending updates of the rows
    /// that it reads. `updates` were made before.
    func prepare(_ batch: inout Batch, updates: Int, adam: Adam, randomness: StepRandomness)

    /// The softmax of the logits of an input [users, width]; returns the loss.
    func forward(_ input: MatrixView, _ batch: Batch) -> Double

    /// The gradients by the input and the layer, for what `forward` had; `number` is that of the update, from 1.
    ///
    /// Without an update the layer stays as it is; the input's gradient is computed only if `needsInputGradient`.
    func backward(_ input: MatrixView, _ batch: Batch, _ update: AdamUpdate?, number: Int, needsInputGradient: Bool)

    /// dInput [users, width] of some users of the batch, as `backward` left it.
    func inputGradient(_ users: Range<Int>, into gradient: MutableMatrixView)

    /// Makes all pending updates, so that the weights are those after `updates` updates, of which `adam` made the last.
    func flush(updates: Int, adam: Adam)

    /// Makes pending updates if that changes no bit of what follows.
    func prepareCheckpoint()

    /// Forgets pending updates: other weights have taken the place of all.
    func reset()
}

/// The softmax of a batch by panels of items: what is summed over panels, each [panels, users].
struct PanelSums: Sendable {
    let panelCount: Int
    private let largest: FloatBuffer
    private let sums: FloatBuffer
    private let clicked: FloatBuffer
    /// [users]
    private let ownShares: FloatBuffer

    /// Memory for so many panels and users.
    init(panelCount: Int, users: Int) {
        self.panelCount = panelCount
        largest = FloatBuffer(count: panelCount * users)
        sums = FloatBuffer(count: panelCount * users)
        clicked = FloatBuffer(count: panelCount * users)
        ownShares = FloatBuffer(count: users)
    }

    private func vector(_ buffer: FloatBuffer, _ panel: Int, _ users: Int) -> MutableVectorView {
        buffer.mutableVector[panel * users..<(panel + 1) * users]
    }

    /// The largest logit of each user in a panel; after `join` the factor that makes the gradient of the panel's exponentials.
    func maxima(_ panel: Int, users: Int) -> MutableVectorView { vector(largest, panel, users) }
    /// The sum of exponentials of each user in a panel.
    func sums(_ panel: Int, users: Int) -> MutableVectorView { vector(sums, panel, users) }
    /// The sum of the logits of each user's clicks in a panel.
    func clicked(_ panel: Int, users: Int) -> MutableVectorView { vector(clicked, panel, users) }

    /// What a click of each user counts in the mean loss, its weight / users; as `share` or `join` left it.
    func shares(users: Int) -> VectorView { ownShares.vector[0..<users] }

    /// Gives each user of the batch the share that its weight makes.
    func share(_ batch: Batch) {
        for user in 0..<batch.userCount { ownShares.pointer[user] = batch.weights[user] / Float(batch.userCount) }
    }

    /// Joins the softmaxes of the first `panelCount` panels: returns the weighted mean negative log-likelihood, and leaves in `maxima` the
    /// factor that makes of a panel's exponentials the gradient `weight * clicks * softmax / users`.
    func join(_ batch: Batch, panelCount: Int) -> Double {
        let users = batch.userCount
        share(batch)
        let (maxima, sums, clicked) = (largest.pointer, sums.pointer, clicked.pointer)
        var likelihood = 0.0
        for user in 0..<users {
            let entries = stride(from: user, to: panelCount * users, by: users)
            var most = -Float.infinity
            for entry in entries { most = max(most, maxima[entry]) }
            var total = 0.0
            var hits = 0.0
            for entry in entries {
                maxima[entry] = exp(maxima[entry] - most)
                total += Double(sums[entry]) * Double(maxima[entry])
                hits += Double(clicked[entry])
            }
            let (clicks, weight) = (Double(batch.clickCount(of: user)), Double(batch.weights[user]))
            likelihood += weight * (clicks * (Double(most) + log(total)) - hits)
            let factor = Float(weight * clicks / (total * Double(users)))
            for entry in entries { maxima[entry] *= factor }
        }
        return likelihood / Double(users)
    }
}

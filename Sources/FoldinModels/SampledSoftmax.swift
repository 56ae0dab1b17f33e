import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Room and state of a sampled softmax: the counterpart of `OutputScratch`, in which candidates stand for items.
final class SampledSoftmax {
    let negatives: Int
    /// Set up by the first batch, when the clicks to count are known.
    var candidates: Candidates?
    var rows = RowMoments()

    private let batchSize: Int
    private let width: Int
    /// Logits, then exponentials, then gradients: batch x candidates floats, by panels.
    private(set) var panels = FloatBuffer(count: 0)
    /// Corrected biases of the candidates.
    private(set) var biases = FloatBuffer(count: 0)
    /// A panel's largest logit, sum of exponentials, and sum of clicked logits, each [panelCount, batch].
    private(set) var maxima = FloatBuffer(count: 0)
    private(set) var sums = FloatBuffer(count: 0)
    private(set) var clicked = FloatBuffer(count: 0)
    private(set) var lanes: InputLanes
    /// A worker's panel of the candidates' weights, of their gradient, and of their biases'.
    let weights: [FloatBuffer]
    let dWeights: [FloatBuffer]
    let dBiases: [FloatBuffer]

    init(negatives: Int, layer: Layer, batchSize: Int, workers: Workers) {
        self.negatives = negatives
        self.batchSize = batchSize
        width = layer.inputs
        lanes = InputLanes(panelCount: 0, users: batchSize, width: layer.inputs)
        weights = (0..<workers.count).map { _ in FloatBuffer(count: itemsAPanel * layer.inputs) }
        dWeights = (0..<workers.count).map { _ in FloatBuffer(count: itemsAPanel * layer.inputs) }
        dBiases = (0..<workers.count).map { _ in FloatBuffer(count: itemsAPanel) }
    }

    var panelCount: Int { ((candidates?.count ?? 0) + itemsAPanel - 1) / itemsAPanel }

    /// The candidates of a panel, as places among them.
    func places(ofPanel panel: Int) -> Range<Int> {
        panel * itemsAPanel..<min(candidates?.count ?? 0, (panel + 1) * itemsAPanel)
    }

    /// Takes the batch's candidates and makes room for them.
    func assemble(_ batch: Batch, of matrix: InteractionMatrix, randomness: foldin_random_source) {
        var candidates =
            self.candidates ?? Candidates(Proposal(clicks: matrix.itemCounts(), draws: negatives))
        self.candidates = nil  // so that the arrays are not copied
        candidates.assemble(clicks: batch.columns, randomness: randomness)
        self.candidates = candidates
        if biases.count < candidates.count {
            let room = candidates.count + candidates.count / 8
            let roomInPanels = (room + itemsAPanel - 1) / itemsAPanel
            panels = FloatBuffer(count: batchSize * room)
            biases = FloatBuffer(count: room)
            maxima = FloatBuffer(count: roomInPanels * batchSize)
            sums = FloatBuffer(count: roomInPanels * batchSize)
            clicked = FloatBuffer(count: roomInPanels * batchSize)
        }
        lanes = InputLanes(panelCount: panelCount, users: batchSize, width: width, reusing: lanes)
    }
}

import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// A trained RecVAE (Shenbin et al., WSDM 2020): what scores is the latent mean through the linear decoder.
public struct ResidualAutoencoder: Sendable {
    /// Weights of an architecture of the family `recVAE`; not changed any more.
    public let parameters: Parameters

    public init(_ parameters: Parameters) {
        precondition(parameters.architecture.family == .recVAE, "a network of the family rec-vae")
        self.parameters = parameters
    }

    /// The posteriors' means and log-variances, [rows.count, 2 latent], of clicks without dropout.
    func moments(_ histories: InteractionMatrix, rows: Range<Int>, workers: Workers) -> FloatBuffer {
        let encoder = ResidualEncoder(parameters)
        let width = encoder.width
        let twice = 2 * parameters.architecture.latent
        let inputs = parameters.inputLayerForScoring(histories, rows: rows, workers: workers)
        let moments = FloatBuffer(count: rows.count * twice)
        let rowsHere = min(rowsAPiece, rows.count)
        let rooms = (0..<workers.count).map { _ in FloatBuffer(count: 3 * rowsHere * width + rowsHere) }
        workers.forEachPiece(of: rows.count, size: rowsAPiece) { piece, worker in
            let room = rooms[worker].pointer
            let part = rowsHere * width
            // Nothing is kept: a layer's memory is the next one's.
            let place = ResidualEncoder.Place(
                input: inputs.pointer + piece.lowerBound * width, normalized: room, inverses: room + 3 * part,
                output: room + part)
            encoder.forward(
                rows: piece.count, sum: room + 2 * part, place: { _ in place },
                moments: moments.pointer + piece.lowerBound * twice)
        }
        return moments
    }
}

extension ResidualAutoencoder: StoredCore {
    var summary: String { parameters.summary }
    var itemCount: Int { parameters.itemCount }
    var architectureText: String { get throws { try parameters.architectureText } }
    var storedTensors: [SafeTensors.Tensor] { parameters.storedTensors }

    func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        precondition(histories.itemCount == itemCount, "histories and model must have the same items")
        let latent = parameters.architecture.latent
        let moments = moments(histories, rows: rows, workers: workers)
        let means = FloatBuffer(count: rows.count * latent)
        for row in 0..<rows.count {
            (means.pointer + row * latent).update(from: moments.pointer + row * 2 * latent, count: latent)
        }
        parameters.scoreItems(means, users: rows.count, into: scores, workers: workers)
    }

    /// The cosine of the items' vectors in the decoder.
    func similarities(to item: Int, workers: Workers) -> FloatBuffer? { parameters.similarities(to: item, workers: workers) }

    func write(to sink: borrowing AtomicFile.Sink) throws { try parameters.write(to: sink) }
}

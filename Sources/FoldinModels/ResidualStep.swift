import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import Foundation

/// What training RecVAE needs beside the weights: a batch's values between the encoder's layers, and the earlier posteriors.
///
/// The composite prior holds a user's posterior to the one that the encoder gave at the end of the epoch before, without
/// dropout. The decoder's pass, in which the encoder stands still and sees all users without dropout, gives just these moments:
/// they are written down there, `2 * latent` floats a user, instead of keeping and running a copy of the encoder.
final class ResidualStep {
    /// The mixture of the authors' code: 3/20 standard normal, 3/4 earlier posterior, 1/10 normal of log-variance 10.
    static let prior = foldin_composite_prior(log_weights: (log(0.15), log(0.75), log(0.1)), wide_log_variance: 10)

    let encoder: ResidualEncoder
    /// By hidden layer, [batch, width]; see `ResidualEncoder`. The outputs and the inputs' gradients stand in `Activations`.
    let inputs: [FloatBuffer]
    let normalized: [FloatBuffer]
    let dOutputs: [FloatBuffer]
    /// By hidden layer, [batch].
    let inverses: [FloatBuffer]
    /// [batch, width]
    let sum: FloatBuffer
    /// The prior's slope at each user's sample, [batch, latent].
    let slopes: FloatBuffer
    /// Each training user's earlier posterior, [users, 2 latent]; nil before the first step.
    var previous: FloatBuffer?

    init(_ parameters: Parameters, batchSize: Int) {
        let encoder = ResidualEncoder(parameters)
        func buffers(_ width: Int) -> [FloatBuffer] { (0..<encoder.depth).map { _ in FloatBuffer(count: batchSize * width) } }
        self.encoder = encoder
        (inputs, normalized, dOutputs) = (buffers(encoder.width), buffers(encoder.width), buffers(encoder.width))
        inverses = buffers(1)
        sum = FloatBuffer(count: batchSize * encoder.width)
        slopes = FloatBuffer(count: batchSize * parameters.architecture.latent)
    }

    /// Makes the posteriors of the encoder as it is the earlier ones of all users, unless there are some.
    func prepare(_ matrix: InteractionMatrix, workers: Workers) -> FloatBuffer {
        let twice = 2 * encoder.parameters.architecture.latent
        if let previous {
            precondition(previous.count == matrix.userCount * twice, "a training goes over the same users throughout")
            return previous
        }
        let all = FloatBuffer(count: matrix.userCount * twice)
        let network = ResidualAutoencoder(encoder.parameters)
        for start in stride(from: 0, to: matrix.userCount, by: 512) {
            let moments = network.moments(matrix, rows: start..<min(matrix.userCount, start + 512), workers: workers)
            (all.pointer + start * twice).update(from: moments.pointer, count: moments.count)
        }
        previous = all
        return all
    }
}

/// Where a step stands in an alternating training: of an epoch's passes over the users the last is the decoder's.
struct Turn: Equatable {
    static let encoderPasses = 3

    let isDecoders: Bool
    /// Updates of the same half up to this one, which it is included in: each half has an Adam of its own.
    let number: UInt64

    /// The turn of the update that follows `step` others, of `updates` a pass.
    init(after step: UInt64, updatesAPass updates: Int) {
        let (epoch, rest) = step.quotientAndRemainder(dividingBy: UInt64((Self.encoderPasses + 1) * updates))
        let forEncoder = UInt64(Self.encoderPasses * updates)
        isDecoders = rest >= forEncoder
        number = 1 + (isDecoders ? epoch * UInt64(updates) + rest - forEncoder : epoch * forEncoder + rest)
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// How large the scores of a model can become, worked out from its weights alone.
///
/// A sum of `n` products is at most `n` times the largest weight times the largest factor, in whatever order and in whatever parts it is added
/// up. That is far more than a sum reaches, and costs one pass over the weights. Single precision has room for both.
enum ScoreBound {
    /// Scores up to this are safe: rounding cannot carry their sums, nor the difference of two of them, past the largest `Float`.
    static let limit = Double(Float.greatestFiniteMagnitude) / 4

    /// `bound`, or infinity where it is past the limit or NaN: what is computed from there on may be anything.
    static func checked(_ bound: Double) -> Double { bound <= limit ? bound : .infinity }

    /// The bound of the first layer's outputs: `n` clicks of 1 / sqrt(n) each.
    static func inputLayer(_ parameters: Parameters, workers: Workers) -> Double {
        layer(terms: Double(parameters.shape.items).squareRoot(), input: 1, parameters.linears[0], workers: workers)
    }

    /// The bound of a linear layer's outputs.
    static func layer(terms: Double, input: Double, _ linear: Parameters.Linear, workers: Workers) -> Double {
        checked(
            terms * input * linear.weight.largestMagnitude(workers: workers) + linear.bias.largestMagnitude(workers: workers))
    }
}

extension TrainedModel {
    /// Checks that every score, for any history, is a finite number. Reads all weights once.
    ///
    /// - Throws: `FoldinError` of kind `badData` when one may not be.
    package func checkScores(file: String, workers: Workers) throws {
        guard model.scoreBound(workers: workers) <= ScoreBound.limit else {
            throw FoldinError(
                .badData, file: file, found: "weights so large that scores may not be finite", expected: "a model that can score")
        }
    }
}

extension FloatBuffer {
    /// The largest absolute value; NaN or infinite where a number is.
    func largestMagnitude(workers: Workers) -> Double {
        let size = 1 << 18
        // Without their signs floats are in the order of their bits.
        let largest = workers.map((count + size - 1) / size) { piece, _ in
            var largest: UInt32 = 0
            for place in piece * size..<min(count, (piece + 1) * size) {
                largest = max(largest, pointer[place].bitPattern & 0x7FFF_FFFF)
            }
            return largest
        }
        return Double(Float(bitPattern: largest.max() ?? 0))
    }
}

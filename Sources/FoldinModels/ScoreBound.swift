import FoldinInteractions
import FoldinKernels

/// How large the scores of a model can become, worked out from its weights alone.
///
/// A sum of `n` products is at most `n` times the largest weight times the largest factor, in whatever order and in whatever parts it is added
/// up. That is far more than a sum reaches, and costs one pass over the weights. Single precision has room for both.
enum ScoreBound {
    /// Scores up to this are safe: rounding cannot carry their sums, nor the difference of two of them, past the largest `Float`.
    static let limit = Double(Float.greatestFiniteMagnitude) / 4

    /// `bound`, or infinity where it is past the limit or NaN: what is computed from there on may be anything.
    static func checked(_ bound: Double) -> Double { bound <= limit ? bound : .infinity }

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
        guard core.stored.scoreBound(workers: workers) <= ScoreBound.limit else {
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

extension Parameters {
    /// The bound of the first layer's outputs: `n` clicks of 1 / sqrt(n) each.
    fileprivate func inputLayerBound(workers: Workers) -> Double {
        ScoreBound.layer(terms: Double(architecture.items).squareRoot(), input: 1, linears[0], workers: workers)
    }

    /// Layer after layer; tanh is at most 1.
    func scoreBound(workers: Workers) -> Double {
        let layers = architecture.layers
        var bound = inputLayerBound(workers: workers)
        for (index, layer) in layers.enumerated() {
            if index > 0 {
                if layer.activatesInput, bound.isFinite { bound = min(1, bound) }
                bound = ScoreBound.layer(terms: Double(layer.inputs), input: bound, linears[index], workers: workers)
            }
            if layer.activatesOutput, bound.isFinite { bound = min(1, bound) }
        }
        return bound
    }
}

extension ResidualAutoencoder {
    /// What a layer norm gives is at most sqrt(width) in units of the standard deviation, whatever comes in; the squares that it adds up
    /// must be finite. x * sigmoid(x) is no larger than x.
    func scoreBound(workers: Workers) -> Double {
        let (layers, linears) = (parameters.architecture.layers, parameters.linears)
        let width = Double(layers[0].outputs)
        var input = parameters.inputLayerBound(workers: workers)
        var (sum, output) = (0.0, 0.0)
        for (index, norm) in parameters.norms.enumerated() {
            if index > 0 {
                input = sum + ScoreBound.layer(terms: width, input: output, linears[index], workers: workers)
            }
            guard ScoreBound.checked(width * input * input).isFinite else { return .infinity }
            output =
                width.squareRoot() * norm.gain.largestMagnitude(workers: workers) + norm.shift.largestMagnitude(workers: workers)
            sum += output
        }
        for index in parameters.norms.count..<layers.count {
            output = ScoreBound.layer(terms: Double(layers[index].inputs), input: output, linears[index], workers: workers)
        }
        return output
    }
}

extension ItemWeights {
    /// A score is a sum of as many weights as there are clicks.
    func scoreBound(workers: Workers) -> Double { Double(itemCount) * weights.largestMagnitude(workers: workers) }
}

extension ItemNeighbours {
    /// A score is a sum of weights of the item's list.
    func scoreBound(workers: Workers) -> Double {
        Double(itemCount) * Double(neighbours.weights.lazy.map(\.magnitude).max() ?? 0)
    }
}

extension Blend {
    func scoreBound(workers: Workers) -> Double {
        members.reduce(0) { sum, member in
            // An infinite bound stays one, also for a weight of 0: infinity times 0 is NaN, in the scores as well.
            let bound = member.core.stored.scoreBound(workers: workers)
            return sum + (bound.isFinite ? bound * Double(member.weight.magnitude) : .infinity)
        }
    }
}

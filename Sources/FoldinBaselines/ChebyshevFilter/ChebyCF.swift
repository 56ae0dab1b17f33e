import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// ChebyCF: a polynomial filter of the graph of users and items, without training (Kim et al., *Graph Spectral Filtering with Chebyshev
/// Interpolation for Recommendation*, SIGIR 2025).
///
/// The filter's polynomial interpolates `h(x) = 1/2 + |x|^flatness / 2` for x < 0 and `1/2 - x^flatness / 2` for x >= 0, x being an
/// eigenvalue of `T = I - 2 R^T R`, at the Chebyshev nodes; the projection keeps the `directions` strongest right singular vectors of R. What
/// the scores are: `ChebyshevFilter`.
public struct ChebyCF: Baseline {
    public static let name = "chebycf"

    /// K: the degree of the polynomial, at least 1.
    public let degree: Int
    /// phi: how flat the filter is around the middle of the spectrum; more than 0.
    public let flatness: Double
    /// eta: the number of singular vectors that the projection keeps; 0 for none.
    public let directions: Int
    /// alpha: the weight of the projection, at least 0.
    public let projectionWeight: Double
    /// beta: a click on an item of n clicks counts n^-beta, and its score is multiplied by n^beta.
    public let popularityPower: Double
    private let availableMemory: Int?

    /// `availableMemory` in bytes is what the fit must do with; nil for no limit.
    public init(
        degree: Int = 8, flatness: Double = 1.5, directions: Int = 512, projectionWeight: Double = 0.1,
        popularityPower: Double = 0.3, availableMemory: Int? = SystemMemory.available
    ) {
        (self.degree, self.flatness, self.directions) = (degree, flatness, directions)
        (self.projectionWeight, self.popularityPower, self.availableMemory) = (projectionWeight, popularityPower, availableMemory)
    }

    public var options: [String: String] {
        [
            "degree": String(degree), "flatness": optionText(flatness), "directions": String(directions),
            "projection-weight": optionText(projectionWeight), "popularity-power": optionText(popularityPower),
        ]
    }

    /// Costs a few products of the clicks with `directions` columns; takes 4 bytes per direction and item or user. The model takes 4 bytes per
    /// direction and item, and 12 per click.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        guard (1...ChebyshevFilter.degreeMaximum).contains(degree), flatness > 0, flatness.isFinite, directions >= 0,
            projectionWeight >= 0, projectionWeight <= 1e6, popularityPower.magnitude <= ChebyshevFilter.powerMaximum
        else {
            throw FoldinError(
                .usage,
                found: "a degree of \(degree), a flatness of \(flatness), \(directions) directions, a weight of "
                    + "\(projectionWeight) and a power of \(popularityPower)",
                expected:
                    "a degree from 1 to \(ChebyshevFilter.degreeMaximum), a flatness above 0, directions and a weight from 0, "
                    + "a power up to \(ChebyshevFilter.powerMaximum)")
        }
        if isCancelled() { throw CancellationError() }
        let width = projectionWeight == 0 ? 0 : min(directions, training.itemCount, training.userCount)
        let needed = SingularVectors.memory(training, width: width)
        if let availableMemory, needed > availableMemory {
            throw FoldinError(
                .usage,
                found:
                    "\(width) directions, which take \(needed.formattedBytes) with \(availableMemory.formattedBytes) available",
                expected: "fewer directions, or as much memory")
        }
        let vectors = try SingularVectors.strongest(
            width, of: training, workers: workers, isCancelled: isCancelled, progress: progress)
        return ChebyshevFilter(
            clicks: training, coefficients: coefficients, directions: vectors, width: width, projectionWeight: projectionWeight,
            popularityPower: popularityPower)
    }

    /// c_0 to c_K: the interpolation of the filter at the K + 1 zeros of T_(K+1).
    ///
    /// The filter's values are those at x_k = cos((K - k) pi / K), K + 1 points that include both ends of the spectrum, as the paper has it.
    var coefficients: [Double] {
        let (last, count) = (Double(degree), Double(degree + 1))
        func filter(_ x: Double) -> Double { x < 0 ? 0.5 + 0.5 * pow(-x, flatness) : 0.5 - 0.5 * pow(x, flatness) }
        return (0...degree).map { m in
            let sum = (0...degree).reduce(0.0) { sum, k in
                let value = filter(cos((last - Double(k)) * .pi / last))
                return sum + value * cos(Double(m) * (last - Double(k) + 0.5) * .pi / count)
            }
            return (m == 0 ? 1 : 2) / count * sum
        }
    }
}

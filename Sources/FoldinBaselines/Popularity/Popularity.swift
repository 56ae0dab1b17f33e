import FoldinInteractions
import FoldinKernels
import FoldinModels

/// Ranks items by how many training users clicked them, the same for everybody.
public struct Popularity: Baseline {
    public static let name = "popularity"
    public var options: [String: String] { [:] }

    /// A model without options.
    public init() {}

    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        if isCancelled() { throw CancellationError() }
        return ItemPopularity(training)
    }
}

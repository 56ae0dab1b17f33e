import FoldinInteractions

/// All that a training needs to go on from where it stood: weights, Adam's moments, the best weights so far, and a state of
/// the caller's.
public struct Checkpoint<State: Codable & Sendable>: Sendable {
    public let weights: Parameters
    public let firstMoments: Parameters
    public let secondMoments: Parameters
    /// The best epoch's weights; nil while no epoch has ended.
    public let best: Parameters?
    /// Whatever else the caller needs.
    public let state: State

    /// A checkpoint of a training step between two steps. The weights are shared, not copied: save before the next step.
    public init(of step: TrainingStep, best: Parameters?, state: State) {
        weights = step.parameters
        firstMoments = step.firstMoments
        secondMoments = step.secondMoments
        self.best = best
        self.state = state
    }

    /// Writes the checkpoint, whole or not at all: what was at `path` is there until all of the new one is.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    public func save(to path: String) throws {
        var sets = [("", weights), ("first.", firstMoments), ("second.", secondMoments)]
        if let best { sets.append(("best.", best)) }
        let metadata = [
            "format": "foldin checkpoint 1", "architecture": try json(weights.architecture), "state": try json(state),
        ]
        try TensorFile.write(sets.map { (prefix: $0.0, parameters: $0.1) }, metadata: metadata, to: path)
    }

    /// Reads what `save(to:)` wrote.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    public init(contentsOf path: String) throws {
        let file = try TensorFile(contentsOf: path, expected: "the checkpoint of an unfinished training")
        let architecture = try file.metadata("architecture", as: Architecture.self)
        if let problem = architecture.problem {
            throw FoldinError(.badData, file: path, found: problem, expected: "an architecture that can be built")
        }
        state = try file.metadata("state", as: State.self)
        weights = try file.parameters(architecture, prefix: "")
        firstMoments = try file.parameters(architecture, prefix: "first.")
        secondMoments = try file.parameters(architecture, prefix: "second.")
        let hasBest = file.header.entries.keys.contains { $0.hasPrefix("best.") }
        best = hasBest ? try file.parameters(architecture, prefix: "best.") : nil
    }
}

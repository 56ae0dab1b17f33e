import FoldinInteractions
import FoldinKernels
import Foundation

/// All that a training needs to go on from where it stood: weights, Adam's moments, the best weights so far, and a state of
/// the caller's.
public struct Checkpoint<State: Codable & Sendable> {
    private enum Source {
        case live(TrainingStep, best: KeptWeights?)
        case file(TensorFile)
    }

    /// The tensor of RecVAE's earlier posteriors.
    private static var previousName: String { "previous" }

    private let source: Source
    public let architecture: Architecture
    /// Whatever else the caller needs.
    public let state: State
    /// Whether there are best weights: not while no epoch has ended.
    public let hasBest: Bool
    private let areRowMoments: Bool

    /// A checkpoint of a training step between two steps. Updates that were put off are made; nothing is copied: save before the
    /// next step.
    public init(of step: TrainingStep, best: KeptWeights?, state: State) {
        step.deferred?.settle(step.workers)
        source = .live(step, best: best)
        architecture = step.parameters.architecture
        self.state = state
        hasBest = best != nil
        areRowMoments = step.secondMoments.areRowMoments
    }

    /// RecVAE's earlier posteriors as a tensor of a file; nil for other models, and before the first step.
    private func previousOf(_ step: TrainingStep) -> (SafeTensors.Tensor, FloatBuffer)? {
        step.residual?.previous.map { previous in
            let width = 2 * architecture.latent
            return (SafeTensors.Tensor(name: Self.previousName, shape: [previous.count / width, width]), previous)
        }
    }

    /// The same checkpoint with another state.
    public init(_ other: Checkpoint, state: State) {
        (source, architecture, hasBest, areRowMoments) = (other.source, other.architecture, other.hasBest, other.areRowMoments)
        self.state = state
    }

    /// Writes the checkpoint, whole or not at all: what was at `path` is there until all of the new one is.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`; a checkpoint from a file cannot be written again.
    public func save(to path: String) throws {
        guard case .live(let step, let best) = source else {
            preconditionFailure("a checkpoint from a file is in that file already")
        }
        var metadata = [
            "format": "foldin checkpoint 2", "architecture": try json(architecture), "state": try json(state),
        ]
        if areRowMoments { metadata["second-moments"] = "by row" }
        try TensorFile.write(
            [("", step.parameters), ("first.", step.firstMoments), ("second.", step.secondMoments)], best: best,
            more: previousOf(step).map { [$0] } ?? [], metadata: metadata, to: path)
    }

    /// Opens what `save(to:)` wrote and checks its header; the numbers are read by `restore`.
    ///
    /// A state that is `SelfChecking` is checked.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    public init(contentsOf path: String) throws {
        try self.init(TensorFile(contentsOf: path, expected: "the checkpoint of an unfinished training"))
    }

    /// The same of `data`, the contents of the file `path`.
    public init(data: Data, file path: String) throws { try self.init(TensorFile(data, path: path)) }

    private init(_ file: TensorFile) throws {
        let path = file.path
        architecture = try file.metadata("architecture", as: Architecture.self)
        if let problem = architecture.problem {
            throw FoldinError(.badData, file: path, found: problem, expected: "an architecture that can be built")
        }
        state = try file.metadata("state", as: State.self)
        areRowMoments = file.header.metadata["second-moments"] == "by row"
        for (prefix, isOfRows) in [("", false), ("first.", false), ("second.", areRowMoments)] {
            try file.checkShapes(Parameters.tensors(of: architecture, prefix: prefix, areRowMoments: isOfRows))
        }
        hasBest = file.header.entries["best"] != nil
        if hasBest { try file.checkShapes([KeptWeights.tensor(of: architecture)]) }
        source = .file(file)
    }

    /// The file it was read from; nil for one of a training in this process.
    public var path: String? {
        guard case .file(let file) = source else { return nil }
        return file.path
    }

    /// Whether `step` can go on from here: the same network, and exact or sampled like this one.
    public func fits(_ step: TrainingStep) -> Bool {
        architecture == step.parameters.architecture && areRowMoments == step.secondMoments.areRowMoments
    }

    /// Brings a step that this checkpoint fits to where it stood after `updates` updates over `users` training users, and `best`
    /// to what was best then.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that cannot be.
    public func restore(_ step: TrainingStep, best: KeptWeights, updates: Int, users: Int) throws {
        precondition(fits(step), "a checkpoint of another network")
        step.deferred?.forget()
        switch source {
        case .live(let old, let kept):
            step.parameters.copy(from: old.parameters)
            step.firstMoments.copy(from: old.firstMoments)
            step.secondMoments.copy(from: old.secondMoments)
            if let kept {
                let weights = Parameters(zerosFor: architecture)
                try kept.restore(into: weights)
                try best.keep(weights)
            }
            step.residual?.previous = old.residual?.previous.map { previous in
                let copy = FloatBuffer(count: previous.count)
                copy.copy(from: previous)
                return copy
            }
        case .file(let file):
            try file.read(prefix: "", into: step.parameters)
            try file.read(prefix: "first.", into: step.firstMoments)
            try file.read(prefix: "second.", into: step.secondMoments)
            if hasBest { try file.read("best") { part, offset in try best.write(part, at: offset) } }
            if let residual = step.residual, updates > 0 {
                let width = 2 * architecture.latent
                try file.checkShapes([SafeTensors.Tensor(name: Self.previousName, shape: [users, width])])
                let previous = FloatBuffer(count: users * width)
                try file.read(Self.previousName, into: previous.pointer)
                residual.previous = previous
            }
            guard step.secondMoments.areNotNegative else {
                throw FoldinError(
                    .badData, file: file.path, found: "a second moment below 0", expected: "means of squares")
            }
            guard step.secondMoments.lastUpdatesAre(atMost: updates) else {
                throw FoldinError(
                    .badData, file: file.path, found: "a row updated at a time that has not been", expected: "what foldin wrote")
            }
        }
    }
}

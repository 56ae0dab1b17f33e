import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// All that a training needs to go on: the tensors of its session, the best weights so far, and its state.
public struct TrainingCheckpoint {
    private enum Source {
        case session(any TrainingSession, best: KeptWeights?)
        case file(ModelFile)
    }

    private let source: Source
    /// The JSON text of the network's architecture.
    private let architecture: String
    /// Whether second moments are by row, and whatever else a session says of its tensors.
    private let sessionMetadata: [String: String]
    /// Where the training was between two steps.
    public let state: TrainingState
    /// Whether there are best weights: not before an epoch has ended.
    public let hasBest: Bool

    private static let format = "foldin checkpoint 2"
    /// What is in the metadata beside what the session says.
    private static let ownTexts: Set<String> = ["format", "architecture", "state"]

    /// A checkpoint of a session between two steps. Nothing is copied: save it before the next step.
    init(of session: any TrainingSession, best: KeptWeights?, state: TrainingState) throws {
        source = .session(session, best: best)
        architecture = try json(session.model.architecture)
        sessionMetadata = session.checkpointMetadata
        self.state = state
        hasBest = best != nil
    }

    /// The same checkpoint with another state.
    init(_ other: TrainingCheckpoint, state: TrainingState) {
        (source, architecture, hasBest) = (other.source, other.architecture, other.hasBest)
        sessionMetadata = other.sessionMetadata
        self.state = state
    }

    /// Writes the checkpoint, whole or not at all: what was at `path` is there until all of the new one is.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`; a checkpoint from a file cannot be written again.
    public func save(to path: String) throws {
        guard case .session(let session, let best) = source else {
            preconditionFailure("a checkpoint from a file is in that file already")
        }
        let metadata = sessionMetadata.merging(
            ["format": Self.format, "architecture": architecture, "state": try json(state)]) { $1 }
        try ModelFile.write(session.checkpointTensors + (best.map { [$0.tensor] } ?? []), metadata: metadata, to: path)
    }

    /// Opens what `save(to:)` wrote and checks its header and its state; the numbers are read when a training goes on.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    public init(contentsOf path: String) throws {
        try self.init(ModelFile(contentsOf: path, expected: "the checkpoint of an unfinished training"))
    }

    /// The same of `data`, the contents of the file `path`.
    public init(data: Data, file path: String) throws { try self.init(ModelFile(data, path: path)) }

    private init(_ file: ModelFile) throws {
        state = try file.metadata("state", as: TrainingState.self)
        architecture = file.text("architecture") ?? ""
        sessionMetadata = file.texts.filter { !Self.ownTexts.contains($0.key) }
        hasBest = file.hasTensor(KeptWeights.tensorName)
        source = .file(file)
    }

    /// The file it was read from; nil for one of a training in this process.
    public var path: String? {
        guard case .file(let file) = source else { return nil }
        return file.path
    }

    /// Whether `session` can go on from here: the same network, trained in the same way.
    func fits(_ session: any TrainingSession) -> Bool {
        (try? json(session.model.architecture)) == architecture && session.checkpointMetadata == sessionMetadata
    }

    /// Brings a session that this checkpoint fits to where it was, and `best` to what was best then.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that cannot be.
    func restore(_ session: any TrainingSession, best: KeptWeights) throws {
        guard case .file(let file) = source else { preconditionFailure("a checkpoint is saved, then read, to go on from it") }
        precondition(fits(session), "a checkpoint of another network")
        if hasBest { try file.checkShapes([best.description]) }
        try session.restore(from: file, updates: state.updates)
        if hasBest { try file.read(KeptWeights.tensorName) { part, offset in try best.write(part, at: offset) } }
    }
}

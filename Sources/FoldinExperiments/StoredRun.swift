import FoldinEvaluation
import FoldinTraining
import Foundation
import GRDB

/// A run as the store has it: what was asked for, how far it is, and what came of it.
public struct StoredRun: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    /// How far a run is.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// Not begun.
        case planned
        /// Begun; goes on from its checkpoint.
        case unfinished
        /// Trained to its end and judged.
        case finished
        /// Stopped by halving, and judged with its best epoch until then.
        case stopped
        /// Came to an error, and is not tried again unless asked for.
        case failed
    }

    public static let databaseTableName = "run"

    /// See `PlannedRun.id`.
    public let id: String
    /// See `PlannedRun.configuration`.
    public let configuration: String
    /// The place in the sweep, from 0.
    public internal(set) var position: Int
    public internal(set) var status = Status.planned
    /// Why it failed.
    public internal(set) var error: String?
    /// All options with their values.
    public let options: [String: String]
    /// `mult-vae`, `mult-dae` or `rec-vae`.
    public let family: String
    /// `I-600-200-600-I`; nil until begun.
    public internal(set) var network: String?
    /// The number of trainable numbers; nil until begun.
    public internal(set) var parameters: Int?
    /// The estimated memory of the training; nil until begun.
    public internal(set) var memoryBytes: Int?
    /// Seconds trained, in all sittings.
    public internal(set) var seconds: Double?
    /// Epochs trained when it was last written down.
    public internal(set) var epochs = 0
    /// The epoch the model is of.
    public internal(set) var bestEpoch: Int?
    /// The model file, relative to the sweep's directory.
    public internal(set) var modelPath: String?
    /// SHA-256 of the training data.
    public internal(set) var dataChecksum: String?
    /// When it last changed its status, as ISO 8601.
    public internal(set) var changed: String?

    /// Whether there is nothing left to do.
    public var isDone: Bool { status == .finished || status == .stopped || status == .failed }
    /// Whether there are figures.
    public var isJudged: Bool { status == .finished || status == .stopped }
    public var seed: String { options["seed"] ?? "" }

    init(_ planned: PlannedRun, position: Int) {
        id = planned.id
        configuration = planned.configuration
        options = planned.plan.options
        family = options["model"] ?? ""
        self.position = position
    }

    /// `name value, name value` for the options that are neither the default nor told elsewhere.
    public var changedOptions: String {
        let elsewhere = ["model", "hidden", "latent", "decoder-hidden", "seed"]
        return PlannedRun.changes(in: options).filter { !elsewhere.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

/// The sweep that a store is of.
public struct StoredSweep: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    public static let databaseTableName = "sweep"

    /// There is one only.
    var id = 1
    public let name: String
    /// The dataset's name in tables.
    public let dataset: String
    /// Where the prepared directory was.
    public internal(set) var dataDirectory: String
    /// SHA-256 of the training data.
    public let dataChecksum: String
    /// The sweep file's text when it was last run.
    public internal(set) var file: String
    /// When it began, as ISO 8601.
    public let began: String
}

/// One epoch of a run.
public struct StoredEpoch: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    public static let databaseTableName = "epoch"

    let runId: String
    public let epoch: Int
    public let updates: Int
    public let negativeLogLikelihood: Double
    public let divergence: Double
    public let beta: Double
    /// The validation metric that decides; nil without validation users.
    public let validation: Double?
    /// Mean negative log-likelihood of the validation users; nil without them.
    public let validationLoss: Double?
    public let seconds: Double

    /// The objective: likelihood plus beta times divergence.
    public var loss: Double { negativeLogLikelihood + beta * divergence }

    init(_ report: EpochReport, of run: String) {
        runId = run
        epoch = report.epoch
        updates = report.updates
        negativeLogLikelihood = report.negativeLogLikelihood
        divergence = report.divergence
        beta = Double(report.beta)
        validation = report.validation?.mean
        validationLoss = report.validationLoss
        seconds = report.seconds
    }
}

/// One metric of a judged run.
public struct StoredMetric: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    public static let databaseTableName = "metric"

    let runId: String
    /// `validation` or `test`.
    public let part: String
    public let name: String
    public let mean: Double?
    public let standardError: Double?
}

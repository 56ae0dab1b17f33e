#if Experiments
import FoldinEvaluation
import FoldinTraining
import Foundation
import GRDB

/// A run in the store: its options, its status and its results.
public struct StoredRun: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    /// The status of a run.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// Not started.
        case planned
        /// Started; continues from its checkpoint.
        case unfinished
        /// Trained to its end and evaluated.
        case finished
        /// Stopped by halving, and evaluated with its best epoch until then.
        case stopped
        /// Ended with an error; trained again only on request.
        case failed
    }

    /// The name of the table.
    public static let databaseTableName = "run"

    /// See `PlannedRun.id`.
    public let id: String
    /// See `PlannedRun.configuration`.
    public let configuration: String
    /// The position in the sweep, from 0.
    public internal(set) var position: Int
    /// Whether it is planned, unfinished or done.
    public internal(set) var status = Status.planned
    /// The error of a failed run.
    public internal(set) var error: String?
    /// All options with their values.
    public let options: [String: String]
    /// The name of the model's family.
    public let family: String
    /// `I-600-200-600-I`; nil before the start.
    public internal(set) var network: String?
    /// The number of trainable parameters; nil before the start.
    public internal(set) var parameters: Int?
    /// The estimated memory of the training; nil before the start.
    public internal(set) var memoryBytes: Int?
    /// Seconds trained, in all processes.
    public internal(set) var seconds: Double?
    /// Epochs trained when it was last stored.
    public internal(set) var epochs = 0
    /// The epoch whose weights the model has.
    public internal(set) var bestEpoch: Int?
    /// The model file, relative to the sweep's directory.
    public internal(set) var modelPath: String?
    /// SHA-256 of the training data.
    public internal(set) var dataChecksum: String?
    /// The time of the last change of status, as ISO 8601.
    public internal(set) var changed: String?

    /// Whether no work is left: finished, stopped or failed.
    public var isDone: Bool { status == .finished || status == .stopped || status == .failed }
    /// Whether it has test metrics: finished or stopped.
    public var isEvaluated: Bool { status == .finished || status == .stopped }
    /// The seed as text.
    public var seed: String { options["seed"] ?? "" }

    init(_ planned: PlannedRun, position: Int) {
        id = planned.id
        configuration = planned.configuration
        options = planned.plan.options
        family = options["model"] ?? ""
        self.position = position
    }

    /// `name value, name value` for the options that are not the default and have no column of their own.
    public var changedOptions: String {
        let shownElsewhere = ["model", "hidden", "latent", "decoder-hidden", "seed"]
        return PlannedRun.changes(in: options).filter { !shownElsewhere.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

/// The sweep whose results a store has.
public struct StoredSweep: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    /// The name of the table.
    public static let databaseTableName = "sweep"

    /// Always 1: a store has one sweep.
    var id = 1
    /// The sweep's name.
    public let name: String
    /// The dataset's name in tables.
    public let dataset: String
    /// The path of the prepared directory.
    public internal(set) var dataDirectory: String
    /// SHA-256 of the training data.
    public let dataChecksum: String
    /// The text of the sweep file when it was last run.
    public internal(set) var file: String
    /// The time of the first start, as ISO 8601.
    public let began: String
}

/// One epoch of a run.
public struct StoredEpoch: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    /// The name of the table.
    public static let databaseTableName = "epoch"

    let runId: String
    /// From 1.
    public let epoch: Int
    /// Updates made until its end.
    public let updates: Int
    /// Mean over the training users.
    public let negativeLogLikelihood: Double
    /// Mean KL divergence over the training users.
    public let divergence: Double
    /// Beta of the last update; 0 where `gamma` weighs the divergence.
    public let beta: Double
    /// The weight of the divergence per click, of a family that has gamma; nil for others.
    public let gamma: Double?
    /// The validation metric that decides; nil without validation users.
    public let validation: Double?
    /// Validation loss; nil without validation users and for families without one.
    public let validationLoss: Double?
    /// Seconds since the training began.
    public let seconds: Double

    /// The training loss: likelihood plus weighted divergence.
    public var loss: Double { negativeLogLikelihood + (gamma ?? beta) * divergence }

    init(_ report: EpochReport, of run: String) {
        runId = run
        epoch = report.epoch
        updates = report.updates
        negativeLogLikelihood = report.negativeLogLikelihood
        divergence = report.divergence
        beta = Double(report.beta)
        gamma = report.gamma.map(Double.init)
        validation = report.validation?.mean
        validationLoss = report.validationLoss
        seconds = report.seconds
    }
}

/// One metric of an evaluated run.
public struct StoredMetric: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    /// The name of the table.
    public static let databaseTableName = "metric"

    let runId: String
    /// `validation` or `test`.
    public let part: String
    /// The metric's name: `ndcg@100`.
    public let name: String
    /// The mean over the users; nil if it does not exist.
    public let mean: Double?
    /// The standard error of the mean; nil if it does not exist.
    public let standardError: Double?
}
#endif

#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinSupport
import FoldinTraining
import Foundation
import GRDB

extension RunStore {
    /// Stores a sweep and its runs. Results of these runs stay; planned runs that are no longer in the sweep are removed.
    ///
    /// - Throws: `FoldinError` of kind `usage` if the store has results from other data.
    func begin(_ sweep: StoredSweep, runs: [PlannedRun]) throws {
        try write { database in
            if var old = try StoredSweep.fetchOne(database) {
                guard old.dataChecksum == sweep.dataChecksum else {
                    throw FoldinError(
                        .usage, file: path, found: "results from other data than \(sweep.dataDirectory)",
                        expected: "the data of \(old.dataDirectory), or a new directory")
                }
                (old.file, old.dataDirectory) = (sweep.file, sweep.dataDirectory)
                try old.update(database)
            } else {
                try sweep.insert(database)
            }
            let planned = Set(runs.map(\.id))
            for run in try StoredRun.fetchAll(database) where run.status == .planned && !planned.contains(run.id) {
                try run.delete(database)
            }
            for (position, planned) in runs.enumerated() {
                if var run = try StoredRun.fetchOne(database, key: planned.id) {
                    run.position = position
                    try run.update(database)
                } else {
                    try StoredRun(planned, position: position).insert(database)
                }
            }
        }
    }

    /// Changes a run's row.
    func update(_ id: String, _ change: (inout StoredRun) -> Void) throws {
        try write { database in
            guard var run = try StoredRun.fetchOne(database, key: id) else { return }
            change(&run)
            run.changed = RunStore.now()
            try run.update(database)
        }
    }

    /// Stores the epochs of a run that is not finished.
    func pause(_ id: String, history: [EpochReport]) throws {
        try write { try RunStore.replaceHistory(of: id, with: history, $0) }
    }

    /// Stores all results of an evaluated run in one transaction.
    func finish(
        _ id: String, as status: StoredRun.Status, outcome: TrainingOutcome, scores: UserMetrics, modelPath: String
    ) throws {
        try write { database in
            try RunStore.replaceHistory(of: id, with: outcome.history, database)
            guard var run = try StoredRun.fetchOne(database, key: id) else { return }
            (run.status, run.error, run.changed) = (status, nil, RunStore.now())
            (run.bestEpoch, run.modelPath) = (outcome.bestEpoch, modelPath)
            try run.update(database)
            let best = outcome.history.first { $0.epoch == outcome.bestEpoch }?.validation
            let figures =
                (best.map { [("validation", $0)] } ?? []) + scores.report.results.map { ("test", $0) }
            for (part, figure) in figures {
                try StoredMetric(
                    runId: id, part: part, name: figure.metric.description, mean: figure.mean,
                    standardError: figure.standardError
                ).upsert(database)
            }
            let users = scores.userIndices.littleEndianData
            let digest = users.withUnsafeBytes(Checksum.sha256)
            try database.execute(sql: "INSERT OR IGNORE INTO users VALUES (?, ?)", arguments: [digest, users])
            for metric in scores.metrics {
                guard let values = scores[metric] else { continue }
                try database.execute(
                    sql: "INSERT OR REPLACE INTO scores (runId, metric, scores, users) VALUES (?, ?, ?, ?)",
                    arguments: [id, metric.description, values.map(\.bitPattern).littleEndianData, digest])
            }
        }
    }

    private static func replaceHistory(of id: String, with history: [EpochReport], _ database: Database) throws {
        try database.execute(sql: "DELETE FROM epoch WHERE runId = ?", arguments: [id])
        for report in history { try StoredEpoch(report, of: id).insert(database) }
        try database.execute(
            sql: "UPDATE run SET epochs = ?, seconds = ? WHERE id = ?", arguments: [history.count, history.last?.seconds, id])
    }

    static func now() -> String { Date().ISO8601Format() }
}

extension Array where Element: FixedWidthInteger {
    /// The elements' bytes, least significant first.
    var littleEndianData: Data { map(\.littleEndian).withUnsafeBytes { Data($0) } }

    /// Reads `littleEndianData`; nil for a number of bytes that is not a multiple of the element's size.
    init?(littleEndian data: Data) {
        let size = MemoryLayout<Element>.size
        guard data.count % size == 0 else { return nil }
        self = data.withUnsafeBytes { bytes in
            (0..<data.count / size).map {
                Element(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Element.self))
            }
        }
    }
}
#endif

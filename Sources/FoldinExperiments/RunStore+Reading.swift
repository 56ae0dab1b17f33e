#if Experiments
import FoldinInteractions
import FoldinSupport
import Foundation
import GRDB

extension RunStore {
    /// The sweep; nil before the first one.
    public func sweep() throws -> StoredSweep? { try read { try StoredSweep.fetchOne($0) } }

    /// All runs in the order of the sweep.
    public func runs() throws -> [StoredRun] { try read { try StoredRun.order(Column("position"), Column("id")).fetchAll($0) } }

    /// All epochs by run, in order.
    public func histories() throws -> [String: [StoredEpoch]] {
        let epochs = try read { try StoredEpoch.order(Column("runId"), Column("epoch")).fetchAll($0) }
        return Dictionary(grouping: epochs, by: \.runId)
    }

    /// All metrics by run.
    public func metrics() throws -> [String: [StoredMetric]] {
        Dictionary(grouping: try read { try StoredMetric.fetchAll($0) }, by: \.runId)
    }

    /// One metric of a run for each test user, with the users' indices; nil if it was not measured.
    ///
    /// - Throws: `FoldinError` of kind `badData` for scores and users of different counts.
    public func scores(of run: String, metric: String) throws -> (users: [Int32], values: [Double])? {
        let row = try read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT scores.scores AS scores, users.users AS users FROM scores JOIN users ON users.digest = scores.users
                    WHERE scores.runId = ? AND scores.metric = ?
                    """, arguments: [run, metric])
        }
        guard let row else { return nil }
        // A column of SQLite may have values of any type.
        guard let scores = Data.fromDatabaseValue(row["scores"]), let users = Data.fromDatabaseValue(row["users"]) else {
            throw FoldinError(
                .badData, file: path, found: "scores that are not bytes", expected: "a store that foldin sweep wrote")
        }
        guard let bits = [UInt64](littleEndian: scores), let indices = [Int32](littleEndian: users), bits.count == indices.count
        else {
            throw FoldinError(
                .badData, file: path, found: "\(scores.count) bytes of scores for \(users.count) bytes of users",
                expected: "8 and 4 bytes per user")
        }
        return (indices, bits.map(Double.init(bitPattern:)))
    }
}
#endif

#if Experiments
import FoldinInteractions
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinExperiments

/// Stores and directories that were changed after a sweep.
@Suite("Tampered stores") struct TamperedStoreTests {
    private static let text = SmallSweep.base + "[[runs]]\nlatent = 3\n"

    /// SQLite converts a text to the number 0.
    @Test(
        "a value of another type in any column is refused or converted as SQLite does",
        arguments: [
            ("UPDATE run SET status = 'asleep'", true), ("UPDATE run SET options = 'none'", true),
            ("UPDATE run SET epochs = 'many'", false), ("UPDATE epoch SET updates = 'x'", false),
            ("UPDATE metric SET mean = x'00'", false), ("UPDATE scores SET scores = 5", true),
            ("UPDATE users SET users = 5", true), ("UPDATE scores SET scores = x'000102'", true),
        ])
    func values(change: String, isRefused: Bool) throws {
        let folder = try TemporaryFolder()
        let store = try SmallSweep.run(Self.text, in: folder).results
        let run = try #require(store.runs.first).id
        let queue = try DatabaseQueue(path: folder.path + "/out/" + RunStore.fileName)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF; \(change)")
        }
        try queue.close()
        let error = failure {
            let store = try RunStore(in: folder.path + "/out")
            _ = (try store.runs(), try store.histories(), try store.metrics())
            return try store.scores(of: run, metric: "ndcg@5")
        }
        guard isRefused || error != nil else { return }
        #expect(error?.kind == .badData && error?.file?.hasSuffix(RunStore.fileName) == true, "\(String(describing: error))")
    }

    @Test("a run whose files cannot be written ends the sweep, which can be continued") func stopsIfFilesCannotBeWritten() throws
    {
        let folder = try TemporaryFolder()
        let plan = try SweepFile(Self.text, name: "made").runs
        try FileManager.default.createDirectory(atPath: folder.path + "/out/runs", withIntermediateDirectories: true)
        // A file where the second run's directory should be.
        let place = "out/runs/" + plan[1].id
        try folder.write(place, "in the way")
        let error = failure { try SmallSweep.run(Self.text, in: folder) }
        #expect(error?.kind == .cannotCreate, "\(String(describing: error))")
        let runs = try RunStore(in: folder.path + "/out").runs()
        #expect(!runs.contains { $0.status == .failed })
        try FileManager.default.removeItem(atPath: folder.path + "/" + place)
        let (isDone, results) = try SmallSweep.run(Self.text, in: folder)
        #expect(isDone && results.runs.map(\.status) == [.finished, .finished])
    }
}
#endif

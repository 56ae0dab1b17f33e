import FoldinTestSupport
import Foundation
import Testing

@Suite("Benchmarks of the command") struct BenchTests {
    private func run(_ arguments: [String]) throws -> [String: Any] {
        let outcome = try PrepareCommandTests.foldin(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.json()
    }

    @Test func measuresOwnDataAndReading() throws {
        let folder = try TemporaryFolder()
        let (ratings, data) = (folder.path + "/ratings.csv", folder.path + "/data")
        for arguments in [
            [
                "datasets", "make", "--users", "300", "--items", "120", "--mean-interactions", "20", "--seed", "3", "--out",
                ratings,
            ],
            ["prepare", ratings, "--held-out-users", "40", "--out", data],
        ] {
            #expect(try PrepareCommandTests.foldin(arguments).status == 0)
        }
        let read = try run(["bench", "read", ratings, "--rounds", "3", "--json"])
        let lines = try folder.text("ratings.csv").split(separator: "\n").count - 1
        #expect(read["rows"] as? Int == lines)
        #expect((read["seconds"] as? [Double])?.count == 3 && read["median_seconds"] as? Double ?? 0 > 0)

        let found = try run([
            "bench", "data", data, "--steps", "3", "--warm-up", "1", "--batch-size", "50", "--evaluations", "1",
            "--recommendations", "30", "--hidden", "20", "--latent", "8", "--json",
        ])
        let users = try #require(found["users"] as? Int)
        let prepared = try folder.text("data/unique_uid.txt").split(separator: "\n").count
        #expect(users == prepared - 80 && found["evaluated_users"] as? Int == 40)
        let step = try #require(found["step_ms"] as? [String: Double])
        let median = try #require(step["p50"])
        #expect(median > 0 && median <= step["p95"] ?? 0 && step["p95"] ?? 0 <= step["p99"] ?? 0)
        // Batches of 50; the last of an epoch may be smaller.
        let epoch = try #require(found["epoch_seconds"] as? Double)
        #expect(abs(epoch - Double((users + 49) / 50) * median / 1_000) < 1e-9)
        let best = try #require(found["recommendation_ms"] as? [String: Double])
        #expect(best["p50"] ?? 0 > 0 && found["peak_memory_mb"] as? Int ?? 0 > 0)
        let text = try PrepareCommandTests.foldin(["bench", "data", data, "--steps", "1", "--batch-size", "50"]).output
        for part in ["step ", "evaluation ", "recommendation ", "peak memory "] { #expect(text.contains("\n" + part)) }
    }

    /// A given model is judged, not trained, and must be for the same items.
    @Test func measuresAModel() throws {
        let run = try TrainedRun()
        let found = try self.run(["bench", "data", run.data, "--trained", run.model, "--recommendations", "5", "--json"])
        #expect(found["step_ms"] == nil && found["evaluation_seconds"] != nil)
        let judged = try self.run(["evaluate", run.model, run.data, "--json"])
        let one = try #require((found["evaluation"] as? [String: Any])?["metrics"] as? NSDictionary)
        #expect(one == judged["metrics"] as? NSDictionary)
    }

    @Test func refusesWhatCannotBe() throws {
        for arguments in [
            ["bench", "data", "nowhere", "--steps", "0"], ["bench", "data", "nowhere", "--batch-size", "0"],
            ["bench", "read", "nowhere", "--rounds", "0"],
        ] {
            #expect(try PrepareCommandTests.foldin(arguments).status == 64)
        }
        #expect(try PrepareCommandTests.foldin(["bench", "data", "nowhere"]).status == 66)
        #expect(try PrepareCommandTests.foldin(["bench", "read", "nowhere"]).status == 66)
    }
}

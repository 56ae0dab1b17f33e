#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// The built command names the option that helps against an error of the library.
@Suite("Advice of errors") struct AdviceTests {
    /// Two items that the same users clicked have a singular Gram matrix.
    @Test func aPenaltyThatIsTooSmallNamesLambda() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<40).flatMap { user in (0..<8).map { "\(user),\($0),5\n" } }
        let ratings = try folder.write("ratings.csv", "userId,movieId,rating\n" + rows.joined())
        let data = folder.path + "/data"
        let prepared = try PrepareCommandTests.foldin(["prepare", ratings, "--held-out-users", "4", "--out", data])
        try #require(prepared.status == 0, "\(prepared)")
        let refused = try PrepareCommandTests.foldin([
            "train", data, "--out", folder.path + "/run", "--model", "ease", "--lambda", "1e-20",
        ])
        #expect(refused.status == 64 && refused.errors.contains("; use a larger --lambda\n"), "\(refused)")
    }

    @Test func aPreparedDirectoryNamesOverwrite() throws {
        let run = try TrainedRun(training: false)
        let refused = try run.foldin("prepare", run.folder.path + "/ratings.csv", "--out", run.data)
        #expect(refused.status == 73 && refused.errors.contains("; use --overwrite to replace this one\n"), "\(refused)")
    }

    @Test func aTrainingBeyondTheLimitOfASweepNamesMemory() throws {
        let run = try TrainedRun(training: false)
        let file = try run.folder.write("s.toml", "[base]\nepochs = 1\nhidden = 8\n[grid]\nlatent = [4]\n")
        let refused = try run.foldin("sweep", file, "--data", run.data, "--out", run.folder.path + "/out", "--memory", "0.000001")
        #expect(refused.status == 65 && refused.errors.contains("use a larger --memory"), "\(refused)")
    }

    /// Rows of a prepared directory have indices; whoever has a model without ids may want them.
    @Test func rowsOfIndicesNameTheFormatOfHistories() throws {
        let run = try TrainedRun()
        let refused = try run.foldin("recommend", run.model, "--histories", run.data + "/train.csv")
        #expect(refused.status == 65 && refused.errors.contains("; use --histories-format csv"), "\(refused)")
    }
}
#endif

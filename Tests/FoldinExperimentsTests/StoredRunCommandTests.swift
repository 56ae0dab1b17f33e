#if Experiments
import FoldinTestSupport
import FoldinTraining
import Foundation
import Testing

@testable import FoldinExperiments

@Suite("Command of a run") struct StoredRunCommandTests {
    @Test("trains with the options of the run and no others") func hasTheOptions() throws {
        let folder = try TemporaryFolder()
        let text =
            SmallSweep.base
            + "[[runs]]\nmodel = \"mult-dae\"\nhidden = [12, 8]\nanneal-epochs = 3\n\n[[runs]]\npreset = \"liang-vae\"\nepochs = 2\n"
        let results = try SmallSweep.run(text, in: folder).results
        for run in results.runs {
            let words = try Self.words(run.command(data: folder.path))
            #expect(words.prefix(5) == ["foldin", "train", folder.path, "--out", run.id])
            var plan = TrainingPlan()
            for index in stride(from: 5, to: words.count, by: 2) {
                try plan.set(String(words[index].dropFirst(2)), to: words[index + 1])
            }
            #expect(plan.options == run.options)
            #expect(
                words.contains("--seed") && words.contains("--model")
                    && !words.contains("--batch-size") == (run.options["batch-size"] == "500"))
        }
    }

    @Test("a shell reads any directory back") func isQuoted() throws {
        let folder = try TemporaryFolder()
        let run = try SmallSweep.run(SmallSweep.base + "[[runs]]\nhidden = 8\n", in: folder).results.runs[0]
        for path in ["/data/ml-1m", "/my data/it's", "/$(touch x)/`y`;&|", "/a\nb", "/" + SmallSweep.hostile, ""] {
            #expect(try Self.words(run.command(data: path)).dropFirst(2).first == path)
        }
        #expect(try Self.words(run.command(data: "-rf")).dropFirst(2).first == "./-rf")
        #expect(run.command(data: "/data/ml-1m").contains("train /data/ml-1m --out"))
    }

    /// The words of a command line, as `sh` reads them.
    private static func words(_ command: String) throws -> [String] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "printf '%s\\0' \(command)"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(
            String.init)
    }
}
#endif

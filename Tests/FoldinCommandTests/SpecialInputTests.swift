#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// Devices, pipes and directories where a file or a directory must be: refused, or read as far as there is reason to, never for ever.
@Suite("Inputs that are no files") struct SpecialInputTests {
    /// Limits the address space, unless a sanitizer needs all of it.
    private static let limit = Sanitizer.name == nil ? "ulimit -v 8000000;" : ""

    /// A command that would read for ever ends with 124.
    private func foldin(_ arguments: [String]) throws -> PrepareCommandTests.Outcome {
        try PrepareCommandTests.foldin(arguments, shell: Self.limit + "timeout 60 \"$0\" \"$@\"; exit $?;")
    }

    @Test func areRefused() throws {
        let run = try TrainedRun()
        let out = run.folder.path + "/out"
        let places = ["/dev/zero", "/dev/urandom", run.folder.path]
        for place in places {
            let commands = [
                ["evaluate", place, run.data], ["recommend", place, "--history", "1"], ["similar", place, "--item", "1"],
                ["blend", place, run.model, "--data", run.data, "--out", out], ["train", place, "--out", out],
                ["train", run.data, "--out", out, "--config", place], ["evaluate", run.model, place],
                ["evaluate", run.model, run.data, "--tensor-names", place],
                ["sweep", place, "--data", run.data, "--out", out], ["serve", place, "--port", "0"],
                ["serve", run.model, "--port", "0", "--keys", place],
                ["serve", run.model, "--port", "0", "--tls-certificate", place, "--tls-key", place],
                ["prepare", place, "--out", out], ["recommend", run.model, "--histories", place],
                ["import-events", place, "--events", out], ["bench", "data", place],
            ]
            for command in commands {
                let outcome = try foldin(command)
                #if !TLS
                if command.contains("--tls-key") {
                    #expect(outcome.status == 64 && outcome.errors.contains("--traits default,Service,TLS"), "\(outcome)")
                    continue
                }
                #endif
                #expect([65, 66, 73].contains(outcome.status), "\(command): \(outcome)")
                #expect(outcome.errors.hasSuffix("\n") && outcome.errors.contains("found "), "\(command): \(outcome)")
            }
        }
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv", "run"])
    }

    /// A model comes through a pipe, whole; a service wants a file.
    @Test func pipes() throws {
        let run = try TrainedRun()
        let plain = try run.foldin("recommend", run.model, "--history", "100")
        let piped = try PrepareCommandTests.foldin(
            ["recommend", "/dev/stdin", "--history", "100"], shell: "cat '\(run.model)' | \"$0\" \"$@\"; exit $?;")
        #expect(piped.status == 0 && piped.output == plain.output, "\(piped)")
        let endless = try PrepareCommandTests.foldin(
            ["recommend", "/dev/stdin", "--history", "100"],
            shell: Self.limit + "cat '\(run.model)' /dev/zero 2> /dev/null | timeout 60 \"$0\" \"$@\"; exit $?;")
        #expect(endless.status == 65, "\(endless)")
        let pipe = run.folder.path + "/fifo"
        try #require(mkfifo(pipe, 0o600) == 0)
        let served = try foldin(["serve", pipe, "--port", "0"])
        #expect(served.status == 66, "\(served)")
    }
}
#endif

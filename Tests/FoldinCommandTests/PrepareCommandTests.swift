import FoldinTestSupport
import Foundation
import Testing

/// Runs the built `foldin prepare` and `foldin datasets`.
struct PrepareCommandTests {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    /// The command that is tested, beside the tests' own program.
    static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(component: "foldin")

    /// Runs the command; `shell` goes before it, as in `ulimit -f 1;`.
    static func foldin(_ arguments: [String], shell: String = "", environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", shell + " exec \"$0\" \"$@\"", executable.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "FOLDIN_DATASETS" }
            .merging(environment) { $1 }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Errors are much smaller than the buffer of a pipe; the output may be larger and is read first.
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }

    private static let text =
        "userId,movieId,rating\n" + (0..<400).map { "\($0 % 20),\($0 * 7 % 31),\($0 % 5 + 1)\n" }.joined()

    @Test("the line of the article's code, counts, JSON and files")
    func prepares() throws {
        let folder = try TemporaryFolder()
        let ratings = try folder.write("r.csv", Self.text)
        let titles = try folder.write("movies.dat", "7::Seven (1995)::Crime\n")
        let arguments = ["prepare", ratings, "--rating-above", "1", "--held-out-users", "3", "--out", folder.path + "/out"]
        let human = try Self.foldin(arguments + ["--titles", titles])
        #expect(human.status == 0 && human.errors == "", "\(human)")
        #expect(
            human.output.hasPrefix(
                "After filtering, there are 320 interactions from 16 users and 31 items (sparsity: 64.516%)\n"))
        let machine = try Self.foldin(arguments + ["--json", "--threads", "1", "--overwrite"])
        let counts = try #require(machine.json()["counts"] as? [String: Int])
        #expect(counts["rows"] == 400 && counts["train-users"] == 10 && counts["interactions"] == 320)
        #expect(try folder.names() == ["movies.dat", "out", "r.csv"])
    }

    @Test("errors have a message and their exit status, and leave no files")
    func mistakes() throws {
        let folder = try TemporaryFolder()
        let good = try folder.write("good.csv", Self.text)
        let bad = try folder.write("bad.csv", "userId,movieId,rating\n1,2,x\n")
        let lists = try folder.write("lists.txt", "1 2 3\n")
        _ = try folder.write("taken", "")
        let out = folder.path + "/out"
        let names = try folder.names()
        let cases: [([String], Int32, String)] = [
            ([folder.path + "/none.csv", "--out", out], 66, "none.csv: found no such file or directory"),
            ([bad, "--out", out], 65, "bad.csv:2: found 'x'; expected a rating"),
            ([good, "--out", out, "--held-out-users", "20"], 64, "fewer than half of the 20 users"),
            ([good, "--out", out, "--held-out-users", "many"], 64, "held-out-users"),
            ([good, "--out", out, "--rating-above", "5"], 65, "no interactions left of 400"),
            ([lists, "--out", out, "--rating-above", "3"], 64, "without ratings"),
            ([good, "--out", out, "--seed", "4294967296"], 64, "seed"), ([good, "--out", out, "--split", "given"], 64, "--test"),
            (
                [good, "--out", out, "--test", good], 64,
                "--test: found with --split strong-generalization; expected it with given"
            ),
            ([good, "--out", out, "--no-header"], 65, "--user-column"),
            ([good, "--out", out, "--user-column", "who", "--item-column", "movieId"], 65, "good.csv:1:"),
            ([good, "--out", folder.path + "/taken"], 73, "taken"), ([good, "--out", "/proc/none/out"], 73, "/proc/none/out"),
        ]
        for (arguments, status, message) in cases {
            let outcome = try Self.foldin(["prepare"] + arguments)
            #expect(outcome.status == status && outcome.errors.contains(message), "\(arguments): \(outcome)")
            #expect(outcome.output == "")
        }
        #expect(try folder.names() == names)
    }

    @Test(
        "a full disk is a message, exit status 74, and the old directory stays",
        .disabled(if: Sanitizer.name == "thread", "it keeps its state in a file"))
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<60_000).map { "\($0 / 60),\($0 % 60)\n" }.joined()
        let ratings = try folder.write("r.csv", "userId,movieId\n" + rows)
        let arguments = ["prepare", ratings, "--out", folder.path + "/out"]
        let outcome = try Self.foldin(arguments, shell: "ulimit -f 8;")
        #expect(outcome.status == 74 && outcome.errors.contains("train.csv: found file too large"), "\(outcome)")
        #expect(try folder.names() == ["r.csv"])
    }

    @Test("makes synthetic ratings and checks their options")
    func makes() throws {
        let folder = try TemporaryFolder()
        let out = folder.path + "/made.csv"
        let arguments = ["datasets", "make", "--items", "50", "--mean-interactions", "10", "--out", out, "--users"]
        let outcome = try Self.foldin(arguments + ["100", "--json"])
        #expect(outcome.status == 0)
        #expect(try outcome.json()["users"] as? Int == 100)
        #expect(try Self.foldin(arguments + ["0"]).status == 64)
        #expect(try Self.foldin(["prepare", out, "--out", folder.path + "/out"]).status == 0)
    }
}

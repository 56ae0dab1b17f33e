#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// Control characters in files do not reach the terminal.
@Suite("Terminal") struct TerminalTests {
    /// Sets a window's title, the same by C1 controls, a reversed text, a bell and a deleted character.
    private static let hostile = "x\u{1B}]0;owned\u{7}\u{9D}0;owned\u{9C}\u{202E}gnp\u{2066}\u{61C}\u{7F}"

    private func expectHarmless(_ outcome: PrepareCommandTests.Outcome, _ shown: String? = "\\u{1B}]0;owned") {
        let text = outcome.output + outcome.errors
        for scalar in text.unicodeScalars where scalar != "\n" {
            let isHarmful =
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                || scalar.properties.generalCategory == .lineSeparator
            #expect(!isHarmful, "U+\(String(scalar.value, radix: 16)) in \(text.debugDescription)")
        }
        if let shown { #expect(text.contains(shown), "\(outcome)") }
    }

    @Test func titlesAndIds() throws {
        let folder = try TemporaryFolder()
        let id = { (item: Int) in item % 3 == 0 ? "\(Self.hostile)\(item)" : "\(item)" }
        let rows = (0..<60).flatMap { user in (0..<9).map { "\(user),\(id(($0 * $0 + user / 2 + $0) % 15 * 2 + user % 2)),5\n" } }
        let ratings = try folder.write("ratings.csv", "userId,movieId,\(Self.hostile)\n" + rows.joined())
        let titles = try folder.write("t.csv", "movieId,title\n" + (0..<30).map { "\(id($0)),\(Self.hostile)\n" }.joined())
        let (data, out) = (folder.path + "/data", folder.path + "/run")
        expectHarmless(
            try PrepareCommandTests.foldin(
                ["prepare", ratings, "--titles", titles, "--held-out-users", "8", "--out", data, "--rating-column", "3"]))
        let trained = try PrepareCommandTests.foldin(["train", data, "--out", out, "--model", "ease"])
        try #require(trained.status == 0, "\(trained)")
        let history = ["--history", "1,2,\(Self.hostile)none"]
        expectHarmless(try PrepareCommandTests.foldin(["recommend", out, "--top", "30"] + history))
        expectHarmless(try PrepareCommandTests.foldin(["similar", out, "--item", "1", "--top", "30"]))
        expectHarmless(try PrepareCommandTests.foldin(["similar", out, "--item", Self.hostile + "none"]))
        let histories = try folder.write("h.csv", "user,item\n\(Self.hostile)1,1\n\(Self.hostile)2,\(Self.hostile)none\n")
        expectHarmless(try PrepareCommandTests.foldin(["recommend", out, "--histories", histories]))
        // JSON has escapes for such characters; rows for programs have every byte.
        let json = try PrepareCommandTests.foldin(["recommend", out, "--top", "30", "--json"] + history)
        expectHarmless(json, "\\u001b]0;owned")
        let found = try decode(Found.self, json)
        #expect(found.items.contains { $0.title == Self.hostile } && found.unknown == [Self.hostile + "none"])
        let csv = try PrepareCommandTests.foldin(["recommend", out, "--top", "30", "--format", "csv"] + history)
        #expect(csv.output.contains(Self.hostile))
    }

    @Test func namesOfFiles() throws {
        let folder = try TemporaryFolder()
        let name = folder.path + "/" + Self.hostile.replacing("/", with: "")
        for arguments in [
            ["recommend", name, "--history", "1"], ["prepare", name, "--out", name], ["tables", name],
            ["report", name, "--out", name],
            ["evaluate", name, name], ["similar", name, "--item", "1", "--top", name], ["tables", "--" + name], ["train", name],
            ["train", name, "--out", folder.path + "/run"], ["export-events", name, "--out", name],
            ["import-events", name, "--events", folder.path + "/db"], [name], ["datasets", "fetch", name],
            ["sweep", name, "--data", name, "--out", folder.path + "/sweep"],
        ] {
            let outcome = try PrepareCommandTests.foldin(arguments)
            #expect(outcome.status != 0)
            expectHarmless(outcome, nil)
        }
    }
}
#endif

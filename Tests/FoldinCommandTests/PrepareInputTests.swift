import FoldinTestSupport
import Foundation
import Testing

/// What `foldin prepare` prints about its input files.
struct PrepareInputTests {
    private static let rows = (0..<400).map { "c\($0 % 20),s\($0 * 7 % 31),\($0 % 3 + 1),2024-03-0\($0 % 9 + 1) 10:00:00\n" }
        .joined()
    private static let shop = "customer_id,sku,qty,purchased_at\n" + rows

    private func prepare(_ arguments: [String], shell: String = "") throws -> PrepareCommandTests.Outcome {
        try PrepareCommandTests.foldin(["prepare"] + arguments, shell: shell)
    }

    @Test("the summary has layout, delimiter and columns; row counts add up; notes say what to check")
    func shopFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("shop.csv", Self.shop)
        let titles = try folder.write("t.csv", "sku,name\nother,Other\n")
        let outcome = try prepare([path, "--titles", titles, "--split", "temporal", "--out", folder.path + "/out"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(
            outcome.output.contains(
                "',' between columns, a header; user 'customer_id', item 'sku', time 'purchased_at'; not used: 'qty'"))
        #expect(outcome.errors.contains("no item has a title") && !outcome.output.contains("not above the rating"))
        let bad = try folder.write("bad.csv", Self.shop + "c1\nc2,s1,1,2024-01-01,x\n")
        let arguments = [
            bad, "--skip-bad-rows", "2", "--keep", "qty=1,3", "--min-user-interactions", "14", "--min-item-interactions", "2",
        ]
        let machine = try prepare(arguments + ["--held-out-users", "2", "--json", "--overwrite", "--out", folder.path + "/out"])
        #expect(machine.status == 0 && machine.errors.contains("bad.csv:402:"), "\(machine)")
        let rows = try #require(try machine.json()["rows"] as? [String: Int])
        let left = rows.reduce(0) { $0 + ($1.key == "read" ? 0 : $1.value) }
        #expect(rows["read"] == 402 && left == 402 && rows["malformed"] == 2 && (rows["not-kept"] ?? 0) > 100, "\(rows)")
        let tooMany = try prepare([bad, "--skip-bad-rows", "1", "--overwrite", "--out", folder.path + "/out"])
        #expect(tooMany.status == 65 && tooMany.errors.contains("after 1 malformed row skipped"))
    }

    @Test("columns recognised by order alone give a warning, dropped users are counted")
    func byPosition() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r.csv", "a,x,4\n" + (0..<100).map { "u\($0 % 5),i\($0),4\n" }.joined())
        let outcome = try prepare([path, "--held-out-users", "0", "--out", folder.path + "/out"])
        #expect(outcome.errors.contains("nothing names the columns") && outcome.errors.contains("every rating is 4.0"))
        #expect(outcome.output.contains("1 of 6 users dropped: fewer than 5 items"))
        let few = try folder.write("few.csv", "user,item\n" + (0..<40).map { "u\($0 / 4),i\($0)\n" }.joined())
        let kept = try prepare([few, "--min-user-interactions", "1", "--held-out-users", "2", "--out", folder.path + "/few"])
        #expect(kept.errors.contains("test: no user has held-out items"))
    }

    @Test("standard input, several files, and both kinds of escapes")
    func inputs() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.csv", Self.shop)
        let more = try folder.write("b.csv", "sku;customer_id;qty\n" + (0..<50).map { "s\($0);new;1\n" }.joined())
        let out = folder.path + "/out"
        let piped = try prepare(["-", "--held-out-users", "2", "--out", out], shell: "exec < '\(path)';")
        #expect(piped.status == 0 && piped.output.contains("400 rows"), "\(piped)")
        let both = try prepare([path, more, "--held-out-users", "2", "--overwrite", "--out", out])
        #expect(both.status == 0 && both.output.contains("450 rows") && both.output.contains("21 users"), "\(both)")
        #expect(try prepare(["-", "-", "--out", out]).status == 64)
        let hostile = try folder.write("h.csv", "user,item,rating\n1,2,\u{1B}[2Jx\n")
        let refused = try prepare([hostile, "--overwrite", "--out", out])
        #expect(refused.status == 65 && refused.errors.contains("\\u{1B}[2Jx") && !refused.errors.contains("\u{1B}"))
    }

    /// The option that mends each error of the library's, which does not know options.
    @Test(
        "errors name the option that mends them",
        arguments: [
            ("r.txt", "what is this?\n", [], "--format, --delimiter, --no-header and --user-column"),
            ("r.json", "{\"who\": 1}\n", [], "--user-column, --item-column, --rating-column and --time-column name the keys"),
            ("r.csv", "who~what\n1~2\n", ["--user-column", "who", "--item-column", "what"], "--delimiter says"),
            ("r.csv", "1,4.5,7\n", [], "--no-header --user-column N --item-column N"),
            ("r.csv", (0..<20).map { "\($0),\($0 % 3),\($0 % 5),4\n" }.joined(), [], "--no-header --user-column 2"),
            ("r.txt", "1 10 4.5\n2 11 3.0\n", [], "--delimiter ' ' (or whitespace) reads columns, --format user-item-lists"),
            (
                "r.txt", (0..<2_000).map { "\($0) 1" + ($0 % 2 == 0 ? "" : " 2") + "\n" }.joined() + "7 3\n", [],
                "--format user-item-lists"
            ),
            ("r.csv", "userId;movieId;rating\n1;2;3,5\n", [], "--decimal , reads decimal commas"),
            ("r.json", "{\"user\": 1, \"item\": 2}\n", ["--keep", "3=x"], "as in --keep 'event=buy'"),
        ] as [(String, String, [String], String)])
    func advice(name: String, text: String, arguments: [String], option: String) throws {
        let folder = try TemporaryFolder()
        let outcome = try prepare([folder.write(name, text), "--out", folder.path + "/out", "--held-out-users", "9"] + arguments)
        #expect([64, 65].contains(outcome.status) && outcome.errors.contains(option), "\(outcome)")
    }

    @Test("errors in ids, titles and skipped rows, and notes on columns, name options as well")
    func moreAdvice() throws {
        let folder = try TemporaryFolder()
        let out = ["--out", folder.path + "/out", "--held-out-users", "0", "--min-user-interactions", "0"]
        let latin = try folder.write("l.csv", bytes: Array("user,item\n1,2\n".utf8) + [0xE9, 44, 50, 10])
        #expect(try prepare([latin] + out).errors.contains("in UTF-8; --encoding names another encoding"))
        let skipped = try prepare([latin, "--skip-bad-rows", "1"] + out)
        #expect(skipped.status == 0 && skipped.errors.contains("l.csv:3: found bytes that are not UTF-8"), "\(skipped)")
        #expect(skipped.errors.contains("--encoding names another encoding"))
        let books = try folder.write("b.csv", "user_id,customer_id,sku,asin,Book-Rating\n1,2,3,4,5\n")
        let noted = try prepare([books, "--overwrite"] + out)
        for option in ["--user-column takes", "--item-column takes", "--rating-above 0 leaves"] {
            #expect(noted.status == 0 && noted.errors.contains(option), "\(noted)")
        }
        let titles = try folder.write("t.csv", "code,label\n7,Seven\n")
        let refused = try prepare([books, "--titles", titles, "--overwrite"] + out)
        #expect(refused.status == 65 && refused.errors.contains("; --title-id-column and --title-column name the columns"))
    }
}

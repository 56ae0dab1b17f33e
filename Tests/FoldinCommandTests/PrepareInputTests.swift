import FoldinTestSupport
import Foundation
import Testing

/// What `foldin prepare` says of the files it reads, run as a person would.
struct PrepareInputTests {
    private static let rows = (0..<400).map { "c\($0 % 20),s\($0 * 7 % 31),\($0 % 3 + 1),2024-03-0\($0 % 9 + 1) 10:00:00\n" }
        .joined()
    private static let shop = "customer_id,sku,qty,purchased_at\n" + rows

    private func prepare(_ arguments: [String], shell: String = "") throws -> PrepareCommandTests.Outcome {
        try PrepareCommandTests.foldin(["prepare"] + arguments, shell: shell)
    }

    @Test("layout, delimiter and columns are told; rows add up; a few words of what to look at")
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
        #expect(tooMany.status == 65 && tooMany.errors.contains("after 1 malformed row passed over"))
    }

    @Test("columns by their order alone are warned of, users that drop out are counted")
    func byPosition() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r.csv", "a,x,4\n" + (0..<100).map { "u\($0 % 5),i\($0),4\n" }.joined())
        let outcome = try prepare([path, "--held-out-users", "0", "--out", folder.path + "/out"])
        #expect(outcome.errors.contains("nothing names the columns") && outcome.errors.contains("every rating is 4.0"))
        #expect(outcome.output.contains("1 of 6 users dropped: fewer than 5 items"))
        let few = try folder.write("few.csv", "user,item\n" + (0..<40).map { "u\($0 / 4),i\($0)\n" }.joined())
        let kept = try prepare([few, "--min-user-interactions", "1", "--held-out-users", "2", "--out", folder.path + "/few"])
        #expect(kept.errors.contains("test: nobody has anything to be found"))
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
}

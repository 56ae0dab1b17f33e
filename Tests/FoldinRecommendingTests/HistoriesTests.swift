import FoldinInteractions
import FoldinTestSupport
import Testing

@testable import FoldinRecommending

@Suite("Files of histories") struct HistoriesTests {
    static let items = Vocabulary(["100", "102", "104", "a b", "Half-Life 2, Episode 0", "né", "[x]", "sku"])

    static func read(_ text: String, as format: Histories.Format? = nil, _ items: Vocabulary = items) throws -> Histories {
        let folder = try TemporaryFolder()
        return try Histories(contentsOf: folder.write("people", text), as: format, known: items)
    }

    struct Person: Equatable, CustomStringConvertible {
        let user: String?
        let line: Int
        let ids: [String]
        var description: String { "\(user ?? "-"):\(line):\(ids)" }

        init(_ user: String, _ line: Int, _ ids: String...) { (self.user, self.line, self.ids) = (user, line, ids) }
        init(_ line: Int, _ ids: String...) { (user, self.line, self.ids) = (nil, line, ids) }
        init(_ history: Histories.History) { (user, line, ids) = (history.user, history.line, history.ids) }
    }

    static func people(_ histories: Histories) -> [Person] { (0..<histories.count).map { Person(histories[$0]) } }

    @Test(
        arguments: [
            (
                "100,102\n\nnobody\n104 106\t100\r\n104, zebra", .lines,
                [Person(1, "100", "102"), Person(2), Person(3, "nobody"), Person(4, "104 106", "100"), Person(5, "104", "zebra")]
            ),
            (
                "\u{FEFF}\"Half-Life 2, Episode 0\",né\r\na b\r\n100 102\r\n\r\n\r\n", .lines,
                [Person(1, "Half-Life 2, Episode 0", "né"), Person(2, "a b"), Person(3, "100", "102")]
            ),
            ("\n100\n", .lines, [Person(1), Person(2, "100")]), ("100\r102\r", .lines, [Person(1, "100"), Person(2, "102")]),
            ("[x],100", .lines, [Person(1, "[x]", "100")]),
            (
                "\u{FEFF}\r\n[\"a b\", 102, \"\\u006e\\u00E9\\n\\ud83d\\ude00\"]\r\n\r\n[]\r\n{\"user\": 7, \"x\": [{\"y\": null}, -1.5e3], \"items\": [\"100\"]}",
                .jsonLines, [Person(2, "a b", "102", "né\n😀"), Person(4), Person("7", 5, "100")]
            ),
            (
                "{\"user_id\": \"u\", \"history\": [12345678901234567890, -3]}", .jsonLines,
                [Person("u", 1, "12345678901234567890", "-3")]
            ),
            (
                "user,item\nu2,100\nu1,\"Half-Life 2, Episode 0\"\nu2,zebra\n", .csv,
                [Person("u2", 2, "100", "zebra"), Person("u1", 3, "Half-Life 2, Episode 0")]
            ),
            ("\u{FEFF}\r\nuserId\tmovieId\trating\r\n1\t100\t3.5\r\n\r\n1\t102\t4\r\n", .csv, [Person("1", 3, "100", "102")]),
            ("timestamp;Customer ID;product_id\n1;\"x;y\";a b\n", .csv, [Person("x;y", 2, "a b")]),
            ("user-id,game-title,behavior-name\nu,a b,play\n", .csv, [Person("u", 2, "a b")]),
            ("user_id:token,item_id:token\nu,100\n", .csv, [Person("u", 2, "100")]),
            // The column with ids of the model is used.
            ("customer_id,product,article_id\nu,x,100\nu,y,104\n", .csv, [Person("u", 2, "100", "104")]),
            ("customer_id,product,article_id\nu,100,x\nu,104,y\n", .csv, [Person("u", 2, "100", "104")]),
            // Two spellings of a letter are two users.
            (
                "user,item\ncaf\u{E9},100\ncafe\u{301},102\n", .csv,
                [Person("caf\u{E9}", 2, "100"), Person("cafe\u{301}", 3, "102")]
            ),
        ] as [(String, Histories.Format, [Person])])
    func recognisesAndReads(text: String, format: Histories.Format, expected: [Person]) throws {
        for given in [nil, format] {
            let found = try Self.read(text, as: given)
            #expect(found.format == format && Self.people(found) == expected, "\(Self.people(found))")
            #expect(found.hasUsers == (expected.contains { $0.user != nil }))
            #expect(found.notes[0].contains("read as \(format.rawValue)"))
        }
    }

    @Test(
        arguments: [
            // A header or ids of items; JSON or ids of items.
            ("uid,sku\nu,100\n", 1, "csv or lines"), ("[\"[x]\"]\n", 0, ""), ("[100]\n", 0, ""),
            // Rows without a header, with an unknown header, and lists after a user.
            ("u1,100\nu1,102\nu2,100\n", 1, "first column is not an item"),
            ("u1 100 102 104\nu2 100 102\nu3 104 100\n", 1, "first column"),
            ("100,102,5\n100,104,3\n102,100,4\n102,104,4\n102,102,5\n104,100,1\n", 1, "3 columns"),
            ("100 102\n100 104\n102 100\n102 104\n104 100\n104 102\n", 1, "2 columns"),
            ("user_id,thing\nu1,100\n", 1, "looks like a header"), ("user item rating\n1 100 5\n", 1, "looks like a header"),
        ] as [(String, Int, String)])
    func refusesAmbiguousFiles(text: String, line: Int, words: String) throws {
        let error = failure { try Self.read(text) }
        guard line > 0 else {
            #expect(error == nil)
            return
        }
        #expect(
            error?.exitStatus == 65 && error?.line == line && error?.found.contains(words) == true, "\(error?.description ?? "-")"
        )
        #expect([.ambiguousHistories, .historiesMayBeLines].contains(error?.reason))
        #expect(try Self.read(text, as: .lines).format == .lines)
    }

    /// JSON that is also a list of ids is refused unless the format is given.
    @Test func refusesBracketsThatAreIds() throws {
        let items = Vocabulary(["[1]", "1"])
        let error = failure { try Self.read("[1]\n", items) }
        #expect(error?.found.contains("json-lines or lines") == true)
        #expect(Self.people(try Self.read("[1]\n", as: .lines, items)) == [Person(1, "[1]")])
        #expect(Self.people(try Self.read("[1]\n", as: .jsonLines, items)) == [Person(1, "1")])
    }

    @Test(
        arguments: [
            ("", nil, nil, "empty"), ("\n\n", nil, nil, "empty"), ("100\n\"102\n", nil, 2, "not closed"),
            ("100\n\"102\" 3\n", nil, 2, "more text"),
            ("[\"100\"]\n[\"100\"\n", nil, 2, "end of the line"), ("[\"100\"]\n[null]\n", nil, 2, "null"),
            ("[\"100\", true]\n", nil, 1, "true"),
            ("[1.5]\n", nil, 1, "1.5"), ("[1e3]\n", nil, 1, "1e3"), ("[01]\n", nil, 1, "01"),
            ("[\"100\"] x\n", nil, 1, "after the end"),
            ("[[\"100\"]]\n", nil, 1, "[\"100\"]"), ("{\"user\": \"u\"}\n", nil, 1, "without \"history\""),
            ("{\"user\": null, \"history\": []}\n", nil, 1, "null"), ("{\"history\": [], \"items\": []}\n", nil, 1, "both"),
            ("{\"history\": \"100\"}\n", nil, 1, "\"100\""), ("{\"history\": [\"100\"],}\n", nil, 1, "}"),
            ("[\"\\ud800\"]\n", nil, 1, "half"),
            ("[\"\\x\"]\n", nil, 1, "escape"), ("[\"a\tb\"]\n", nil, 1, "control"), ("[\"a\n", nil, 1, "not closed"),
            ("[", nil, 1, "end"),
            ("user,item\nu\n", nil, 2, "'u'"), ("user,item\n,100\n", nil, 2, "',100'"), ("user,item\nu,\"\"\n", nil, 2, "'u,"),
            ("user,item\nu,\"100\n", nil, 2, "not closed"), ("100,102\n", .csv, 1, "'100,102'"),
            ("user,item\n", nil, nil, "empty"),
            ("100\n", .jsonLines, 1, "'100'"), (String(repeating: "[", count: 200), .jsonLines, 1, "["),
            ("{\"a\": \(String(repeating: "[", count: 200))", nil, 1, "nested"),
        ] as [(String, Histories.Format?, Int?, String)])
    func refusesWhatCannotBeRead(text: String, format: Histories.Format?, line: Int?, words: String) {
        let error = failure { try Self.read(text, as: format) }
        #expect(
            error?.exitStatus == 65 && error?.line == line && error?.found.contains(words) == true, "\(error?.description ?? "-")"
        )
    }

    @Test func refusesFilesThatAreNotUTF8() throws {
        let folder = try TemporaryFolder()
        for (name, bytes, line) in [
            ("latin", Array("100\n".utf8) + [0xE9], 2), ("sixteen", [0xFF, 0xFE, 0x31, 0], 1), ("zip", [0x1F, 0x8B, 8], 1),
            ("json", Array("[\"".utf8) + [0xC3, 0x22, 0x5D], 1),
        ] {
            let path = try folder.write(name, bytes: bytes)
            let error = failure { try Histories(contentsOf: path, known: Self.items) }
            #expect(error?.file == path && error?.line == line && error?.expected == "text in UTF-8")
        }
        #expect(failure { try Histories(contentsOf: folder.path + "/none", known: Self.items) }?.exitStatus == 66)
    }

    /// The rows of a prepared directory are indices, which may look like ids.
    @Test func refusesIndices() throws {
        let folder = try TemporaryFolder()
        try folder.write("unique_sid.txt", "100\n")
        let path = try folder.write("test_tr.csv", "user,item\n0,0\n")
        #expect(failure { try Histories(contentsOf: path, known: Self.items) }?.reason == .historiesOfIndices)
        #expect(try Histories(contentsOf: path, as: .csv, known: Self.items).count == 1)
    }

    @Test func notesColumnsAndMembersThatAreIgnored() throws {
        let json = try Self.read("{\"history\": [\"100\"], \"exclude\": [\"102\"]}\n")
        #expect(json.notes.contains { $0.contains("\"exclude\"") })
        let rows = try Self.read("user,item,rating\nu,100,1\n")
        #expect(
            rows.notes.count == 2 && rows.notes[0].contains("\"user\" and \"item\"") && rows.notes[0].contains("1 history, 1 id"))
        let split = try Self.read("100,Half-Life 2, Episode 0\nHalf-Life 2, Episode 0\n")
        #expect(split.notes.count == 3 && split.notes.dropFirst().allSatisfy { $0.contains("\"Half-Life 2, Episode 0\"") })
        #expect(Self.people(split) == [Person(1, "100", "Half-Life 2", "Episode 0"), Person(2, "Half-Life 2, Episode 0")])
    }
}

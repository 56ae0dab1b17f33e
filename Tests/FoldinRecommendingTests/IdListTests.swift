import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Testing

@testable import FoldinRecommending

@Suite("Lists of ids") struct IdListTests {
    static let games = Vocabulary([
        "Portal", "Half-Life 2, Episode 0", "Half-Life 2", "Say \"Cheese\" 11", "\"Quoted\" 3", "a", "b", "Don't Starve 2", "-5",
        "né",
    ])

    @Test(
        arguments: [
            ("Portal,a", ["Portal", "a"]), (" Portal ,\ta ", ["Portal", "a"]), ("", []), (" , ,", []), ("a,,b,", ["a", "b"]),
            ("\"Half-Life 2, Episode 0\",Portal", ["Half-Life 2, Episode 0", "Portal"]),
            (" \"Half-Life 2, Episode 0\" , Portal", ["Half-Life 2, Episode 0", "Portal"]),
            ("\"Say \"\"Cheese\"\" 11\"", ["Say \"Cheese\" 11"]), ("Say \"Cheese\" 11,a", ["Say \"Cheese\" 11", "a"]),
            ("Don't Starve 2,x y", ["Don't Starve 2", "x y"]), ("\" a \",\"\"", [" a ", ""]), ("\"\"\"\"", ["\""]),
            ("-5,né", ["-5", "né"]), ("a\nb\r\n", ["a", "b"]), ("\"a\nb\"", ["a\nb"]), ("a,a", ["a", "a"]),
            // A comma and an accent that joins it are one character to `String`.
            ("a,\u{301}b", ["a", "\u{301}b"]),
        ] as [(String, [String])])
    func splitsAsCSV(text: String, ids: [String]) throws {
        let list = try IdList(text, known: Self.games)
        #expect(list.ids == ids && !list.isOneId && list.splitIds.isEmpty, "\(list)")
    }

    @Test(arguments: ["\"Portal", "a,\"b", "\"a\" b", "\"a\"b\"", "\"\"\""])
    func refusesQuotesThatDoNotClose(text: String) {
        let error = failure { try IdList(text, known: Self.games) }
        #expect(error?.exitStatus == 64 && error?.found.contains("double quote") == true)
    }

    /// A text is one id if the whole is known and no part of it is.
    @Test func readsTheWholeAsOneIdIfNoPartIsKnown() throws {
        let games = Vocabulary(["Half-Life 2, Episode 0", "\"Quoted\" 3", "Portal"])
        for id in ["Half-Life 2, Episode 0", "\"Quoted\" 3"] {
            let list = try IdList(" " + id + " ", known: games)
            #expect(list.ids == [id] && list.isOneId)
        }
        // Here a part is known as well.
        let parts = try IdList("Half-Life 2, Episode 0", known: Self.games)
        #expect(parts.ids == ["Half-Life 2", "Episode 0"] && !parts.isOneId && parts.splitIds == ["Half-Life 2, Episode 0"])
        // All parts are known: the text is ambiguous.
        let both = try IdList("a,b", known: Vocabulary(["a", "b", "a,b"]))
        #expect(both.ids == ["a", "b"] && both.splitIds == ["a,b"])
        let among = try IdList("Portal,Half-Life 2, Episode 0", known: games)
        #expect(among.ids == ["Portal", "Half-Life 2", "Episode 0"] && among.splitIds == ["Half-Life 2, Episode 0"])
    }

    static func line(_ text: String, _ items: Vocabulary = games) throws -> [String] {
        var text = text
        return try text.withUTF8 { try IdList(line: UnsafeRawBufferPointer($0), known: items).ids }
    }

    @Test(
        arguments: [
            ("a b", ["a", "b"]), ("a  x\u{20}", ["a", "x"]), ("Don't Starve 2", ["Don't Starve 2"]),
            ("Don't Starve 3", ["Don't", "Starve", "3"]),
            ("Don't Starve 3,a", ["Don't Starve 3", "a"]), ("Don't Starve 3\ta", ["Don't Starve 3", "a"]),
            ("\"Don't Starve 3\"", ["Don't Starve 3"]), ("a b\tPortal", ["a", "b", "Portal"]),
            ("a, b Portal", ["a", "b", "Portal"]),
            ("Half-Life 2, Episode 0\tPortal", ["Half-Life 2, Episode 0", "Portal"]), ("x, y\tPortal", ["x, y", "Portal"]),
            ("a,b\tPortal", ["a", "b", "Portal"]), ("a\t\tb\t", ["a", "b"]), ("\"a\tb\"\ta", ["a\tb", "a"]),
            ("Say \"No\" 1", ["Say \"No\" 1"]),
            ("\"Half-Life 2, Episode 0\"\t\"b\"", ["Half-Life 2, Episode 0", "b"]),
        ] as [(String, [String])])
    func splitsLines(text: String, ids: [String]) throws {
        #expect(try Self.line(text) == ids)
    }
}

@Suite("Files of ids") struct IdFileTests {
    static let games = Vocabulary(["Portal", "Half-Life 2, Episode 0", "Say \"Cheese\" 11", "\"Quoted\" 3", "a", "#1"])

    @Test func readsOneIdPerLine() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "ids",
            "\u{FEFF}Half-Life 2, Episode 0\r\n\r\n  Portal \r\n\"Say \"\"Cheese\"\" 11\"\r\n\"Quoted\" 3\r\nnew, item\r\n#1\r\nx"
        )
        let file = try IdFile(contentsOf: path, known: Self.games)
        #expect(file.known == ["Half-Life 2, Episode 0", "Portal", "Say \"Cheese\" 11", "\"Quoted\" 3", "#1"])
        #expect(file.unknown == ["new, item", "x"])
        let empty = try IdFile(contentsOf: folder.write("empty", "\u{FEFF}\n \n"), known: Self.games)
        #expect(empty.known.isEmpty && empty.unknown.isEmpty)
    }

    @Test(arguments: [
        ("a\nPortal,5\n", 2, "more after it"), ("a\n\n\"Por\n", 3, "double quote"), ("a\nPortal\t5", 2, "more after it"),
    ])
    func refusesWhatIsNoIdALine(text: String, line: Int, words: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("ids", text)
        let error = failure { try IdFile(contentsOf: path, known: Self.games) }
        #expect(error?.file == path && error?.line == line && error?.found.contains(words) == true && error?.exitStatus == 65)
        let latin = try folder.write("latin", bytes: Array("a\n".utf8) + [0xE9, 0x0A])
        let second = failure { try IdFile(contentsOf: latin, known: Self.games) }
        #expect(second?.line == 2 && second?.found.contains("UTF-8") == true)
    }
}

@Suite("Suggestions in messages") struct MessageTests {
    @Test(
        arguments: [
            ("i30", ["i3", "i20"]), ("PORTAL", ["Portal"]), ("Protal", ["Portal"]), ("i03", ["i3"]), ("Prtoal", ["Portal"]),
            ("Half-Life", ["Half-Life 2, Episode 0"]),
            ("zebra", []),
            ("x", []), ("", []),
        ] as [(String, [String])])
    func findsNearNames(name: String, near: [String]) {
        let names = ["i3", "Portal", "i20", "Half-Life 2, Episode 0"]
        #expect(NearNames.indices(of: name, among: names).map { names[$0] } == near)
    }

    @Test func suggestsTheNearestIdsOnly() {
        let names = ["abcdefxx", "abcdefgx", "abcdefgh", "abcdefg", "xabcdefghi"]
        #expect(NearNames.indices(of: "abcdefgh", among: names).map { names[$0] } == ["abcdefgh", "abcdefgx", "abcdefg"])
    }

    @Test func escapesControlCharacters() {
        #expect("a\u{1B}[31m\n\u{7}\u{85}\u{202E}é👩‍👧".escapedForTerminal == "a\\u{1B}[31m\\n\\u{7}\\u{85}\\u{202E}é👩‍👧")
        #expect(["a", "\r\n", "c", "d"].quoted(first: 2) == "\"a\", \"\\r\\n\", …")
    }
}

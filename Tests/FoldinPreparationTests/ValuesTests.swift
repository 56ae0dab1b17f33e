import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

/// How values are written in files, and which rows are read.
struct ValuesTests {
    @Test("line breaks, delimiters and doubled quotes in quotes, wherever blocks end")
    func quotes() throws {
        let folder = try TemporaryFolder()
        var text = "user,item,rating,review\r\n"
        var expected: [String] = []
        for row in 0..<60 {
            text += "\"u \(row)\",\"i, \"\"\(row % 7)\"\"\",\(row % 5),\"one\n1,2,3\r\n\"\"two\"\", three\"\r\n"
            expected.append("u \(row)|i, \"\(row % 7)\"|\(row % 5).0")
        }
        let path = try folder.write("r.csv", text)
        for size in [1, 7, 40, 1_000, 8 << 20] {
            let ratings = try Ratings(path, nil, false, Workers(count: 2), blockSize: size)
            #expect(ratings.lines == expected && ratings.userCount == 60 && ratings.itemCount == 7, "\(size)")
        }
        #expect(try Ratings(folder.gzip("r.gz", text), nil, false, Workers(count: 2), blockSize: 32).lines == expected)
        // Rows of fixed layout inside quotes are text, and their numbers are not ids.
        let quoted = "userId,movieId,rating\n1,2,3\n\"4\n5,6,1\n7,8,2\n\",9,2\n"
        let error = failure { try Ratings(folder.write("u.csv", quoted), nil, false, Workers(count: 2), blockSize: 4) }
        #expect(error?.line == 3 && error?.expected == "a user id without line breaks")
        let open = try folder.write("o.csv", "user,item\n1,2\n3,\"4\n5,6\n")
        for size in [1, 8 << 20] {
            #expect(failure { try Ratings(open, nil, false, Workers(count: 1), blockSize: size) }?.line == 3)
        }
        let long = try folder.write("l.csv", "user,item\n1,\"2\n" + String(repeating: "3,4\n", count: 400_000) + "\"\n")
        #expect(failure { try Ratings(contentsOf: long) }?.line == 2)
        for delimiter in [";", "\t", "|", "::", " ", "whitespace"] {
            let separator = delimiter == "whitespace" ? "  " : delimiter
            let rows = ["user", "item"].joined(separator: separator) + "\n\"a \(separator)b\"\(separator)\"c\"\"\"\n"
            let ratings = try Ratings(contentsOf: folder.write("d", rows), hints: LayoutHints(delimiter: delimiter))
            #expect(ratings.lines == ["a \(separator)b|c\""], "\(delimiter)")
        }
    }

    @Test("blanks around ids are removed, and ids that differ only by them are refused")
    func blanks() throws {
        let folder = try TemporaryFolder()
        let ratings = try Ratings(contentsOf: folder.write("b.csv", "user, item, rating\n1, 7, 4.0\n2,\t8 , 3\n 3 ,8 z, 2\n"))
        #expect(ratings.lines == ["1|7|4.0", "2|8|3.0", "3|8 z|2.0"])
        #expect(try Ratings(contentsOf: folder.write("n.csv", "user,item\na\u{A0},\u{A0} b\n")).lines == ["a|b"])
        let joined = failure { try Ratings(contentsOf: folder.write("j.csv", "user,item\na,b\nc, b\n")) }
        #expect(joined?.found.contains("'b' and ' b'") == true)
        #expect(failure { try Ratings(contentsOf: folder.write("e.csv", "user,item\n  ,b\n")) }?.line == 2)
    }

    @Test("a byte order mark and blank first lines are ignored")
    func marks() throws {
        let folder = try TemporaryFolder()
        for (text, format) in [
            ("\u{FEFF}user,item\n1,2\n", nil), ("\u{FEFF}\n\r\n  \nuser,item\n1,2\n", nil),
            ("\u{FEFF}1,2\n", .delimited(DelimitedColumns(hasHeader: false, user: 1, item: 2))),
            ("\u{FEFF}\n{\"user\": 1, \"item\": \"2\"}\n", nil), ("\n\u{20}\n1 2\n", .userItemLists),
        ] as [(String, RatingsFormat?)] {
            #expect(try Ratings(contentsOf: folder.write("m", text), format: format).lines == ["1|2"], "\(text)")
        }
        let late = failure { try Ratings(contentsOf: folder.write("m", "\n\nuser,item\n1,2\n3\n")) }
        #expect(late?.line == 5)
    }

    @Test("encodings by name")
    func encodings() throws {
        let folder = try TemporaryFolder()
        let bytes = Array("user,item\nMis".utf8) + [0xE9] + Array("rables,".utf8) + [0x80, 10]
        let path = try folder.write("e.csv", bytes: bytes)
        #expect(failure { try Ratings(contentsOf: path) }?.reason == .invalidUTF8)
        #expect(try Ratings(contentsOf: path, options: ReadingOptions(encoding: .windows1252)).lines == ["Misérables|€"])
        #expect(try Ratings(contentsOf: path, options: ReadingOptions(encoding: .latin1)).lines == ["Misérables|\u{80}"])
        #expect(
            TextEncoding(name: "Latin-1") == .latin1 && TextEncoding(name: "cp1252") == .windows1252
                && TextEncoding(name: "x") == nil)
        let json = Array(#"{"user": ""#.utf8) + [0xE9] + Array(#"\u00e9", "item": "a"}"#.utf8) + [10]
        #expect(
            try Ratings(contentsOf: folder.write("e.json", bytes: json), options: ReadingOptions(encoding: .latin1)).lines == [
                "éé|a"
            ])
        // A line in another encoding does not change other titles.
        let titles = try folder.write("t.csv", bytes: Array("item,title\n1,Amélie\n2,Caf".utf8) + [0xE9, 10])
        let read = try Titles(contentsOf: titles)
        #expect(read["1"] == "Amélie" && read["2"] == "Café")
    }

    @Test("decimal commas")
    func decimals() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("d.csv", "userId;movieId;rating\n1;2;3,5\n1;3;4\n")
        #expect(failure { try Ratings(contentsOf: path) }?.reason == .decimalComma)
        #expect(try Ratings(contentsOf: path, options: ReadingOptions(decimalSeparator: .comma)).lines == ["1|2|3.5", "1|3|4.0"])
        let point = try folder.write("p.csv", "userId;movieId;rating\n1;2;3.5\n")
        #expect(failure { try Ratings(contentsOf: point, options: ReadingOptions(decimalSeparator: .comma)) }?.line == 2)
    }

    @Test(
        "times in ISO 8601 and of other sizes",
        arguments: [
            ("1970-01-01", 0), ("2014-05-15T14:45:42Z", 1_400_165_142_000), ("2014-05-15 14:45:42", 1_400_165_142_000),
            ("2014-05-15T14:45:42.1239+02:00", 1_400_157_942_123), ("2014-05-15 14:45:42 UTC", 1_400_165_142_000),
            ("2014-05-15 14:45-0130", 1_400_170_500_000), ("Thu May 15 14:45:42 +0000 2014", 1_400_165_142_000),
            ("Thu May 15 14:45:42 2014", 1_400_165_142_000), ("2000-02-29", 951_782_400_000), ("1969-12-31 23:59:59", -1_000),
            ("2015-02-29", nil), ("2014-13-01", nil), ("2014-05-15T25:00:00", nil), ("15/05/2014", nil), ("20140515", nil),
        ] as [(String, Int64?)])
    func times(text: String, milliseconds: Int64?) {
        #expect(Array(text.utf8).withUnsafeBytes { TimeNotation.milliseconds($0) } == milliseconds)
    }

    @Test("all times of a file are written the same way, and have a unit")
    func timeUnits() throws {
        let folder = try TemporaryFolder()
        func read(_ times: String...) throws -> Ratings {
            let rows = times.enumerated().map { "1,\($0),\($1)\n" }.joined()
            return try Ratings(contentsOf: folder.write("t.csv", "user,item,purchased_at\n" + rows), keepingTimestamps: true)
        }
        #expect(try read("1400165142").timeUnit == .seconds)
        #expect(try read("1400165142007").timeUnit == .milliseconds)
        #expect(try read("1400165142007000000").timeUnit == .nanoseconds)
        #expect(try read("2014-05-15", "2014-05-16T01:00Z").timestamps == [1_400_112_000_000, 1_400_202_000_000])
        #expect(failure { try read("2014-05-15", "1400165142") }?.line == 3)
        #expect(failure { try read("1400165142", "2014-05-15") }?.line == 3)
    }

    @Test("rows by the value of a column")
    func keep() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("k.csv", "user,item,event\n1,a,view\n1,b,\"buy\"\n2,c,cart\n2,x,view\n")
        let filter = ReadingOptions.ValueFilter(column: "event", values: ["buy", "cart"])
        let ratings = try Ratings(contentsOf: path, options: ReadingOptions(keep: [filter]))
        #expect(ratings.lines == ["1|b", "2|c"] && ratings.notKeptCount == 2 && ratings.itemCount == 2)
        let unknown = ReadingOptions.ValueFilter(column: "evnt", values: ["buy"])
        #expect(
            failure { try Ratings(contentsOf: path, options: ReadingOptions(keep: [unknown])) }?.expected.contains("'evnt'")
                == true)
        let json = try folder.write(
            "k.json",
            "{\"user\":1,\"item\":2,\"e\":{\"t\":\"buy\"}}\n{\"user\":1,\"item\":3,\"e\":{\"t\":\"no\"}}\n{\"user\":1,\"item\":4}\n"
        )
        let nested = ReadingOptions.ValueFilter(column: "e.t", values: ["buy"])
        let kept = try Ratings(contentsOf: json, options: ReadingOptions(keep: [nested]))
        #expect(kept.lines == ["1|2"] && kept.notKeptCount == 2)
    }

    @Test("malformed rows are skipped up to a limit, counted, and leave no ids")
    func badRows() throws {
        let folder = try TemporaryFolder()
        var text = "user,item,rating\n"
        for row in 0..<200 { text += row % 50 == 3 ? "bad\(row),new\(row),x\n" : "\(row % 9),i\(row % 11),4\n" }
        let path = try folder.write("b.csv", text)
        for size in [16, 300, 8 << 20] {
            func read(_ limit: Int) throws -> Ratings {
                try Ratings(path, nil, LayoutHints(), ReadingOptions(badRowLimit: limit), Workers(count: 2), blockSize: size)
            }
            let ratings = try read(4)
            #expect(ratings.count == 196 && ratings.badRows.count == 4 && ratings.userCount == 9 && ratings.itemCount == 11)
            #expect(ratings.badRows.first.map(\.line) == [5, 55, 105])
            #expect(failure { try read(3) }?.line == 155)
            #expect(failure { try read(0) }?.line == 5)
        }
    }

    @Test("repeats: by default after the rating, otherwise one row of each first")
    func repeats() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r.csv", "user,item,rating\n1,a,5\n1,b,1\n1,a,1\n2,a,2\n1,b,4\n2,a,2\n")
        func left(_ repeats: Ratings.Repeats?) throws -> [String] {
            var ratings = try Ratings(contentsOf: path).rated(above: 3)
            if let repeats { ratings = try ratings.joiningRepeats(repeats) }
            let clicks = Clicks(ratings)
            #expect(
                clicks.counts["rows"] == clicks.count + (clicks.counts["duplicates"] ?? 0)
                    + (clicks.counts["rows-below-rating"] ?? 0))
            return zip(clicks.users, clicks.items).map { ratings.userIds[Int($0)] + ratings.itemIds[Int($1)] }
        }
        #expect(try left(nil) == ["1a", "1b"])
        #expect(try left(.first) == ["1a"])
        #expect(try left(.last) == ["1b"])
        #expect(try left(.max) == ["1a", "1b"])
        #expect(try left(.sum) == ["1a", "1b", "2a"])
    }

    @Test("several files are one, and rows may come from memory")
    func files() throws {
        let folder = try TemporaryFolder()
        let first = try folder.write("a.csv", "user,item,rating\n1,a,5\n2,b,4\n")
        let second = try folder.write("b.tsv", "item\tuser\trating\nc\t1\t3\na\t3\t2\n")
        let both = try Ratings(contentsOf: [first, second])
        #expect(both.lines == ["1|a|5.0", "2|b|4.0", "1|c|3.0", "3|a|2.0"] && both.userCount == 3 && both.itemCount == 3)
        #expect(both.sources.map(\.name) == ["a.csv", "b.tsv"])
        #expect(
            failure { try Ratings(contentsOf: [first, folder.write("c.csv", "user,item\n1,a\n")]) }?.found.contains("no ratings")
                == true)
        let plain = try (0..<2).map { file in
            try folder.write(
                "u\(file).csv", "userId,movieId,rating\n" + (0..<300).map { "\($0 % 7 + file),\($0 % 13),3.5\n" }.joined())
        }
        let joined = try Ratings(contentsOf: plain)
        #expect(joined.lines == (try Ratings(contentsOf: plain[0]).lines) + (try Ratings(contentsOf: plain[1]).lines))
        let rows = [Ratings.Row(user: "x", item: "1", rating: 4, time: 9), Ratings.Row(user: "y", item: "1", rating: 5, time: 8)]
        let memory = try Ratings(rows: rows)
        #expect(memory.lines == ["x|1|4.0|9", "y|1|5.0|8"])
        #expect(try memory.rated(above: 4).split(.strongGeneralization(heldOutUsers: 0)).train.count == 1)
        #expect(failure { try Ratings(rows: [Ratings.Row(user: "", item: "1")]) }?.line == 1)
        #expect(failure { try Ratings(rows: [rows[0], Ratings.Row(user: "x", item: "2")]) }?.line == 2)
        #expect(failure { try Ratings(rows: []) }?.kind == .badData)
    }

    @Test("titles by named columns, with line breaks and backslashes in quotes")
    func titles() throws {
        let folder = try TemporaryFolder()
        let books = try folder.write(
            "b.csv", "\"ISBN\";\"Book-Title\"\n\"1\";\"a \\\"b\\\"; c\"\n\"2\";\"two\nlines\"\n\"3\";\"open\n\"4\";\"d\"\n")
        let read = try Titles(contentsOf: books)
        #expect(read["1"] == "a \"b\"; c" && read["2"] == "two\nlines" && read["4"] == "d")
        let plain = try folder.write("p.txt", "x|Ex|1\ny|Why|2\n")
        #expect(failure { try Titles(contentsOf: plain) }?.reason == .unknownTitleColumns)
        #expect(try Titles(contentsOf: plain, id: 1, title: 2)["y"] == "Why")
        let catalogue = try folder.write("c.csv", "code,label\n7,Seven\n")
        #expect(try Titles(contentsOf: catalogue, id: "code", title: "label")["7"] == "Seven")
        #expect(try Titles(contentsOf: folder.write("n.csv", "1,2003,Up, and down\n2,NULL,X\n"))["1"] == "Up, and down")
        let json = try folder.write("j.json", #"{"id": 5, "meta": {"label": "Five"}}"# + "\n")
        #expect(try Titles(contentsOf: json, id: "id", title: "meta.label")["5"] == "Five")
    }
}

import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

/// Layouts are recognised by evidence; without it a file is refused.
struct LayoutTests {
    @Test("columns separated by blanks are not read as lists of items")
    func blanks() throws {
        let folder = try TemporaryFolder()
        for text in ["1 10 4.5\n2 11 3.0\n", "1 10\n1 11\n2 10\n", "1 10 5\n2 11 4\n", "1 10 5 99\n2 11 4 98\n"] {
            let path = try folder.write("r.txt", text)
            let error = failure { try Ratings(contentsOf: path) }
            #expect(error?.kind == .badData && error?.reason == .rowsOrLists, "\(text)")
        }
        let path = try folder.write("r.txt", "1  10 4.5\n 2\t11 3.0 \n")
        let hints = LayoutHints(delimiter: "whitespace", hasHeader: false)
        #expect(try Ratings(contentsOf: path, hints: hints).lines == ["1|10|4.5", "2|11|3.0"])
        let named = try folder.write("n.txt", "user item  rating\n1 10 5\n2 11 4\n")
        #expect(try Ratings(contentsOf: named).lines == ["1|10|5.0", "2|11|4.0"])
        // Also beyond the lines by which the layout is recognised.
        let late = (0..<3_000).map { "\($0) 1" + String(repeating: " 2", count: $0 % 3) }.joined(separator: "\n")
        #expect(failure { try Ratings(contentsOf: folder.write("l", late + "\n7 3\n")) }?.line == 3_001)
        #expect(failure { try Ratings(contentsOf: folder.write("l", late + "\n7000 3.5\n")) }?.line == 3_001)
        #expect(try Ratings(contentsOf: folder.write("l", late + "\n7 3\n"), format: .userItemLists).userCount == 3_000)
    }

    @Test("Amazon's ids show which column holds the item")
    func itemFirst() throws {
        let folder = try TemporaryFolder()
        let itemFirst = try Ratings(contentsOf: folder.write("t.csv", "B000000001,A0000000001AAA,5.0,1400000000\n"))
        #expect(itemFirst.lines == ["A0000000001AAA|B000000001|5.0"] && itemFirst.layouts[0].isByPosition == false)
        let isbn = try Ratings(contentsOf: folder.write("b.csv", "000000000X,A0000000001AAA,5.0,1400000000\n"))
        #expect(isbn.lines == ["A0000000001AAA|000000000X|5.0"])
        let userFirst = try Ratings(contentsOf: folder.write("t.csv", "A0000000001AAA,B000000001,5.0,1400000000\n"))
        #expect(userFirst.lines == ["A0000000001AAA|B000000001|5.0"] && userFirst.layouts[0].isByPosition == false)
        let unclear = failure { try Ratings(contentsOf: folder.write("t.csv", "B000000001,somebody,5.0\nB000000002,other,4\n")) }
        #expect(unclear?.reason == .unclearColumns)
        #expect(try Ratings(contentsOf: folder.write("t.csv", "ann,book,5.0\n")).layouts[0].isByPosition)
    }

    @Test("without a header a time is recognised by its size, and a column that counts the rows is refused")
    func positions() throws {
        let folder = try TemporaryFolder()
        let timed = try Ratings(contentsOf: folder.write("t.csv", "1,2,1400000000\n1,3,1400000001\n"), keepingTimestamps: true)
        #expect(timed.hasRatings == false && timed.lines == ["1|2|1400000000", "1|3|1400000001"])
        let early = try Ratings(contentsOf: folder.write("t.csv", "1,2,1400000000,4\n"), keepingTimestamps: true)
        #expect(early.lines == ["1|2|4.0|1400000000"])
        let counted = (0..<20).map { "\($0),\($0 % 3),\($0 % 5),4\n" }.joined()
        #expect(failure { try Ratings(contentsOf: folder.write("c.csv", counted)) }?.reason == .rowNumbersInFirstColumn)
        for text in ["1,2014-04-07T10:51:09.277Z,214536502,0\n", "1,4.5,7\n", "2014-04-07,5,3\n"] {
            #expect(
                failure { try Ratings(contentsOf: folder.write("d.csv", text)) }?.reason == .unclearColumns,
                "\(text)")
        }
        // The header that pandas writes for such a column is empty.
        let named = try Ratings(contentsOf: folder.write("c.csv", ",userId,movieId,rating\n0,1,2,3\n"))
        #expect(named.lines == ["1|2|3.0"])
    }

    @Test("header names match in any spelling, others are listed")
    func names() throws {
        let folder = try TemporaryFolder()
        for header in ["USER_ID,Item-Id,RATING", "customer_id,sku,score", "User ID,Product.ID,Stars", "VisitorId,ItemID,rating"] {
            let ratings = try Ratings(contentsOf: folder.write("h.csv", header + "\na,b,4\n"))
            #expect(ratings.lines == ["a|b|4.0"], "\(header)")
        }
        let error = failure { try Ratings(contentsOf: folder.write("h.csv", "who,what,much\na,b,4\n")) }
        #expect(error?.found.contains("'who', 'what', 'much'") == true && error?.reason == .unknownLayout)
        let both = try Ratings(contentsOf: folder.write("h.csv", "user_id,asin,parent_asin\na,b,c\n"))
        #expect(
            both.lines == ["a|c"]
                && both.layouts[0].notes.contains { $0.text.contains("'asin'") && $0.reason == .otherItemColumns })
        let keyed = try Ratings(
            contentsOf: folder.write("h.csv", "user_id,asin,parent_asin\na,b,c\n"), hints: LayoutHints(titleKey: "asin"))
        #expect(keyed.lines == ["a|b"])
        let twice = try folder.write("h.csv", "user,item,user\na,b,c\n")
        #expect(failure { try Ratings(contentsOf: twice) }?.expected.contains("one column 'user'") == true)
        let two = try Ratings(contentsOf: folder.write("h.csv", "user_id,customer_id,item\na,b,c\n"))
        #expect(
            two.lines == ["a|c"]
                && two.layouts[0].notes.contains { $0.text.contains("'customer_id'") && $0.reason == .otherUserColumns })
        let hints = LayoutHints(user: "WHO", item: "what")
        #expect(try Ratings(contentsOf: folder.write("h.csv", "who;what;much\na;b;4\n"), hints: hints).lines == ["a|b"])
    }

    @Test("two colons inside a field do not separate columns")
    func colons() throws {
        let folder = try TemporaryFolder()
        let ratings = try Ratings(contentsOf: folder.write("c.csv", "u1,Foo::Bar,3\nu2,Foo::Baz,4\n"))
        #expect(ratings.lines == ["u1|Foo::Bar|3.0", "u2|Foo::Baz|4.0"])
        #expect(try Ratings(contentsOf: folder.write("u.dat", "UserID::MovieID::Rating\n1::2::3\n")).lines == ["1|2|3.0"])
    }

    @Test("data is not a header, and a header is not data")
    func headers() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("h.csv", "7,8,4\n9,8,3\n")
        let columns = DelimitedColumns(user: 1, item: 2, rating: 3)
        #expect(failure { try Ratings(contentsOf: path, format: .delimited(columns)) }?.reason == .dataInHeader)
        #expect(try Ratings(contentsOf: path, hints: LayoutHints(user: 1, item: 2, rating: 3)).count == 2)
        let again = try folder.write("a.csv", "user,item\n1,2\nuser,item\n3,4\n")
        #expect(failure { try Ratings(contentsOf: again) }?.line == 3)
    }

    @Test("JSON lines: keys by name, inside objects and arrays, and as Python prints them")
    func json() throws {
        let folder = try TemporaryFolder()
        let nested = try folder.write(
            "n.json", #"{"user": {"id": 7}, "items": [{"id": "a", "h": 2}, {"id": "b", "h": 3.5}]}"# + "\n")
        let keys = LayoutHints(user: "user.id", item: "items.id", rating: "items.h", isJSON: true)
        #expect(try Ratings(contentsOf: nested, hints: keys).lines == ["7|a|2.0", "7|b|3.5"])
        #expect(failure { try Ratings(contentsOf: nested) }?.found.contains("'items.id'") == true)
        let strings = try folder.write("s.json", #"{"u": "x", "list": ["a", "b"]}"# + "\n" + #"{"u": "y", "list": []}"# + "\n")
        #expect(
            try Ratings(contentsOf: strings, hints: LayoutHints(user: "u", item: "list", isJSON: true)).lines == ["x|a", "x|b"])
        let python = try folder.write(
            "p.json", #"{u'username': u'it\'s', 'product_id': "b", u'early': True, u'none': None}"# + "\n")
        #expect(try Ratings(contentsOf: python).lines == ["it's|b"])
        let yelp = try folder.write("y.json", #"{"user_id":"u","business_id":"b","stars":4,"date":"2016-07-27 10:42:00"}"# + "\n")
        #expect(try Ratings(contentsOf: yelp, keepingTimestamps: true).lines == ["u|b|4.0|1469616120000"])
        for value in ["null", "true", "false", "[]", "{}", "NaN", "\"\"", "\" \""] {
            for line in [#"{"user_id": \#(value), "item_id": "a"}"#, #"{"user_id": "a", "item_id": \#(value)}"#] {
                let path = try folder.write("v.json", #"{"user_id": "a", "item_id": "b"}"# + "\n" + line + "\n")
                #expect(failure { try Ratings(contentsOf: path) }?.line == 2, "\(line)")
            }
        }
        let late = try folder.write("l.json", #"{"user": 1, "item": 2}"# + "\n" + #"{"user": 1, "item": 3, "rating": 4}"# + "\n")
        #expect(failure { try Ratings(contentsOf: late) }?.line == 1)
        #expect(failure { try Ratings(contentsOf: folder.write("a.json", "[{\"user\": 1}]\n")) }?.found == "a JSON array")
    }

    @Test("the Netflix prize's files, also cut into blocks")
    func netflix() throws {
        let folder = try TemporaryFolder()
        let text = (1...40).map { movie in
            "\(movie):\n" + (0..<movie % 7).map { "\($0 * 3 + movie),\($0 % 5 + 1),2005-09-0\($0 + 1)\n" }.joined()
        }.joined()
        let expected = (1...40).flatMap { movie in
            (0..<movie % 7).map { "\($0 * 3 + movie)|\(movie)|\($0 % 5 + 1).0|\(1_125_532_800_000 + $0 * 86_400_000)" }
        }
        let path = try folder.write("combined_data_1.txt", text)
        for size in [8, 50, 8 << 20] {
            let ratings = try Ratings(path, nil, true, Workers(count: 2), blockSize: size)
            #expect(ratings.lines == expected && ratings.format == .netflixPrize && ratings.timeUnit == .milliseconds)
            #expect(
                try Ratings(folder.gzip("c.gz", text), nil, true, Workers(count: 2), blockSize: max(32, size)).lines == expected)
        }
        let bad = try folder.write("bad.txt", "1:\n1,5,2005-09-06\nx2:\n3,4,2005-09-06\n4:\n5,1,2005-09-06\n")
        let passed = try Ratings(contentsOf: bad, options: ReadingOptions(badRowLimit: 2))
        #expect(passed.lines == ["1|1|5.0", "5|4|1.0"] && passed.badRows.count == 2)
    }

    @Test("files that are not text are named by their type")
    func signatures() throws {
        let folder = try TemporaryFolder()
        let files: [(String, [UInt8])] = [
            ("UTF-16", [0xFF, 0xFE] + "userId".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }),
            ("UTF-16", "userId,movieId\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }),
            ("UTF-16", "userId,movieId\n".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }),
            ("zip", Array("PK\u{3}\u{4}".utf8) + [0, 0, 0]),
            ("torch.save", Array("PK\u{3}\u{4}".utf8) + [0] + Array("archive/data.pkl".utf8)),
            ("bzip2", Array("BZh91AY&SY".utf8)), ("Parquet", Array("PAR1".utf8) + [21, 4]), ("pickle", [0x80, 4, 0x95, 1]),
            ("Excel", Array("PK\u{3}\u{4}".utf8) + [0] + Array("[Content_Types].xml".utf8)), ("binary", [1, 2, 0, 3]),
            ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), ("Zstandard", [0x28, 0xB5, 0x2F, 0xFD, 9]),
            ("SQLite", Array("SQLite format 3\0".utf8)),
        ]
        for (name, bytes) in files {
            let path = try folder.write("r.csv", bytes: bytes)
            #expect(failure { try Ratings(contentsOf: path) }?.found.contains(name) == true, "\(name)")
            #expect(failure { try Titles(contentsOf: path) }?.found.contains(name) == true, "\(name)")
        }
        #expect(
            failure { try Ratings(contentsOf: folder.write("mac.csv", "user,item\r1,2\r3,4\r")) }?.found.contains("carriage")
                == true)
        #expect(
            FoldinError(.badData, file: "a\u{1B}[2J", found: "'x\u{7}\ny'", expected: "b").description
                == "a\\u{1B}[2J: found 'x\\u{7}\\ny'; expected b")
    }
}

import CZlib
import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

extension Ratings {
    /// Rows as text, for comparing.
    var lines: [String] {
        let ids = rows.flatMap(\.byRow).map { row in
            "\(userIds[Int(row.user)])|\(itemIds[Int(row.item)])" + (hasRatings ? "|\(row.rating)" : "")
        }
        return timestamps.isEmpty ? ids : zip(ids, timestamps).map { "\($0)|\($1)" }
    }
}

extension RowColumns {
    /// The user of each row.
    var usersByRow: [UInt32] { (0..<runCount).flatMap { run in rows(ofRun: run).map { _ in runs[run].user } } }
}

extension CodedRows {
    /// The codes and rating of each row.
    var byRow: [(user: UInt32, item: UInt32, rating: Float)] {
        columns.usersByRow.enumerated().map { row, user in
            (codes.users[Int(user)], codes.items[Int(columns.item(row))], columns.rating(row))
        }
    }
}

extension TemporaryFolder {
    func gzip(_ name: String, _ text: String, mode: String = "wb") throws -> String {
        let file = path + "/" + name
        let stream = gzopen(file, mode)
        var text = text
        text.withUTF8 { _ = gzwrite(stream, $0.baseAddress, UInt32($0.count)) }
        gzclose(stream)
        return file
    }
}

struct RatingsFormatTests {
    private static let threeColumns = DelimitedColumns(delimiter: "\t", hasHeader: false, user: 1, item: 2, rating: 3)

    @Test(
        "layouts are recognised and read",
        arguments: [
            (
                "ratings.csv", "userId,movieId,rating,timestamp\n1,10,4.0,99\n2,11,3.5,98\n", .movieLensCSV,
                ["1|10|4.0", "2|11|3.5"]
            ),
            ("r.csv", "movieId,userId\r\n10,1\r\n11,2", .movieLensCSV, ["1|10", "2|11"]),
            ("ratings.dat", "1::10::5::978300760\n2::11::3::978302109\n", .movieLensDat, ["1|10|5.0", "2|11|3.0"]),
            ("x", "1::10::5\n", .movieLensDat, ["1|10|5.0"]),
            (
                "reviews.json",
                #"{"reviewerID": "A1", "asin": "B\u00e9", "helpful": [0, {"a": "]"}], "overall": 5.0, "unixReviewTime": 7}"#
                    + "\n"
                    + #"{"overall":1,"asin":"C","reviewerID":"A\"2","reviewText":"x\\"}"#,
                .amazonJSONLines, ["A1|Bé|5.0", "A\"2|C|1.0"]
            ),
            (
                "ml.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n", .recBole,
                ["196|242|3.0"]
            ),
            ("gowalla.txt", "0 5 6 7\n1 \n2 5\r\n", .userItemLists, ["0|5", "0|6", "0|7", "2|5"]),
            (
                "u.data", "196\t242\t3\t881250949\n",
                .delimited(DelimitedColumns(delimiter: "\t", hasHeader: false, user: 1, item: 2, rating: 3, timestamp: 4)),
                ["196|242|3.0"]
            ),
            (
                "plays.tsv", "item\tuser\nb\ta\n", .delimited(DelimitedColumns(delimiter: "\t", user: "user", item: "item")),
                ["a|b"]
            ),
            (
                "a.csv", "A1,B1,5.0,1393545600\n",
                .delimited(DelimitedColumns(hasHeader: false, user: 1, item: 2, rating: 3, timestamp: 4)), ["A1|B1|5.0"]
            ),
        ] as [(String, String, RatingsFormat, [String])])
    func recognises(name: String, text: String, format: RatingsFormat, rows: [String]) throws {
        let folder = try TemporaryFolder()
        let ratings = try Ratings(contentsOf: folder.write(name, text))
        #expect(ratings.format == format)
        #expect(ratings.lines == rows)
        let compressed = try Ratings(contentsOf: folder.gzip(name + ".gz", text))
        #expect(compressed.format == format && compressed.lines == rows)
        #expect(compressed.source.sha256 != ratings.source.sha256)
        let marked = try Ratings(contentsOf: folder.write("bom-" + name, "\u{FEFF}" + text), format: format)
        #expect(marked.lines == rows)
    }

    @Test("columns by name and by number, any delimiter")
    func columns() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r", "when;what;who;stars\n5;\"a;b\";\"say \"\"x\"\"\";4e0\n6;c;d;.5\n")
        let named = DelimitedColumns(delimiter: ";", user: "who", item: "what", rating: "stars", timestamp: "when")
        let ratings = try Ratings(contentsOf: path, format: .delimited(named), keepingTimestamps: true)
        #expect(ratings.lines == ["say \"x\"|a;b|4.0|5", "d|c|0.5|6"])
        let numbered = DelimitedColumns(delimiter: ";", user: 3, item: 2)
        #expect(try Ratings(contentsOf: path, format: .delimited(numbered)).lines == ["say \"x\"|a;b", "d|c"])
    }

    @Test("quotes have the same meaning with any delimiter, and are ordinary characters on request")
    func quotesInTabs() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r", "\"a\tc\"\tb \t1\n")
        #expect(try Ratings(contentsOf: path, format: .delimited(Self.threeColumns)).lines == ["a\tc|b|1.0"])
        let open = try folder.write("open", "\"a\tb \t1\n")
        #expect(failure { try Ratings(contentsOf: open, format: .delimited(Self.threeColumns)) }?.line == 1)
        let plain = ReadingOptions(allowsQuotes: false)
        #expect(try Ratings(contentsOf: open, format: .delimited(Self.threeColumns), options: plain).lines == ["\"a|b|1.0"])
    }

    @Test("ids keep their bytes: blanks inside, Unicode, zeros, length, more digits than a number holds")
    func unusualIds() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "9", count: 5_000)
        let ids = ["007", "7", "+7", "é", "e\u{301}", "日本 語", long, "18446744073709551617", "1048576", "1048575"]
        let text = "userId,movieId\n" + ids.map { "\($0),\($0)\n" }.joined()
        let ratings = try Ratings(contentsOf: folder.write("r.csv", text))
        #expect(ratings.userCount == ids.count && ratings.itemCount == ids.count)
        #expect(ratings.lines.map { Array($0.utf8) } == ids.map { Array("\($0)|\($0)".utf8) })
    }

    @Test("the rows are the same for any blocks and threads")
    func threads() throws {
        let folder = try TemporaryFolder()
        var text = "userId,movieId,rating\n"
        for row in 0..<20_000 { text += "user\(row % 977),\(row * 7919 % 1_201),\(row % 10).5\n" }
        let path = try folder.write("r.csv", text)
        let one = try Ratings(contentsOf: path)
        let three = try Ratings(path, nil, false, Workers(count: 3), blockSize: 10_000)
        let compressed = try Ratings(folder.gzip("r.csv.gz", text, mode: "wb1"), nil, false, Workers(count: 2), blockSize: 5_000)
        #expect(one.count == 20_000)
        for other in [three, compressed] {
            #expect(one.lines == other.lines)
        }
        let broken = try folder.write("broken.csv", text + "1,2\n")
        for count in [1, 3] {
            #expect(failure { try Ratings(broken, nil, false, Workers(count: count), blockSize: 10_000) }?.line == 20_002)
        }
    }

    @Test("several gzip members are one file")
    func members() throws {
        let folder = try TemporaryFolder()
        _ = try folder.gzip("r.gz", "userId,movieId\n1,2\n3")
        let path = try folder.gzip("r.gz", ",4\n", mode: "ab")
        #expect(try Ratings(contentsOf: path).lines == ["1|2", "3|4"])
    }
}

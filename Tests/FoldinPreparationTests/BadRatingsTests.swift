import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

struct BadRatingsTests {
    @Test(
        "bad rows are named with line, found and expected",
        arguments: [
            ("", nil, "an empty file"), ("userId,movieId,rating\n", 1, "no rows of data"),
            ("userId,movieId,rating", 1, "no rows of data"),
            ("userId;movieId;rating\n1;2;3\n", 1, "'userId;movieId;rating' (1 column)"),
            ("userId,movieId,rating\n1,2,3\n1,2\n", 3, "'1,2'"), ("userId,movieId,rating\n1,2,3,4\n", 2, "'1,2,3,4'"),
            ("userId,movieId,rating\n\n1,2,good\n", 3, "'good'"), ("userId,movieId,rating\n1,2,NaN\n", 2, "'NaN'"),
            ("userId,movieId,rating\n1,2,inf\n", 2, "'inf'"), ("userId,movieId,rating\n1,2,1e999\n", 2, "'1e999'"),
            ("userId,movieId,rating\n1,2,1e39\n", 2, "'1e39'"), ("userId,movieId,rating\n1,2,\n", 2, "''"),
            ("userId,movieId,rating\n1,2,3 4\n", 2, "'3 4'"), ("userId,movieId,rating\n1,2,0x10\n", 2, "'0x10'"),
            ("userId,movieId,rating\n,2,3\n", 2, "nothing"), ("userId,movieId,rating\n1,,3\r\n", 2, "nothing"),
            ("userId,movieId,rating\n1,\"2,3\n", 2, "'\"2,3'"), ("userId,movieId,rating\n1,\"2\"x,3\n", 2, "'1,\"2\"x,3'"),
            ("userId,movieId,rating\n1,\"a\rb\",3\n", 2, "'a\rb'"),
        ] as [(String, Int?, String)])
    func rows(text: String, line: Int?, found: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("ratings.csv", text)
        let error = try #require(failure { try Ratings(contentsOf: path, format: .movieLensCSV) })
        #expect(error.kind == .badData && error.file == path && error.line == line)
        #expect(error.found == found && !error.expected.isEmpty)
    }

    @Test(arguments: [
        (#"{"reviewerID": "a", "asin": "b"}"#, "overall"), (#"{"reviewerID": "a", "overall": 1}"#, "asin"),
        (#"{"asin": "b", "overall": 1}"#, "reviewerID"), (#"{"reviewerID": "a""#, "comma or the end"),
        (#"{"reviewerID": "a}"#, "closing quote"), (#"{"reviewerID": "\x", "asin": "b", "overall": 1}"#, "escapes"),
        (#"{"reviewerID": "\ud800", "asin": "b", "overall": 1}"#, "surrogates"), ("[1]", "JSON object"),
        (#"{"a": [[[}"#, "object or array"), (#"{"reviewerID": "a", "asin": "b", "overall": "NaN"}"#, "finite number"),
        (#"{"reviewerID": "a\n", "asin": "b", "overall": 1}"#, "line breaks"),
    ])
    func reviews(line: String, expected: String) throws {
        let folder = try TemporaryFolder()
        let good = #"{"reviewerID": "a", "asin": "b", "overall": 5.0}"#
        let path = try folder.write("r.json", good + "\n" + line + "\n")
        let error = try #require(failure { try Ratings(contentsOf: path, format: .amazonJSONLines) })
        #expect(error.line == 2 && error.expected.contains(expected), "\(error)")
    }

    @Test func bytesThatAreNotUTF8() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r.csv", bytes: Array("userId,movieId\n1,2\n".utf8) + [0xE9, 44, 50, 10])
        let error = failure { try Ratings(contentsOf: path) }
        #expect(error?.line == 3 && error?.expected == "a user id in UTF-8" && error?.reason == .invalidUTF8)
    }

    @Test func damagedGzip() throws {
        let folder = try TemporaryFolder()
        let text = "userId,movieId\n" + (0..<5_000).map { "\($0 * 7 % 1000),\($0)\n" }.joined()
        let whole = try Data(contentsOf: URL(fileURLWithPath: try folder.gzip("r.csv.gz", text)))
        for size in [3, 15, whole.count / 2, whole.count - 1] {
            let error = failure { try Ratings(contentsOf: folder.write("cut.csv.gz", bytes: Array(whole.prefix(size)))) }
            #expect(error?.kind == .badData && error?.found.contains("too soon") == true, "\(size): \(String(describing: error))")
        }
        var changed = Array(whole)
        changed[whole.count / 2] ^= 0xFF
        #expect(failure { try Ratings(contentsOf: folder.write("bad.csv.gz", bytes: changed)) }?.kind == .badData)
        let trailed = failure { try Ratings(contentsOf: folder.write("more.csv.gz", bytes: Array(whole) + [1, 2])) }
        #expect(trailed?.found.contains("something else after") == true)
        #expect(try Ratings(contentsOf: folder.write("padded.csv.gz", bytes: Array(whole) + [0, 0])).count == 5_000)
    }

    @Test func filesThatAreMissingOrNotRecognised() throws {
        let folder = try TemporaryFolder()
        #expect(failure { try Ratings(contentsOf: folder.path + "/none.csv") }?.kind == .missingInput)
        #expect(failure { try Ratings(contentsOf: folder.write("r", "what is this?\n")) }?.reason == .unknownLayout)
        #expect(failure { try Ratings(contentsOf: folder.write("r.csv", "who,what\n1,2\n")) }?.line == 1)
        let columns = DelimitedColumns(user: "userId", item: 9)
        let error = failure { try Ratings(contentsOf: folder.write("r.csv", "userId,x\n1,2\n"), format: .delimited(columns)) }
        #expect(error?.line == 1 && error?.expected.contains("at least 9 columns") == true)
        for delimiter in ["", ",,,", "é", "1", ".", "\n"] {
            let columns = DelimitedColumns(delimiter: delimiter, user: 1, item: 2)
            #expect(
                failure { try Ratings(contentsOf: folder.write("r.csv", "u,i\n1,2\n"), format: .delimited(columns)) }?.kind
                    == .usage)
        }
        let twice = DelimitedColumns(user: 1, item: 1)
        #expect(
            failure { try Ratings(contentsOf: folder.write("r.csv", "u,i\n1,2\n"), format: .delimited(twice)) }?.kind == .usage)
    }

    @Test("filters and splits that leave nothing")
    func nothingLeft() throws {
        let folder = try TemporaryFolder()
        let text = "userId,movieId,rating\n" + (0..<40).map { "\($0 % 4),\($0),\($0 % 5)\n" }.joined()
        let ratings = try Ratings(contentsOf: folder.write("r.csv", text))
        #expect(failure { try ratings.rated(above: 5).split(.strongGeneralization(heldOutUsers: 1)) }?.kind == .badData)
        #expect(
            failure { try ratings.keepingUsers(withAtLeast: 11).split(.strongGeneralization(heldOutUsers: 1)) }?.kind == .badData)
        for share in [2, 4, -1, .count(.max), 0.5, 1.5, -0.1, .fraction(.nan)] as [UserShare] {
            let error = failure { try ratings.split(.strongGeneralization(heldOutUsers: share)) }
            #expect(error?.kind == .usage && error?.expected.contains("4 users") == true)
        }
        for fraction in [1, -0.1, .nan] {
            #expect(
                failure { try ratings.split(.strongGeneralization(heldOutUsers: 1, heldOutItems: fraction)) }?.kind == .usage)
            #expect(failure { try ratings.split(.given(test: ratings, validationItems: fraction)) }?.kind == .usage)
        }
        #expect(failure { try ratings.rated(above: .nan) }?.kind == .usage)
        let clicks = try Ratings(contentsOf: folder.write("c.csv", "userId,movieId\n1,2\n"))
        #expect(failure { try clicks.rated(above: 3) }?.kind == .usage)
    }

    @Test("mutated bytes are read or refused and never trap")
    func mutations() throws {
        let seeds: [(String, RatingsFormat?)] = [
            ("userId,movieId,rating,timestamp\n1,\"1\"\"0\",4.0,99\r\n2,11,3.5,98\n", nil),
            ("1::10::5::978300760\n2::11::3::978302109\n", .movieLensDat),
            (
                #"{"reviewerID": "A\u00e9", "x": [1, {"a": "]"}], "asin": "B", "overall": 5.0, "unixReviewTime": 7}"# + "\n",
                .amazonJSONLines
            ),
            ("user_id:token\titem_id:token\trating:float\n196\t242\t3\n", .recBole), ("0 5 6 7\n1 \n2 5\r\n", .userItemLists),
        ]
        let folder = try TemporaryFolder()
        let workers = Workers(count: 1)
        var state: UInt64 = 11
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let interesting: [UInt8] = [0, 10, 13, 34, 44, 58, 92, 45, 46, 57, 0xFF, 0xC3, 123, 125, 91]
        for round in 0..<1_500 {
            let (text, format) = seeds[round % seeds.count]
            var bytes = Array(text.utf8)
            for _ in 0...next(4) where !bytes.isEmpty {
                let place = next(bytes.count)
                switch next(4) {
                case 0: bytes[place] = UInt8(next(256))
                case 1: bytes[place] = interesting[next(interesting.count)]
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + next(8)))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 6)], at: place)
                }
            }
            let path = try folder.write("r\(round)", bytes: bytes)
            for format in [format, nil] {
                let ratings = try? Ratings(contentsOf: path, format: format, keepingTimestamps: round % 2 == 0, workers: workers)
                _ = try? ratings?.split(.strongGeneralization(heldOutUsers: 0))
            }
            _ = try? Titles(contentsOf: path)
        }
    }
}

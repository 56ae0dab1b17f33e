import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinPreparation

/// A format that only this test knows: lines such as `ann likes book`, or `ann rates book 4`.
private struct LikesParser: RatingsParser {
    let options: ReadingOptions
    let hasRatings: Bool
    var layout: String { "a user, 'likes' or 'rates', and an item" }

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
        try forEachLine(of: block, &rows) { (line, rows) throws(RowFault) in
            let words = line.split(separator: UInt8(ascii: " ")).map { UnsafeRawBufferPointer(rebasing: $0) }
            guard words.count == (hasRatings ? 4 : 3) else {
                throw RowFault(bytes: line, expected: "a user, 'likes' and an item")
            }
            var rating: Float?
            if hasRatings {
                rating = Float(String(decoding: words[3], as: UTF8.self))
                if rating == nil { throw RowFault(bytes: words[3], expected: "a number") }
            }
            try rows.append(user: words[0], item: words[2], rating: rating, encoding: options.encoding)
        }
    }

    static let likes = RatingsFormat(name: "likes") { sample in
        LikesParser(options: sample.options, hasRatings: sample.fields(of: sample.firstLine, delimiter: " ").contains("rates"))
    }

    static let kind = RatingsFormat.Kind(name: "likes", format: likes) { sample in
        let words = sample.fields(of: sample.firstLine, delimiter: " ")
        return words.count > 2 && ["likes", "rates"].contains(words[1]) ? RecognisedLayout(likes) : nil
    }
}

/// The contract of formats, for those of the library and for one that is defined here.
@Suite("Any ratings format") struct RatingsFormatSeamTests {
    static let registry = RatingsFormatRegistry.standard.adding(LikesParser.kind)

    /// Five rows of each kind.
    private static let samples: [String: String] = [
        "likes": "ann likes b1\nann likes b2\nbob likes b1\ncy likes b3\ncy likes b1\n",
        "movielens-csv": "userId,movieId,rating,timestamp\n1,10,4.0,9\n1,11,3.5,8\n2,10,5,7\n3,12,1,6\n3,10,2,5\n",
        "movielens-dat": "1::10::5::9\n1::11::4::8\n2::10::3::7\n3::12::2::6\n3::10::1::5\n",
        "amazon-json": (1...5).map { "{\"reviewerID\": \"A\($0)\", \"asin\": \"B\($0 % 2)\", \"overall\": \($0)}\n" }.joined(),
        "json-lines": (1...5).map { "{\"user\": \"A\($0)\", \"sku\": \"B\($0 % 2)\", \"stars\": \($0)}\n" }.joined(),
        "delimited": "customer;sku\na;1\na;2\nb;1\nc;3\nc;1\n",
        "recbole": "user_id:token\titem_id:token\trating:float\n1\t10\t4\n1\t11\t3\n2\t10\t5\n3\t12\t1\n3\t10\t2\n",
        "user-item-lists": "0 5 6\n1 5\n2 7 5\n",
        "netflix-prize": "10:\n1,5,2005-09-06\n2,4,2005-09-06\n3,1,2005-09-06\n11:\n1,3,2005-09-06\n3,2,2005-09-06\n",
    ]

    @Test(
        "is recognised, has its name, and gives the same rows for any blocks and threads", arguments: registry.kinds.map(\.name))
    func contract(name: String) throws {
        let folder = try TemporaryFolder()
        let text = try #require(Self.samples[name], "each kind needs a sample here")
        let path = try folder.write("sample", text)
        let ratings = try Ratings(contentsOf: path, formats: Self.registry)
        #expect(ratings.format.name == name && ratings.count == 5 && !ratings.layouts[0].description.isEmpty)
        for (blockSize, threads) in [(1, 2), (20, 1), (33, 3)] {
            let blocks = try Ratings(
                path, nil, LayoutHints(), ReadingOptions(), Workers(count: threads), formats: Self.registry, blockSize: blockSize)
            #expect(blocks.lines == ratings.lines && blocks.format == ratings.format, "\(blockSize)")
        }
        // The format that was recognised, and the one of that name, read the same rows.
        #expect(try Ratings(contentsOf: path, format: ratings.format).lines == ratings.lines)
        let kind = try #require(Self.registry[name])
        if let format = kind.format { #expect(try Ratings(contentsOf: path, format: format).lines == ratings.lines) }
        // A malformed row is reported with its line, or skipped.
        guard name != "user-item-lists" else { return }
        let bad = try folder.write("bad", text + "?\n")
        let line = text.count { $0 == "\n" } + 1
        #expect(failure { try Ratings(contentsOf: bad, format: ratings.format) }?.line == line)
        let skipped = try Ratings(contentsOf: bad, format: ratings.format, options: ReadingOptions(badRowLimit: 1))
        #expect(skipped.lines == ratings.lines && skipped.badRows.first.map(\.line) == [line])
    }

    @Test("can be defined outside the library") func likes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("l.txt", "ann rates b1 4\r\n\nbob rates é 2.5\n")
        let ratings = try Ratings(contentsOf: path, formats: Self.registry)
        #expect(ratings.lines == ["ann|b1|4.0", "bob|é|2.5"] && ratings.format == LikesParser.likes)
        #expect(
            try Ratings(contentsOf: folder.write("g.csv", "userId,movieId\n1,2\n"), formats: Self.registry).format
                == .movieLensCSV)
        // Without it the library does not know the file.
        #expect(failure { try Ratings(contentsOf: path) }?.reason == .unknownLayout)
        let only = RatingsFormatRegistry([LikesParser.kind])
        #expect(
            failure { try Ratings(contentsOf: folder.write("o.csv", "userId,movieId\n1,2\n"), formats: only) }?.reason
                == .unknownLayout)
        let error = failure { try Ratings(contentsOf: folder.write("e", "ann rates b1 x\n"), formats: Self.registry) }
        #expect(error?.line == 1 && error?.found == "'x'" && error?.expected == "a number")
        // It does not apply filters of values, so they are refused.
        let filter = ReadingOptions(keep: [.init(column: "event", values: ["buy"])])
        #expect(failure { try Ratings(contentsOf: path, options: filter, formats: Self.registry) }?.kind == .usage)
    }
}

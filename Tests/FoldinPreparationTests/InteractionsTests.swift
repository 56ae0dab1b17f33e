import FoldinTestSupport
import Testing

@testable import FoldinPreparation

@Suite("Interactions") struct InteractionsTests {
    private func rows(_ text: String, times: Bool = true, blockSize: Int = 8 << 20) throws -> [String] {
        let folder = try TemporaryFolder()
        let ratings = try Ratings(try folder.write("ratings.csv", text), nil, times, .init(count: 2), blockSize: blockSize)
        var rows: [String] = []
        try ratings.rated(above: 9).forEachInteraction { user, item, rating, time in
            rows.append("\(user) \(item) \(rating.map { "\($0)" } ?? "-") \(time.map { "\($0)" } ?? "-")")
        }
        return rows
    }

    /// Every row in the file's order, also repeats and rows that a filter removes, for any size of blocks.
    @Test(arguments: [1, 40, 8 << 20]) func areTheRowsOfTheFile(blockSize: Int) throws {
        let text = "userId,movieId,rating,timestamp\n7,20,3.4,9\n7,30,5,8\n1,20,0.5,7\n\"a,b\",x y,2,6\n7,20,3.4,9\né,020,1,5\n"
        let expected = ["7 20 3.4 9", "7 30 5.0 8", "1 20 0.5 7", "a,b x y 2.0 6", "7 20 3.4 9", "é 020 1.0 5"]
        #expect(try rows(text, blockSize: blockSize) == expected)
        #expect(try rows(text, times: false, blockSize: blockSize) == expected.map { $0.dropLast() + "-" })
    }

    @Test func haveNoRatingWhereTheFileHasNone() throws {
        let folder = try TemporaryFolder()
        let ratings = try Ratings(contentsOf: try folder.write("lists.txt", "1 10 20\n2 10\n"), keepingTimestamps: true)
        var count = 0
        ratings.forEachInteraction { _, _, rating, time in
            #expect(rating == nil && time == nil)
            count += 1
        }
        #expect(count == 3)
    }

    /// An error of `body` ends the iteration.
    @Test func stopWhenTheBodyThrows() throws {
        struct Enough: Error {}
        let folder = try TemporaryFolder()
        let ratings = try Ratings(contentsOf: try folder.write("ratings.csv", "userId,movieId\n1,1\n1,2\n1,3\n"))
        var count = 0
        #expect(throws: Enough.self) {
            try ratings.forEachInteraction { _, _, _, _ in
                count += 1
                if count == 2 { throw Enough() }
            }
        }
        #expect(count == 2)
    }
}

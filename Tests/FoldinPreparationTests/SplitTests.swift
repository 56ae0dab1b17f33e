import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

struct SplitTests {
    private func ratings(_ rows: [(String, String, Double)]) throws -> Ratings {
        let folder = try TemporaryFolder()
        let text = "userId,movieId,rating\n" + rows.map { "\($0.0),\($0.1),\($0.2)\n" }.joined()
        return try Ratings(contentsOf: folder.write("r.csv", text))
    }

    private func raw(_ part: PreparedRows.Part, _ dataset: PreparedDataset) -> [String] {
        zip(part.users, part.items).map { dataset.users[Int($0)] + dataset.items[Int($1)] }
    }

    @Test("repeats after the rating filter are dropped and counted, the first is kept")
    func repeats() throws {
        let dataset = try ratings([("1", "a", 1), ("1", "b", 5), ("1", "a", 5), ("2", "c", 4), ("1", "a", 4), ("1", "b", 5)])
            .rated(above: 3).split(.strongGeneralization(heldOutUsers: 0))
        let rows = try #require(dataset.rows)
        #expect(raw(rows.train, dataset) == ["1b", "1a", "2c"] && dataset.train.count == 3)
        #expect(dataset.preparation?.counts["duplicates"] == 2 && dataset.preparation?.counts["rows-below-rating"] == 1)
        #expect(dataset.test.count == 0)
    }

    @Test("the threshold is strict, also where decimals are not exact")
    func threshold() throws {
        let all = try ratings([("1", "a", 3.4), ("1", "b", 3.5), ("2", "c", 3.3)])
        #expect(Clicks(try all.rated(above: 3.4)).count == 1)
        #expect(Clicks(try all.rated(above: 3.3)).count == 2)
        #expect(Clicks(try all.rated(above: -1)).count == 3)
    }

    @Test("items are counted before users, whatever the order of the calls")
    func filterOrder() throws {
        let all = try ratings([("1", "a", 5), ("2", "a", 5), ("1", "b", 5), ("3", "c", 5), ("3", "d", 5)])
        let one = Clicks(all.keepingUsers(withAtLeast: 2).keepingItems(withAtLeast: 2))
        let other = Clicks(all.keepingItems(withAtLeast: 2).keepingUsers(withAtLeast: 1))
        #expect(one.count == 0 && other.count == 2)
    }

    @Test("numbers sort as numbers of any length, other ids by bytes")
    func order() throws {
        func sorted(_ ids: [String]) throws -> [String] {
            let all = try ratings(ids.map { ($0, "a", 1) })
            return all.userIds.sortedCodes((0..<UInt32(all.userCount)).map { $0 }).map { all.userIds[Int($0)] }
        }
        #expect(try sorted(["10", "9", "100000000000000000000", "0"]) == ["0", "9", "10", "100000000000000000000"])
        #expect(try sorted(["10", "9", "09"]) == ["09", "10", "9"])
        #expect(try sorted(["b", "a", "é", "Z", "aa"]) == ["Z", "a", "aa", "b", "é"])
    }

    @Test("test items and users that training lacks are kept and counted")
    func given() throws {
        let train = try ratings((0..<20).map { ("1", "i\($0)", 1) } + [("2", "i0", 1)])
        let test = try ratings([("3", "x", 1), ("1", "x", 1), ("2", "i0", 1)])
        let dataset = try train.split(.given(test: test, validationItems: 0.1))
        let rows = try #require(dataset.rows)
        #expect(dataset.users.ids == ["1", "2", "3"] && dataset.items.ids == (0..<20).map { "i\($0)" } + ["x"])
        #expect(rows.validationHeldOut.count == 2 && rows.train.count == 19 && rows.validationFoldIn.count == 19)
        #expect(raw(rows.testHeldOut, dataset) == ["1x", "2i0", "3x"] && rows.testFoldIn.count == 21)
        let counts = try #require(dataset.preparation?.counts)
        #expect(counts["test-items-not-in-train"] == 1 && counts["test-users-not-in-train"] == 1)
        #expect(counts["test-rows-of-items-not-in-train"] == 2 && counts["test-rows-in-train-too"] == 1)
        #expect(dataset.train.userCount == 3 && dataset.train.itemCount == 21)

        let without = try #require(try train.split(.given(test: test, validationItems: 0)).rows)
        #expect(without.train.count == 21 && without.validationFoldIn.count == 0 && without.validationHeldOut.count == 0)
    }

    @Test("a split, written and read again, is the same, for any number of threads")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/made.csv"
        try SyntheticRatings(users: 300, items: 80, meanInteractions: 12, seed: 3).write(to: path)
        func split(_ threads: Int) throws -> PreparedDataset {
            try Ratings(contentsOf: path, workers: Workers(count: threads)).rated(above: 3).keepingItems(withAtLeast: 2)
                .keepingUsers(withAtLeast: 3).titled(by: Titles(["7": "Seven"]))
                .split(.strongGeneralization(heldOutUsers: 0.2, heldOutItems: 0.3, seed: 4))
        }
        let dataset = try split(1)
        #expect(try split(3).rows == dataset.rows)
        try dataset.write(to: folder.path + "/out")
        let read = try PreparedDataset(contentsOf: folder.path + "/out")
        #expect(read.train == dataset.train && read.validation == dataset.validation && read.test == dataset.test)
        #expect(read.users == dataset.users && read.items == dataset.items && read.titles == dataset.titles)
        #expect(read.preparation == dataset.preparation && read.titles.compactMap { $0 } == ["Seven"])
    }
}

struct SyntheticRatingsTests {
    @Test("the file depends on the seed and not on the threads; rows are distinct")
    func deterministic() throws {
        let folder = try TemporaryFolder()
        let shape = try SyntheticRatings(users: 2_000, items: 50, meanInteractions: 20, seed: 1)
        let rows = try shape.write(to: folder.path + "/a", workers: Workers(count: 1))
        try shape.write(to: folder.path + "/b", workers: Workers(count: 3))
        #expect(try folder.text("a") == folder.text("b"))
        let ratings = try Ratings(contentsOf: folder.path + "/a", format: .movieLensCSV)
        #expect(ratings.count == rows && ratings.userCount == 2_000 && ratings.itemCount == 50)
        #expect(Clicks(ratings).count == rows)
        // Users are log-normal: the mean is near the requested one, although no user has more than all items.
        #expect(abs(Double(rows) / 2_000 - 20) < 5)
        try SyntheticRatings(users: 2_000, items: 50, meanInteractions: 20, seed: 2).write(to: folder.path + "/c")
        #expect(try folder.text("a") != folder.text("c"))
    }

    @Test func refusesImpossibleShapes() {
        #expect(failure { try SyntheticRatings(users: 0, items: 1, meanInteractions: 1, seed: 1) }?.kind == .usage)
        #expect(failure { try SyntheticRatings(users: 1, items: 1, meanInteractions: 2, seed: 1) }?.kind == .usage)
        #expect(failure { try SyntheticRatings(users: 1, items: 1, meanInteractions: .nan, seed: 1) }?.kind == .usage)
    }
}

struct TitlesTests {
    @Test(arguments: [
        (
            "movieId,title,genres\n1,\"American President, The (1995)\",Drama\n2,\"A \"\"B\"\"\",x\r\n",
            "American President, The (1995)"
        ),
        ("1::Toy Story (1995)::Animation\n2::A \"B\"::x\n", "Toy Story (1995)"),
        ("1|Toy Story (1995)|01-Jan-1995||http://x\n2|A \"B\"|x\n", "Toy Story (1995)"),
        ("item_id:token\tmovie_title:token_seq\n1\tToy Story\n2\tA \"B\"\n", "Toy Story"),
        (
            "{\"asin\": \"1\", \"title\": \"Toy\\u0020Story\"}\n{\"title\": \"A \\\"B\\\"\", \"asin\": \"2\"}\n{\"asin\": \"3\"}",
            "Toy Story"
        ),
    ])
    func layouts(text: String, title: String) throws {
        let folder = try TemporaryFolder()
        let titles = try Titles(contentsOf: folder.write("t", text))
        #expect(titles["1"] == title && titles["2"] == "A \"B\"" && titles["3"] == nil && titles.count == 2)
    }

    @Test("titles that are not UTF-8 are read as ISO-8859-1")
    func latin() throws {
        let folder = try TemporaryFolder()
        let bytes = Array("73::Mis".utf8) + [0xE9] + Array("rables, Les (1995)::Drama\n".utf8)
        #expect(try Titles(contentsOf: folder.write("t", bytes: bytes))["73"] == "Misérables, Les (1995)")
        #expect(try Titles(contentsOf: folder.write("t", "73::Misérables::x\n"))["73"] == "Misérables")
        #expect(failure { try Titles(contentsOf: folder.write("t", "item,title\n1,a\n2\n")) }?.line == 3)
        #expect(failure { try Titles(contentsOf: folder.write("t", "1,a\n2,b\n")) }?.reason == .unknownTitleColumns)
        #expect(failure { try Titles(contentsOf: folder.write("t", "")) }?.found == "an empty file")
    }
}

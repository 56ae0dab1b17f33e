#if Service
import FoldinMessages
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinService

extension EventStoreContractTests {
    @Test("pages have the events of the beginning, once and in order, whatever is added or removed", arguments: Kind.allCases)
    func pagesDuringChanges(kind: Kind) async throws {
        try await Self.with(kind) { store in
            for start in 0..<10 {
                try await store.append((0..<1_000).map { Event(user: "u\($0 % 5)", item: "\(start * 1_000 + $0)", time: 7) })
            }
            async let deleted = store.delete(user: "u3")
            var items: [Int] = []
            var pages = 0
            try await store.forEachPage { page in
                pages += 1
                items += page.compactMap { Int($0.item) }
                try await store.append([Event(user: "u9", item: "\(100_000 + pages)", time: 7)])
            }
            #expect(try await deleted.deleted == 2_000 && pages > 1)
            #expect(zip(items, items.dropFirst()).allSatisfy { $0 < $1 })
            #expect(items.filter { $0 % 5 != 3 } == (0..<10_000).filter { $0 % 5 != 3 })
            #expect(try await store.all().count == 8_000 + pages)
        }
    }

    @Test("a page begins behind a position and ends at one", arguments: Kind.allCases)
    func pages(kind: Kind) async throws {
        try await Self.with(kind) { store in
            #expect(try await store.lastPosition() == 0)
            #expect(try await store.page(after: 0, through: 0).events.isEmpty)
            var ends: [Int64] = [0]
            for item in 0..<4 {
                try await store.append([Event(user: "u", item: "i\(item)", rating: 2.5, time: item)])
                ends.append(try await store.lastPosition())
            }
            let page = try await store.page(after: ends[1], through: ends[3])
            let expected = [1, 2].map { (time: Int) in Event(user: "u", item: "i\(time)", rating: 2.5, time: time) }
            #expect(page.events == expected && page.end == ends[3])
            #expect(try await store.page(after: ends[4], through: ends[4]).events.isEmpty)
        }
    }

    @Test("an export is a ratings file in the order of arrival", arguments: Kind.allCases)
    func exports(kind: Kind) async throws {
        let folder = TestFolder(try TemporaryFolder())
        try await Self.with(kind) { store in
            try await store.append([
                Event(user: "a,b", item: "say \"hi\"", time: 7), Event(user: "u", item: "映画", rating: 2.5, time: 8),
                Event(user: "u", item: "1", rating: 3, time: 9),
                // A comma and a quote with an accent on them.
                Event(user: ",\u{301}x", item: "\"\u{301}", rating: 1, time: 10),
            ])
            #expect(try await EventExport.write(from: store, to: folder.path + "/out.csv", clickRating: 4) == 4)
            let lines = [
                "user,item,rating,timestamp", "\"a,b\",\"say \"\"hi\"\"\",4,7", "u,映画,2.5,8", "u,1,3,9",
                "\",\u{301}x\",\"\"\"\u{301}\",1,10", "",
            ]
            #expect(try String(contentsOfFile: folder.path + "/out.csv", encoding: .utf8) == lines.joined(separator: "\n"))
        }
    }
}
#endif

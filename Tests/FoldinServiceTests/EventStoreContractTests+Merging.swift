#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import NIOConcurrencyHelpers
import Testing

@testable import FoldinService

extension EventStoreContractTests {
    @Test("a merge adds each event that is not there yet, once", arguments: Kind.allCases)
    func merges(kind: Kind) async throws {
        try await Self.with(kind) { store in
            try await store.append([Event(user: "u", item: "i1", rating: 3, time: 5), Event(user: "u", item: "i2", time: 6)])
            let rows: [ImportTests.Row] = [
                ("u", "i1", 3, 5), ("u", "i1", 4, 5), ("u", "i1", 3, 4), ("u", "i2", nil, 6), ("u", "i2", 1, 6),
                ("v", "映,\"", 2.5, 0), ("v", "映,\"", 2.5, 0),
            ]
            var expected = EventImport.Outcome()
            (expected.events, expected.users, expected.alreadyThere, expected.repeated) = (4, 2, 2, 1)
            #expect(try await ImportTests.add(rows, to: store) == expected)
            (expected.events, expected.users, expected.alreadyThere) = (0, 0, 6)
            #expect(try await ImportTests.add(rows, to: store) == expected)
            #expect(
                try await store.all() == [
                    Event(user: "u", item: "i1", rating: 3, time: 5), Event(user: "u", item: "i2", time: 6),
                    Event(user: "u", item: "i1", rating: 4, time: 5), Event(user: "u", item: "i1", rating: 3, time: 4),
                    Event(user: "u", item: "i2", rating: 1, time: 6), Event(user: "v", item: "映,\"", rating: 2.5, time: 0),
                ])
            #expect(try await store.history(of: "u").liked == ["i2", "i1"])
        }
    }

    @Test("a row without a time is there already whatever the time, and otherwise gets the present one", arguments: Kind.allCases)
    func mergesWithoutTimes(kind: Kind) async throws {
        try await Self.with(kind) { store in
            #expect(try await ImportTests.add([("u", "i1", nil, nil), ("u", "i2", 3, nil)], to: store).events == 2)
            let outcome = try await ImportTests.add(
                [("u", "i1", nil, nil), ("u", "i1", nil, nil), ("u", "i1", 2, nil), ("u", "i2", 3, 7)], to: store)
            #expect((outcome.events, outcome.alreadyThere, outcome.repeated) == (2, 1, 1))
            let times = try await store.all().compactMap(\.time)
            #expect(times.count == 4 && times[0] > 1_700_000_000 && times[3] == 7)
        }
    }

    @Test("a merge that fails or is interrupted adds nothing", arguments: Kind.allCases)
    func failedMerges(kind: Kind) async throws {
        struct Failure: Error {}
        try await Self.with(kind) { store in
            try await store.append([Event(user: "u", item: "i1", time: 1)])
            let good: [ImportTests.Row] = (0..<20).map { ("u\($0)", "i2", nil, 2) }
            await #expect(throws: Failure.self) {
                try await EventImport.write(to: store, source: "ratings.csv") { add in
                    try add("u", "i9", nil, nil)
                    throw Failure()
                }
            }
            let error = await #expect(throws: FoldinError.self) {
                try await ImportTests.add(good + [("", "i", nil, 1)], to: store)
            }
            #expect(error?.kind == .badData && error?.found.contains("row 21") == true)
            // Interrupted at each question, until one import is asked no more than that.
            var limit = 0
            while true {
                let asked = NIOLockedValueBox(0)
                let most = limit
                do {
                    _ = try await ImportTests.add(good, to: store) {
                        asked.withLockedValue { asked in
                            asked += 1
                            return asked > most
                        }
                    }
                    break
                } catch is EventImport.Interrupted {
                    #expect(try await store.all().count == 1)
                }
                limit += 1
            }
            #expect(limit > 20)
            #expect(try await store.all().count == 21)
        }
    }
}
#endif

#if Service
import FoldinClient
import FoldinInteractions
import FoldinTestSupport
import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import FoldinService

/// What every store of events must do, for each conformer of `EventStore`.
@Suite("Contract of event stores") struct EventStoreContractTests {
    /// The stores under test. A new conformer is one more case.
    enum Kind: CaseIterable, CustomTestStringConvertible {
        case sqlite, inMemory

        var testDescription: String { "\(self)" }

        func storage(in folder: String) -> EventStorage {
            switch self {
            case .sqlite: .sqlite(folder + "/events.sqlite")
            case .inMemory: .inMemory
            }
        }
    }

    /// Runs `body` with an empty store, and closes it.
    static func with(
        _ kind: Kind, _ options: EventStoreOptions = EventStoreOptions(), _ body: (any EventStore) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try await kind.storage(in: folder.path).open(options)
        try await body(store)
        try await store.close()
    }

    @Test("the latest events of a user are in descending order of time, then of arrival", arguments: Kind.allCases)
    func latestEvents(kind: Kind) async throws {
        try await Self.with(kind) { store in
            #expect(try await store.latestEvents(of: "u", limit: 9).isEmpty)
            try await store.append([
                Event(user: "u", item: "b", rating: 3.5, time: 20), Event(user: "v", item: "z", time: 99),
                Event(user: "u", item: "a", time: 10),
            ])
            try await store.append([Event(user: "u", item: "c", rating: -1, time: 20), Event(user: "u", item: "d", time: 15)])
            let expected = [
                Event(user: "u", item: "c", rating: -1, time: 20), Event(user: "u", item: "b", rating: 3.5, time: 20),
                Event(user: "u", item: "d", time: 15), Event(user: "u", item: "a", time: 10),
            ]
            #expect(try await store.latestEvents(of: "u", limit: 9) == expected)
            #expect(try await store.latestEvents(of: "u", limit: 2) == Array(expected.prefix(2)))
        }
    }

    @Test("an event without a time gets the present time", arguments: Kind.allCases)
    func presentTime(kind: Kind) async throws {
        try await Self.with(kind) { store in
            let before = Int(Date().timeIntervalSince1970)
            try await store.append([Event(user: "u", item: "i")])
            let time = try #require(try await store.all().first?.time)
            #expect((before...Int(Date().timeIntervalSince1970)).contains(time))
            #expect(try await store.latestEvents(of: "u", limit: 1).first?.time == time)
        }
    }

    @Test("ids are compared by their code points and never interpreted", arguments: Kind.allCases)
    func strangeIds(kind: Kind) async throws {
        try await Self.with(kind) { store in
            let names = ["'; DROP TABLE event; --", "%", "?1", "\u{FEFF}bom", "映画", "a,b\"", String(repeating: "x", count: 256)]
            for name in names { try await store.append([Event(user: name, item: name, time: 1)]) }
            for name in names {
                #expect(try await store.latestEvents(of: name, limit: 9) == [Event(user: name, item: name, time: 1)])
            }
            for name in names { #expect(try await store.delete(user: name).deleted == 1) }
        }
    }

    @Test("of more events than the limit the oldest are removed, at most 1 % too many", arguments: Kind.allCases)
    func limitPerUser(kind: Kind) async throws {
        try await Self.with(kind, .keeping(5)) { store in
            for item in 0..<4 { try await store.append([Event(user: "a", item: "i\(item)", time: 100 - item)]) }
            try await store.append((4..<8).map { Event(user: "a", item: "i\($0)", time: 50) } + [Event(user: "b", item: "x")])
            // By time, and of the same time those that arrived first.
            #expect(try await store.history(of: "a").liked == ["i0", "i1", "i2", "i3", "i7"])
            try await store.append([Event(user: "a", item: "new", time: 99)])
            #expect(try await store.history(of: "a").liked == ["i0", "new", "i1", "i2", "i3"])
            #expect(try await store.history(of: "b").liked == ["x"])
            #expect(try await store.all().count == 6)
        }
        try await Self.with(kind, .keeping(300)) { store in
            for round in 0..<8 {
                try await store.append((0..<70).map { Event(user: "u", item: "\(round)/\($0)") })
                let count = try await store.latestEvents(of: "u", limit: 1_000).count
                #expect(round < 4 ? count == 70 * (round + 1) : (297...300).contains(count))
            }
        }
    }

    @Test("deletion removes all events of one user", arguments: Kind.allCases)
    func deletion(kind: Kind) async throws {
        try await Self.with(kind) { store in
            try await store.append((0..<7).map { Event(user: $0 % 2 == 0 ? "a" : "b", item: "i\($0)", time: $0) })
            #expect(try await store.delete(user: "a") == DeletionReply(deleted: 4, pending: false))
            #expect(try await store.delete(user: "a") == DeletionReply(deleted: 0, pending: false))
            #expect(try await store.latestEvents(of: "a", limit: 9).isEmpty)
            #expect(try await store.all().map(\.item) == ["i1", "i3", "i5"])
            // Positions are not given again.
            let last = try await store.lastPosition()
            #expect(try await store.delete(user: "b").deleted == 3)
            try await store.append([Event(user: "a", item: "new", time: 1)])
            #expect(try await store.lastPosition() > last)
            #expect(try await store.all().map(\.item) == ["new"])
        }
    }

    @Test("events before a time are removed, those at it stay", arguments: Kind.allCases)
    func removalByAge(kind: Kind) async throws {
        try await Self.with(kind) { store in
            try await store.append([
                Event(user: "a", item: "old", time: 5), Event(user: "a", item: "edge", time: 10),
                Event(user: "b", item: "old", time: 9), Event(user: "c", item: "new"),
            ])
            #expect(try await store.removeEvents(before: 10) == 2)
            #expect(try await store.removeEvents(before: 10) == 0)
            #expect(try await store.all().map(\.item) == ["edge", "new"])
            #expect(try await store.latestEvents(of: "b", limit: 9).isEmpty)
        }
    }

    @Test("concurrent appends are all stored, each call's events adjacent and in order", arguments: Kind.allCases)
    func concurrentAppends(kind: Kind) async throws {
        try await Self.with(kind) { store in
            try await withThrowingTaskGroup { group in
                for task in 0..<40 {
                    group.addTask {
                        for call in 0..<5 {
                            try await store.append(
                                (0..<3).map { Event(user: "u\(task)", item: "\(task)/\(call)/\($0)", time: 1) })
                        }
                    }
                }
                try await group.waitForAll()
            }
            let items = try await store.all().map(\.item)
            #expect(items.count == 600 && Set(items).count == 600)
            for start in stride(from: 0, to: items.count, by: 3) {
                let call = items[start].dropLast()
                #expect(items[start..<start + 3].elementsEqual((0..<3).map { call + "\($0)" }))
            }
            #expect(try await store.history(of: "u7").liked == (0..<15).reversed().map { "7/\($0 / 3)/\($0 % 3)" })
        }
    }

    @Test("a store that works passes its check; a closed one throws that it is closed", arguments: Kind.allCases)
    func closing(kind: Kind) async throws {
        let folder = try TemporaryFolder()
        let store = try await kind.storage(in: folder.path).open(EventStoreOptions())
        try await store.append([Event(user: "u", item: "i", time: 1)])
        try await store.check()
        try await store.close()
        try await store.close()
        await store.discard()
        let calls: [@Sendable (any EventStore) async throws -> Void] = [
            { try await $0.append([Event(user: "u", item: "i")]) }, { _ = try await $0.latestEvents(of: "u", limit: 1) },
            { _ = try await $0.delete(user: "u") }, { _ = try await $0.removeEvents(before: 9) },
            { _ = try await $0.lastPosition() }, { _ = try await $0.page(after: 0, through: 1) },
            { _ = try await $0.merge(stoppingWhen: { false }, { _ in }) }, { try await $0.check() },
        ]
        for call in calls { await #expect(throws: EventStoreError.closed) { try await call(store) } }
    }

    @Test("a store that is closed during appends stores each of them or throws that it is closed", arguments: Kind.allCases)
    func closingDuringAppends(kind: Kind) async throws {
        let folder = try TemporaryFolder()
        let store = try await kind.storage(in: folder.path).open(EventStoreOptions())
        let stored = NIOLockedValueBox(0)
        try await withThrowingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    do {
                        // Far more than are made before the store is closed, but an end: tasks that never wait must not keep others waiting.
                        for _ in 0..<5_000 {
                            try await store.append([Event(user: "u\(task)", item: "i", time: 1)])
                            stored.withLockedValue { $0 += 1 }
                            await Task.yield()
                        }
                    } catch EventStoreError.closed {}
                }
            }
            while stored.withLockedValue(\.self) < 20 { try await Task.sleep(for: .milliseconds(1)) }
            try await store.close()
            try await group.waitForAll()
        }
        guard kind == .sqlite else { return }
        let again = try await kind.storage(in: folder.path).open(EventStoreOptions())
        #expect(try await again.all().count == stored.withLockedValue(\.self))
    }

    @Test("a service works with any store", arguments: Kind.allCases)
    func servesFromAnyStore(kind: Kind) async throws {
        try await LiveService.configured({ configuration, folder in
            configuration.events = kind.storage(in: folder.path)
        }).run { service in
            #expect(try await service.client.recommendations(for: "né/1").kind == .popular)
            try await service.client.keep([
                Event(user: "né/1", item: "i3"), Event(user: "other", item: "i8"), Event(user: "né/1", item: "new"),
                Event(user: "né/1", item: "i7", rating: 4.5, time: 1_000), Event(user: "né/1", item: "i3"),
            ])
            let reply = try await service.client.recommendations(5, for: "né/1")
            #expect(reply.kind == .personal && reply.unknown == ["new"])
            #expect(reply.items.map(\.item) == (try service.recommender.recommend(5, havingLiked: ["i3", "i7"]).map(\.item)))
            #expect(try await service.client.delete(user: "né/1") == 4)
            #expect(try await service.client.delete(user: "né/1") == 0)
            #expect(try await service.client.recommendations(for: "né/1").kind == .popular)
            #expect(try await service.client.recommendations(for: "other").kind == .personal)
            #expect(try await service.send("GET", "/health/ready").status == 200)
        }
    }
}
#endif

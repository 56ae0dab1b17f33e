#if Service
import FoldinClient
import FoldinInteractions
import Foundation
import Testing

@testable import FoldinService

/// Requests that store, use and delete events.
@Suite("Service: events") struct EventTests {
    @Test("a request with an invalid event stores none of its events") func invalidEvents() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run {
            service in
            let good = Event(user: "u", item: "i1")
            let long = String(repeating: "x", count: 257)
            for bad in [
                Event(user: "", item: "i1"), Event(user: "u", item: ""), Event(user: "u\u{0}", item: "i1"),
                Event(user: "u", item: "i\n1"),
                Event(user: long, item: "i1"), Event(user: "u", item: "i1", time: -1),
                Event(user: "u", item: "i1", rating: 1.1e9),
                Event(user: "u", item: "i1", rating: -1e300), Event(user: "u", item: "i1", time: .max),
            ] {
                let problem = await #expect(throws: ProblemDocument.self) { try await service.client.keep([good, bad]) }
                #expect(problem?.status == 422 && problem?.detail.contains("event 1") == true, "\(bad)")
            }
            let empty = await #expect(throws: ProblemDocument.self) { try await service.client.keep([]) }
            #expect(empty?.status == 422)
            let kept = try await service.client.delete(user: "u")
            #expect(kept == 0)
        }
    }

    @Test("ids that look like SQL, or begin with a byte order mark, are ids like any other") func strangeIds() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run {
            service in
            let names = [
                "\u{FEFF}bom", "a+b c", "'; DROP TABLE event; --", "\" OR 1=1 --", "%", "?1", ":id",
                "u' UNION SELECT item FROM event --",
            ]
            for name in names {
                try await service.client.keep([Event(user: name, item: name), Event(user: "victim", item: "i1")])
            }
            for name in names {
                #expect(try await service.client.recommendations(for: name).unknown == [name])
                #expect(try await service.client.delete(user: name) == 1)
            }
            #expect(try await service.client.delete(user: "victim") == names.count)
        }
    }

    /// As in ratings files, so that an export can be prepared.
    @Test("blanks around ids are removed, and an id of blanks alone is invalid") func blanksAroundIds() async throws {
        try await LiveService.configured({ configuration, folder in
            configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run { service in
            try await service.client.keep([Event(user: " ann ", item: " i3", rating: 4)])
            #expect(try await service.client.recommendations(5, for: "ann").kind == .personal)
            let reply = try await service.send("POST", "/v1/events", #"{"events":[{"user":"  ","item":"i1"}]}"#)
            #expect(try reply.problem().status == 422)
            let removed = try await service.send("DELETE", "/v1/users/%20ann")
            #expect(String(decoding: removed.body, as: UTF8.self).contains("1"))
        }
    }

    @Test("a service removes events that are too old") func oldEvents() async throws {
        let store = InMemoryEventStore()
        let now = Int(Date().timeIntervalSince1970)
        try await store.append([
            Event(user: "u", item: "i3", time: now - 10_000), Event(user: "u", item: "i4", time: now - 1_000),
            Event(user: "u", item: "i5"),
        ])
        try await LiveService.configured({ configuration, _ in
            configuration.events = EventStorage("the test's own store") { _ in store }
            configuration.eventAge = .seconds(5_000)
        }).run { service in
            while try await store.all().count == 3 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try await store.all().map(\.item) == ["i4", "i5"])
        }
        // The service closes its store.
        await #expect(throws: EventStoreError.closed) { try await store.check() }
    }
}
#endif

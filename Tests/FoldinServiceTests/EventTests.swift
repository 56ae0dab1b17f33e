import FoldinClient
import FoldinInteractions
import FoldinTestSupport
import Foundation
import GRDB
import Testing

@testable import FoldinService

@Suite("Service: events") struct EventTests {
    @Test func countAtOnce() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = folder.path + "/events.sqlite" }).run {
            service in
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
        }
    }

    @Test func areRefusedWhole() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = folder.path + "/events.sqlite" }).run {
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

    /// What SQL would take for its own is a name like any other.
    @Test func takeSQLForNames() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = folder.path + "/events.sqlite" }).run {
            service in
            // A byte order mark, too, is part of a name.
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

    @Test func areOnTheDiskAndLeaveItWhenDeleted() async throws {
        let folder = try TemporaryFolder()
        let store = try EventStore(path: folder.path + "/events.sqlite")
        #expect(try store.synchronous == 2)
        try await withThrowingTaskGroup { group in
            for user in 0..<50 {
                group.addTask {
                    for item in 0..<4 {
                        try await store.append([
                            Event(user: "secret-\(user)", item: "i\(item)"), Event(user: "all", item: "\(user)"),
                        ])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.history(of: "secret-7", count: 10).liked == ["i3", "i2", "i1", "i0"])
        #expect(try await store.history(of: "secret-7", count: 2).liked == ["i3", "i2"])
        #expect(try await store.history(of: "all", count: 100).liked.count == 50)
        func files() throws -> Data {
            try folder.names().reduce(into: Data()) { $0 += try Data(contentsOf: URL(filePath: folder.path + "/" + $1)) }
        }
        #expect(try files().firstRange(of: Data("secret-7".utf8)) != nil)
        #expect(try await store.delete(user: "secret-7") == (4, false))
        #expect(try files().firstRange(of: Data("secret-7".utf8)) == nil)
        // Opened again it is all there.
        let again = try EventStore(path: folder.path + "/events.sqlite")
        #expect(try await again.history(of: "all", count: 100).liked.count == 50)
    }

    @Test func areExportedAsRatings() async throws {
        let folder = try TemporaryFolder()
        let database = folder.path + "/events.sqlite"
        let store = try EventStore(path: database)
        try await store.append([
            Event(user: "a,b", item: "say \"hi\"", time: 7), Event(user: "u", item: "映画", rating: 2.5, time: 8),
            Event(user: "u", item: "1", rating: 3, time: 9),
            // A comma and a quote with an accent on them.
            Event(user: ",\u{301}x", item: "\"\u{301}", rating: 1, time: 10),
        ])
        #expect(try EventExport.write(database: database, to: folder.path + "/out.csv", clickRating: 4) == 4)
        let lines = [
            "user,item,rating,timestamp", "\"a,b\",\"say \"\"hi\"\"\",4,7", "u,映画,2.5,8", "u,1,3,9",
            "\",\u{301}x\",\"\"\"\u{301}\",1,10", "",
        ]
        #expect(try folder.text("out.csv") == lines.joined(separator: "\n"))
        #expect(failure { try EventExport.write(database: folder.path + "/none", to: folder.path + "/x") }?.kind == .missingInput)
        let noDatabase = try folder.write(
            "text", "this is no database, but it is longer than a header of SQLite's would be: 100 bytes, or so, in all")
        #expect(failure { try EventExport.write(database: noDatabase, to: folder.path + "/x") }?.kind == .badData)
        #expect(failure { try EventExport.write(database: database, to: folder.path + "/no/where") }?.kind == .cannotCreate)
        #expect(failure { try EventStore(path: noDatabase) }?.kind == .cannotCreate)
        #expect(!(try folder.names().contains("x")))
        // The database is not written over, under whatever name, nor what SQLite has beside it.
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: database)
        try FileManager.default.linkItem(atPath: database, toPath: folder.path + "/hard")
        let before = try Data(contentsOf: URL(filePath: database))
        for out in [
            "events.sqlite", "./events.sqlite", "link", "hard", "events.sqlite-wal", "events.sqlite-shm", "events.sqlite-journal",
        ] {
            let error = failure { try EventExport.write(database: database, to: folder.path + "/" + out) }
            #expect(error?.kind == .usage && error?.found.contains("the database itself") == true, "\(out)")
        }
        let after = try Data(contentsOf: URL(filePath: database))
        #expect(after == before)
    }

    /// Blanks around ids are taken off, as in files, so that an export can be prepared; an id of blanks only is none.
    @Test func blanksAroundIdsGo() async throws {
        try await LiveService.configured({ configuration, folder in
            configuration.events = folder.path + "/events.sqlite"
        }).run { service in
            try await service.client.keep([Event(user: " ann ", item: " i3", rating: 4)])
            #expect(try await service.client.recommendations(5, for: "ann").kind == .personal)
            let reply = try await service.send("POST", "/v1/events", #"{"events":[{"user":"  ","item":"i1"}]}"#)
            #expect(try reply.problem().status == 422)
            let removed = try await service.send("DELETE", "/v1/users/%20ann")
            #expect(String(decoding: removed.body, as: UTF8.self).contains("1"))
        }
    }
}

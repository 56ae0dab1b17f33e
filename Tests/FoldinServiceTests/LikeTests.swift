#if Service
import FoldinClient
import FoldinInteractions
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinService

/// Which events are likes, and which recommendations follow from them.
@Suite("Service: likes") struct LikeTests {
    @Test("the last event of a user and an item decides, by its time, then by its arrival") func lastRating() async throws {
        let store = InMemoryEventStore()
        let events = [
            Event(user: "u", item: "click", time: 1), Event(user: "u", item: "good", rating: 3.5, time: 2),
            Event(user: "u", item: "low", rating: 3.4, time: 3), Event(user: "u", item: "zero", rating: 0, time: 4),
            Event(user: "u", item: "bad", rating: -1, time: 5), Event(user: "u", item: "worse", rating: 5, time: 6),
            Event(user: "u", item: "worse", rating: 1, time: 7), Event(user: "u", item: "better", rating: 1, time: 8),
            Event(user: "u", item: "better", time: 8), Event(user: "u", item: "late", rating: 5, time: 10),
            // It arrived later but has an earlier time.
            Event(user: "u", item: "late", rating: 1, time: 9), Event(user: "other", item: "bad", rating: 5, time: 99),
        ]
        for event in events { try await store.append([event]) }
        func liked(_ threshold: Double?, count: Int = 100) async throws -> EventHistory {
            try await store.history(of: "u", count: count, likedAbove: threshold)
        }
        #expect(try await liked(3.4).liked == ["late", "better", "good", "click"])
        #expect(try await liked(3.4).others == ["worse", "bad", "zero", "low"])
        #expect(try await liked(nil).liked == ["late", "better", "worse", "zero", "low", "good", "click"])
        #expect(try await liked(nil).others == ["bad"])
        #expect(try await liked(-5).others.isEmpty)
        #expect(try await liked(3.4, count: 2) == EventHistory(liked: ["late", "better"], others: ["worse", "bad"]))
        #expect(try await store.all() == events)
    }

    @Test("an item with a low rating is not part of the history, and is not recommended") func dislikes() async throws {
        try await LiveService.configured({ configuration, folder in
            configuration.events = .sqlite(folder.path + "/events.sqlite")
            configuration.likedAbove = 2
        }).run { service in
            try await service.client.keep([
                Event(user: "u", item: "i3", rating: 2.5), Event(user: "u", item: "i5", rating: 2),
                Event(user: "u", item: "new", rating: 1),
                Event(user: "grump", item: "i3", rating: 1), Event(user: "grump", item: "i5", rating: -1),
            ])
            let reply = try await service.client.recommendations(40, for: "u")
            let expected = try service.recommender.recommend(40, havingLiked: ["i3"]).map(\.item).filter { $0 != "i5" }
            #expect(reply.kind == .personal && reply.items.map(\.item) == expected && reply.unknown.isEmpty)
            let grump = try await service.client.recommendations(40, for: "grump")
            #expect(
                grump.kind == .popular && grump.items.count == 38 && !grump.items.contains { ["i3", "i5"].contains($0.item) })
            try await service.client.keep([Event(user: "grump", item: "i5", rating: 5)])
            #expect(try await service.client.recommendations(for: "grump").kind == .personal)
        }
    }

    @Test("a threshold must be finite and needs a store of events") func thresholds() throws {
        var configuration = ServiceConfiguration(model: "m")
        configuration.likedAbove = 3
        #expect(failure { try configuration.validate() }?.kind == .usage)
        configuration.events = .sqlite("e")
        try configuration.validate()
        configuration.likedAbove = .nan
        #expect(failure { try configuration.validate() }?.kind == .usage)
    }

    @Test("without a history the stored events of the user are used") func storedHistories() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run {
            service in
            try await service.client.keep([Event(user: "u", item: "i3"), Event(user: "u", item: "i7")])
            let kept = try await service.client.recommendations(5, for: "u")
            #expect(try await service.client.recommendations(RecommendationRequest(top: 5, user: "u")) == kept)
            #expect(try await service.send("POST", "/v1/recommendations", #"{"user":"u","top":5}"#).status == 200)
            #expect(
                try await service.send("POST", "/v1/recommendations", #"{"user":"u","top":5,"history":null}"#).status == 200)
            let own = try await service.client.recommendations(RecommendationRequest(history: ["i9"], top: 5, user: "u"))
            #expect(own.items.map(\.item) == (try service.recommender.recommend(5, havingLiked: ["i9"]).map(\.item)))
            let batch = try await service.client.recommendations([
                RecommendationRequest(top: 5, user: "u"), RecommendationRequest(top: 5, user: "nobody"),
                RecommendationRequest(top: 5, user: "u\u{0}"), RecommendationRequest(top: 5),
            ])
            #expect(batch[0] == kept && batch.dropFirst().allSatisfy { $0.kind == .popular })
        }
        // Without a store such a user has no history.
        try await LiveService.with { service throws in
            #expect(try await service.client.recommendations(RecommendationRequest(user: "u")).kind == .popular)
        }
    }

    @Test("queries exclude and allow ids that are separated by commas or repeated") func lists() async throws {
        try await LiveService.configured({ configuration, folder in
            configuration.events = .sqlite(folder.path + "/events.sqlite")
            let ids = (0..<39).map { "i\($0)" } + ["a,b"]
            try TrainedModelWithIds.save(ids, to: folder.path + "/model.safetensors")
        }).run { service in
            try await service.client.keep([Event(user: "u", item: "i3")])
            let all = try await service.client.recommendations(40, for: "u").items.map(\.item)
            func items(_ query: String) async throws -> [String] {
                let answer = try await service.send("GET", "/v1/users/u/recommendations?top=40&" + query)
                return try JSONDecoder().decode(RecommendationReply.self, from: answer.body).items.map(\.item)
            }
            for (query, ids) in [
                ("exclude=i1,i2", ["i1", "i2"]), ("exclude=i1&exclude=i2,i4", ["i1", "i2", "i4"]),
                ("exclude=i1%2Ci2", ["i1", "i2"]),
                ("exclude=a%2Cb", ["a,b"]), ("exclude=i1,a%2Cb,i2", ["i1", "a,b", "i2"]), ("exclude=", []),
                ("exclude=&exclude=i1", ["i1"]),
            ] {
                #expect(try await items(query) == all.filter { !ids.contains($0) }, "\(query)")
                if !ids.isEmpty {
                    let query = query.replacingOccurrences(of: "exclude", with: "allow")
                    #expect(try await items(query) == all.filter(ids.contains), "\(query)")
                }
            }
            #expect(try await items("allow=i1,i2&exclude=i2") == ["i1"])
            #expect(try await items("allow=").isEmpty)
            #expect(try await items("allow=i1,x") == ["i1"])
            for query in ["exclude=i1,x", "allow=x", "exclude=a,b", "exclude=i1,,i2", "exclude=i1,"] {
                let problem = try await service.send("GET", "/v1/users/u/recommendations?" + query).problem()
                #expect(
                    problem.status == 422 && ["\"x\"", "\"a\"", "\"\""].contains { problem.detail.contains($0) }, "\(problem)")
            }
            #expect(try await service.send("GET", "/v1/users/u/recommendations?exclude=%FF").problem().status == 400)
            let reply = try await service.client.recommendations(
                40, offset: 1, for: "u", excluding: ["i1", "a,b"], allowing: ["i1", "i2", "a,b", "i4"])
            #expect(reply.items.map(\.item) == Array(all.filter { ["i2", "i4"].contains($0) }.dropFirst()))
            let problem = try await service.send(
                "POST", "/v1/recommendations:batch", #"{"requests":[{"history":[]},{"history":[],"exclude":["x"]}]}"#
            )
            .problem()
            #expect(problem.status == 422 && problem.detail.hasPrefix("request 1: found \"x\" in \"exclude\""))
        }
    }

    @Test("the default threshold is that of the model") func modelThreshold() async throws {
        let folder = try TemporaryFolder()
        var model = LiveService.model()
        model.card.likedAbove = 3.5
        let path = folder.path + "/likes.safetensors"
        try model.save(to: path)
        #expect(try TrainedModel(contentsOf: path).card.likedAbove == 3.5)
        try await LiveService.configured({ configuration, _ in
            configuration.model = path
            configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run { service in
            try await service.client.keep([Event(user: "u", item: "i3", rating: 3.5), Event(user: "v", item: "i3", rating: 4)])
            #expect(try await service.client.recommendations(5, for: "u").kind == .popular)
            #expect(try await service.client.recommendations(5, for: "v").kind == .personal)
        }
    }
}

/// A model of 40 items with given ids.
enum TrainedModelWithIds {
    static func save(_ ids: [String], to path: String) throws {
        let model = LiveService.model()
        try TrainedModel(model.model, items: Vocabulary(ids)).save(to: path)
    }
}
#endif

#if Service
import FoldinClient
import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation
import Testing

@testable import FoldinService

/// Recommendations, titles, similar items and explanations over HTTP.
@Suite("Service: recommending") struct RecommendingTests {
    @Test("recommendations are those of the library") func asTheLibrary() async throws {
        try await LiveService.with { service in
            for history in [["i3"], ["i7", "i3", "i12", "i3"], (0..<39).map { "i\($0)" }] {
                let expected = try service.recommender.recommend(40, havingLiked: history, excluding: ["i5"])
                let reply = try await service.client.recommendations(40, havingLiked: history, excluding: ["i5"])
                #expect(reply.kind == .personal && reply.unknown.isEmpty && reply.model.arm == "main")
                #expect(reply.items.map(\.item) == expected.map(\.item) && reply.items.map(\.title) == expected.map(\.title))
                #expect(zip(reply.items, expected).allSatisfy { abs($0.score - $1.score) < 1e-5 })
            }
        }
    }

    @Test("offset turns pages, and allow restricts the items") func pages() async throws {
        try await LiveService.with { service in
            let all = try service.recommender.recommend(40, havingLiked: ["i1", "i2"]).map(\.item)
            for (top, offset) in [(3, 0), (3, 3), (10, 35), (1, 37), (5, 38), (1_000, 0)] {
                let request = RecommendationRequest(history: ["i1", "i2"], top: top, offset: offset)
                let reply = try await service.client.recommendations(request)
                #expect(reply.items.map(\.item) == Array(all.dropFirst(offset).prefix(top)), "top \(top) offset \(offset)")
            }
            let allowed = ["i9", "i1", "i30", "x", "i4", "i9"]
            let request = RecommendationRequest(history: ["i1", "y"], top: 2, offset: 1, exclude: ["i30"], allow: allowed)
            let reply = try await service.client.recommendations(request)
            let expected = try service.recommender.recommend(40, havingLiked: ["i1"]).map(\.item).filter {
                ["i9", "i4"].contains($0)
            }
            #expect(reply.items.map(\.item) == [expected[1]] && reply.unknown == ["y", "x"])
            let nothing = try await service.client.recommendations(RecommendationRequest(history: ["i1"], allow: []))
            #expect(nothing.items.isEmpty)
        }
    }

    @Test(
        "without a known history popular items are returned and marked as such",
        arguments: [[], ["x"], ["x", "y", "x", "I3", "\u{0}'; --"]]) func popular(history: [String]) async throws
    {
        try await LiveService.with { service in
            let reply = try await service.client.recommendations(40, havingLiked: history, excluding: ["i3"])
            var scores = [Float](repeating: 0, count: 40)
            service.recommender.model.score(
                InteractionMatrix(rows: [[Int]()], itemCount: 40), rows: 0..<1, into: &scores, workers: Workers(count: 1))
            let expected = (0..<40).sorted { scores[$0] > scores[$1] }.map { "i\($0)" }.filter { $0 != "i3" }
            #expect(reply.kind == .popular && reply.items.map(\.item) == expected)
            #expect(Set(reply.unknown) == Set(history) && reply.unknown.count == Set(history).count)
        }
    }

    @Test("popular items are those with most clicks, if the model has their numbers") func clicks() async throws {
        try await LiveService.configured({ configuration, folder in
            let model = LiveService.model()
            try TrainedModel(model.model, items: model.items, titles: model.titles, clicks: (0..<40).map { $0 * 7 % 40 / 2 })
                .save(to: folder.path + "/clicks.safetensors")
            configuration.model = folder.path + "/clicks.safetensors"
        }).run { service in
            let reply = try await service.client.recommendations(3, havingLiked: ["x"], excluding: ["i17"])
            // 7 * 17 = 39, 7 * 34 = 38, 7 * 11 = 37, 7 * 28 = 36, modulo 40, then halved.
            #expect(reply.kind == .popular && reply.items.map(\.item) == ["i34", "i11", "i28"])
            #expect(reply.items.map(\.score) == [19, 18, 18])
        }
    }

    @Test("a batch gets the same replies as its requests alone") func batches() async throws {
        try await LiveService.with { service in
            let requests = (0..<150).map { person in
                RecommendationRequest(
                    history: person % 9 == 4 ? ["nobody"] : ["i\(person % 40)", "i\(person * 7 % 40)"], top: person % 6 + 1,
                    offset: person % 3)
            }
            let together = try await service.client.recommendations(requests)
            #expect(together.count == 150)
            for (request, reply) in zip(requests, together).prefix(40) {
                #expect(try await service.client.recommendations(request) == reply)
            }
            #expect(try await service.client.recommendations([]).isEmpty)
        }
    }

    @Test("concurrent requests are scored in batches, with the same result") func concurrentRequests() async throws {
        try await LiveService.configured({ configuration, _ in configuration.batchDelay = .milliseconds(20) }).run { service in
            try await withThrowingTaskGroup { group in
                for item in 0..<40 {
                    group.addTask {
                        let reply = try await service.client.recommendations(5, havingLiked: ["i\(item)"])
                        #expect(
                            reply.items.map(\.item)
                                == (try service.recommender.recommend(5, havingLiked: ["i\(item)"]).map(\.item)))
                    }
                }
                try await group.waitForAll()
            }
            let metrics = try await service.send("GET", "/metrics").text
            let batches = try #require(metrics.firstMatch(of: /foldin_scoring_batch_rows_count (\d+)/).flatMap { Int($0.1) })
            #expect(batches < 40 && metrics.contains("foldin_scoring_batch_rows_sum 40.0"), "\(metrics)")
        }
    }

    @Test("items are found by words of their titles") func titles() async throws {
        try await LiveService.with { service in
            func find(_ query: String, _ top: Int = 40) async throws -> [String] {
                try await service.client.items(matching: query, top: top).map(\.item)
            }
            #expect(
                try await Set(find("angstrom FILM"))
                    == Set((0..<40).filter { $0 % 3 != 2 && $0 % 2 == 0 && $0 != 4 }.map { "i\($0)" }))
            #expect(try await find("sea", 3).count == 3)
            #expect(try await find("i5").first == "i5")
            #expect(try await find("film 13 ") == ["i13"])
            #expect(try await find("映画") == ["i4"])
            for none in ["zzz", "", "%", "film zzz"] { #expect(try await find(none).isEmpty) }
            // Blanks as HTML forms encode them, and an encoded plus sign.
            #expect(try await service.send("GET", "/v1/items?top=1&query=film+13").text.contains("\"i13\""))
            #expect(try await service.send("GET", "/v1/items?top=1&query=film%2B13").text == "{\"items\":[]}")
            let hard = try await service.client.items(matching: "i4").first
            #expect(hard?.title == LiveService.model().titles[4])
            let scored = try await service.client.recommendations(RecommendationRequest(history: ["i1"], allow: ["i4"])).items
            #expect(scored.first?.title == LiveService.model().titles[4])
        }
    }

    @Test("similar items are those of the library") func similarItems() async throws {
        try await LiveService.with { service in
            let reply = try await service.client.similar(7, to: "i6")
            let expected = try service.recommender.similar(7, to: "i6")
            #expect(reply.items.map(\.item) == expected.map(\.item) && reply.items.map(\.score) == expected.map(\.score))
            let problem = await #expect(throws: ProblemDocument.self) { try await service.client.similar(7, to: "né/../?") }
            #expect(problem?.status == 404 && problem?.type == "urn:foldin:problem:not-found")
        }
    }

    @Test("a contribution is the loss of score without the item") func explanations() async throws {
        try await LiveService.with { service in
            let liked = [3, 11, 20, 7]
            func scores(_ history: [Int]) -> [Float] {
                var scores = [Float](repeating: 0, count: 40)
                service.recommender.model.score(
                    InteractionMatrix(rows: [history], itemCount: 40), rows: 0..<1, into: &scores, workers: Workers(count: 1))
                return scores
            }
            let reply = try await service.client.explanations(
                of: ["i5", "nothing", "i30"], havingLiked: liked.map { "i\($0)" } + ["i3", "nobody"])
            #expect(reply.unknown == ["nobody", "nothing"] && reply.explanations.map(\.item) == ["i5", "i30"])
            for (explanation, target) in zip(reply.explanations, [5, 30]) {
                let whole = scores(liked)[target]
                let expected = liked.map { left in ("i\(left)", whole - scores(liked.filter { $0 != left })[target]) }
                    .sorted { $0.1 > $1.1 }
                #expect(abs(explanation.score - whole) < 1e-5 && explanation.because.map(\.item) == expected.map(\.0))
                #expect(zip(explanation.because, expected).allSatisfy { abs($0.contribution - $1.1) < 1e-5 })
            }
            let unknown = try await service.client.explanations(of: ["i5"], havingLiked: ["x"])
            #expect(unknown.unknown == ["x"] && unknown.explanations.map(\.because) == [[]])
        }
    }
}
#endif

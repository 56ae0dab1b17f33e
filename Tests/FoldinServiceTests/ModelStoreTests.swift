#if Service
import FoldinClient
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Logging
import Testing

@testable import FoldinModels
@testable import FoldinService

/// Loading, replacing and rolling back models, and serving two of them.
@Suite("Service: models") struct ModelStoreTests {
    @Test("a reload replaces the model as a whole or leaves it") func reloads() async throws {
        try await LiveService.with { service in
            let path = service.folder.path + "/model.safetensors"
            let before = try #require(try await service.client.models().first)
            #expect(before.items == 40 && before.options == ["seed": "4"] && before.metrics == ["validation ndcg@100": 0.25])
            #expect(before.arm == "main" && before.share == 1 && before.file == "model.safetensors" && before.version.count == 12)
            // The same bytes are the same version.
            #expect(try await service.client.reload().first?.loaded == before.loaded)

            try Data("no model".utf8).write(to: URL(filePath: path))
            let refused = await #expect(throws: ProblemDocument.self) { try await service.client.reload() }
            #expect(refused?.status == 409 && refused?.detail.contains("model.safetensors") == true)
            let after = try #require(try await service.client.models().first)
            #expect(after.version == before.version && after.failure == refused?.detail)
            #expect(try await service.client.recommendations(havingLiked: ["i1"]).model.version == before.version)

            try LiveService.model(seed: 5).save(to: path)
            let fresh = try #require(try await service.client.reload().first)
            #expect(fresh.version != before.version && fresh.failure == nil && fresh.options == ["seed": "5"])
            #expect(try await service.client.recommendations(havingLiked: ["i1"]).model.version == fresh.version)

            try FileManager.default.removeItem(atPath: path)
            let gone = await #expect(throws: ProblemDocument.self) { try await service.client.reload() }
            #expect(gone?.status == 409)
            let metrics = try await service.send("GET", "/metrics").text
            for (outcome, count) in [("loaded", 2), ("unchanged", 1), ("failed", 2)] {
                #expect(metrics.contains("foldin_model_loads_total{arm=\"main\",outcome=\"\(outcome)\"} \(count)\n"))
            }
        }
    }

    @Test("loads are numbered, and a rollback serves the previous model") func rollbacks() async throws {
        try await LiveService.configured({ configuration, folder in
            try LiveService.model(seed: 9).save(to: folder.path + "/candidate.safetensors")
            configuration.candidate = (folder.path + "/candidate.safetensors", 0.3)
        }).run { service in
            let path = service.folder.path + "/model.safetensors"
            let first = try #require(try await service.client.models().first)
            #expect(first.number == 1 && first.previous == nil)
            let nothing = await #expect(throws: ProblemDocument.self) { try await service.client.rollBack() }
            #expect(nothing?.status == 409 && nothing?.type == "urn:foldin:problem:no-previous-model")
            try LiveService.model(seed: 5).save(to: path)
            let second = try #require(try await service.client.reload().first)
            #expect(second.number == 2 && second.previous == 1)
            let other = await #expect(throws: ProblemDocument.self) { try await service.client.rollBack(arm: "candidate") }
            #expect(other?.status == 409)
            let back = try #require(try await service.client.rollBack().first)
            #expect(back.number == 1 && back.version == first.version && back.previous == nil && back.loaded == first.loaded)
            #expect(try await service.client.recommendations(havingLiked: ["i1"]).model.version == first.version)
            // On request the file is loaded; it gets another number.
            let third = try #require(try await service.client.reload().first)
            #expect(third.number == 3 && third.version == second.version && third.previous == 1)
            #expect(try await service.send("POST", "/v1/models:rollback?arm=x").problem().status == 400)
            let metrics = try await service.send("GET", "/metrics").text
            #expect(metrics.contains("foldin_model_loads_total{arm=\"main\",outcome=\"rolled back\"} 1\n"))
        }
    }

    @Test("a model that was rolled back is not loaded again by the file watcher") func watchingAfterRollback() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/m"
        try LiveService.model(seed: 4).save(to: path)
        let store = try ModelStore(
            arm: "main", path: path, kept: 2, workers: Workers(count: 1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            metrics: PrometheusRegistry())
        func look() async -> Int {
            for _ in 0..<3 { await store.reloadIfChanged() }
            return store.numbered.current.number
        }
        try LiveService.model(seed: 5).save(to: path)
        #expect(await look() == 2)
        #expect(store.rollBack() && store.numbered.current.number == 1)
        #expect(await look() == 1)
        try LiveService.model(seed: 5).save(to: path)
        #expect(await look() == 1)
        try LiveService.model(seed: 6).save(to: path)
        #expect(await look() == 3)
        try LiveService.model(seed: 5).save(to: path)
        #expect(await look() == 4)
        // Two previous models are in memory.
        try LiveService.model(seed: 7).save(to: path)
        #expect(await look() == 5)
        #expect(store.rollBack() && store.numbered.current.number == 4)
        #expect(store.rollBack() && store.numbered.current.number == 3)
        #expect(!store.rollBack() && store.numbered.current.number == 3)
    }

    @Test("a changed file is loaded") func watching() async throws {
        try await LiveService.configured({ configuration, _ in configuration.watch = .milliseconds(20) }).run { service in
            let before = try #require(try await service.client.models().first?.version)
            try LiveService.model(seed: 6).save(to: service.folder.path + "/model.safetensors")
            var version = before
            for _ in 0..<200 where version == before {
                try await Task.sleep(for: .milliseconds(20))
                version = try #require(try await service.client.models().first?.version)
            }
            #expect(version != before)
        }
    }

    @Test("during reloads every reply is of one model, and none fails") func reloadsUnderLoad() async throws {
        try await LiveService.with { service in
            let path = service.folder.path + "/model.safetensors"
            var expected: [String: [String]] = [:]
            for seed in [4, 5] as [UInt64] {
                let model = LiveService.model(seed: seed)
                try model.save(to: path)
                let version = try #require(try await service.client.reload().first?.version)
                expected[version] = try await service.client.recommendations(40, havingLiked: ["i2", "i9"]).items.map(\.item)
            }
            #expect(Set(expected.values).count == 2)
            let known = expected
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<60 {
                            let reply = try await service.client.recommendations(40, havingLiked: ["i2", "i9"])
                            #expect(known[reply.model.version] == reply.items.map(\.item))
                        }
                    }
                }
                for round in 0..<10 {
                    try LiveService.model(seed: round % 2 == 0 ? 4 : 5).save(to: path)
                    try await service.client.reload()
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(
        "users are assigned by the first 52 bits of SHA-256, as Python's hashlib computes it",
        arguments: [
            ("alice", 0.1712650529798836), ("bob", 0.5066866783861981), ("42", 0.45030764956967495), ("é", 0.291402190516421),
        ]) func hashes(user: String, place: Double)
    { #expect(ModelArms.place(of: user) == place) }

    @Test("two models share the users") func shares() async throws {
        try await LiveService.configured({ configuration, folder in
            try LiveService.model(seed: 9).save(to: folder.path + "/candidate.safetensors")
            configuration.candidate = (folder.path + "/candidate.safetensors", 0.3)
            configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run { service in
            #expect(try await service.client.models().map(\.arm) == ["main", "candidate"])
            #expect(try await service.client.models().map(\.share) == [0.7, 0.3])
            for user in ["alice", "bob", "42", "é"] {
                let arm = ModelArms.place(of: user) < 0.3 ? "candidate" : "main"
                let request = RecommendationRequest(history: ["i1"], user: user)
                #expect(try await service.client.recommendations(request).model.arm == arm)
                try await service.client.keep([Event(user: user, item: "i1")])
                #expect(try await service.client.recommendations(for: user).model.arm == arm)
            }
            #expect(try await service.client.recommendations(havingLiked: ["i1"]).model.arm == "main")
            let metrics = try await service.send("GET", "/metrics").text
            #expect(metrics.contains("foldin_recommendations_total{arm=\"candidate\",kind=\"personal\"} 4\n"), "\(metrics)")
            #expect(metrics.contains("foldin_recommendations_total{arm=\"main\",kind=\"personal\"} 5\n"))
        }
        let share = (0..<10_000).count { ModelArms.place(of: "user \($0)") < 0.3 }
        #expect((2_850...3_150).contains(share))
    }

    @Test("a service does not start with an invalid model") func invalidModels() async throws {
        let error = await #expect(throws: (any Error).self) {
            try await LiveService.configured({ configuration, folder in
                try Data("x".utf8).write(to: URL(filePath: folder.path + "/bad"))
                configuration.model = folder.path + "/bad"
            }).run { _ in Issue.record("it serves") }
        }
        #expect((error as? FoldinError)?.kind == .badData)
    }
}
#endif

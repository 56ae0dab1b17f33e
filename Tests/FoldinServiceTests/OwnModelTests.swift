#if Service
import Foldin
import FoldinClient
import FoldinTestSupport
import Foundation
import Synchronization
import Testing

/// A kind of model made outside the package takes every way that the package's own kinds take.
@Suite("Models of one's own") struct OwnModelTests {
    static let items = 12

    /// Item 11 is the newest.
    static func own() -> NewestFirst {
        ModelRegistry.register(NewestFirst.self)
        return NewestFirst(novelty: (0..<items).map { Float($0) / 2 }, bonus: 20)
    }

    static func trained() -> TrainedModel {
        TrainedModel(
            own(), items: Vocabulary((0..<items).map { "i\($0)" }), titles: (0..<items).map { "Title \($0)" },
            clicks: (0..<items).map { items - $0 }, card: ModelCard(options: ["model": "newest-first"]))
    }

    static func scores(_ model: some Scorer, _ histories: InteractionMatrix) -> [Float] {
        var scores = [Float](repeating: .nan, count: histories.userCount * items)
        model.score(histories, rows: 0..<histories.userCount, into: &scores, workers: Workers(count: 2))
        return scores
    }

    static let histories = InteractionMatrix(rows: [[4], [], [0, 11], [3, 5]], itemCount: items)

    /// Users who clicked one item, and whose next item is the one before it or behind it.
    static var dataset: PreparedDataset {
        let users = 9
        func heldOut(_ first: Int) -> HeldOutUsers {
            HeldOutUsers(
                userIndices: (first..<first + users).map { Int32($0) },
                foldIn: InteractionMatrix(rows: (0..<users).map { [$0 + 1] }, itemCount: items),
                heldOut: InteractionMatrix(rows: (0..<users).map { [$0 % 2 == 0 ? $0 : $0 + 2] }, itemCount: items))
        }
        return PreparedDataset(
            train: InteractionMatrix(rows: (0..<users).map { [$0, $0 + 1] }, itemCount: items), validation: heldOut(users),
            test: heldOut(2 * users), items: Vocabulary((0..<items).map { "i\($0)" }),
            users: Vocabulary((0..<3 * users).map { "u\($0)" }))
    }

    @Test func aKindIsRegisteredOnce() {
        _ = Self.own()
        let families = ModelRegistry.families
        for type in [NewestFirst.self, Autoencoder.self, Blend.self] as [any Model.Type] { ModelRegistry.register(type) }
        #expect(ModelRegistry.families == families && Set(families).count == families.count)
        #expect(ModelRegistry.type(of: "newest-first") == NewestFirst.self && ModelRegistry.type(of: "newest-last") == nil)
    }

    @Test func aRegisteredModelIsTheSameAfterSavingAndReading() throws {
        let model = Self.trained()
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/a")
            let read = try TrainedModel(contentsOf: folder + "/a")
            let own = try #require(read.model as? NewestFirst)
            #expect(own.novelty == Self.own().novelty && own.bonus == 20 && read.summary == "newest-first, 12 items")
            #expect(
                read.items == model.items && read.titles == model.titles && read.clicks == model.clicks && read.card == model.card
            )
            #expect(Self.scores(read, Self.histories) == Self.scores(model, Self.histories))
            #expect(read.similarities(to: 0) == [0, 20] + [Float](repeating: 0, count: 10))
            try read.save(to: folder + "/b")
            let bytes = try ["a", "b"].map { try Data(contentsOf: URL(filePath: folder + "/\($0)")) }
            #expect(bytes[0] == bytes[1])
        }
    }

    @Test(arguments: [
        ("\"items\":12", "\"items\":11", "expected shape [11]"), ("\"items\":12", "\"items\":-1", "-1 items"),
        ("newest-first", "newest-last", "\"newest-last\""),
    ])
    func aChangedDescriptionIsRefused(old: String, new: String, message: String) throws {
        try withTemporaryFolder { folder in
            try Self.trained().save(to: folder + "/m")
            var file = try SafeTensorsFile(contentsOf: folder + "/m")
            let text = file.metadata("architecture")
            file.set("architecture", to: text.replacing(old, with: new))
            #expect(file.metadata("architecture") != text)
            try file.write(to: folder + "/m")
            let error = failure { try TrainedModel(contentsOf: folder + "/m") }
            #expect(error?.kind == .badData && error?.description.contains(message) == true, "\(String(describing: error))")
        }
    }

    @Test func aModelIsEvaluatedAndComparedByUser() throws {
        let dataset = Self.dataset
        let evaluator = Evaluator([.recall(at: 2), .ndcg(at: 2)], workers: Workers(count: 2))
        let own = try evaluator.userMetrics(Self.trained(), on: dataset.test)
        // The two items beside the clicked one come first, the newer before the older: even users' item is the older.
        #expect(own[.recall(at: 2)] == [Double](repeating: 1, count: 9))
        let second = 1 / log2(3.0)
        for (user, value) in (own[.ndcg(at: 2)] ?? []).enumerated() {
            #expect(abs(value - (user % 2 == 0 ? second : 1)) < 1e-12, "user \(user)")
        }
        let popular = try evaluator.userMetrics(TrainedModel(ItemPopularity(dataset.train)), on: dataset.test)
        let comparison = try #require(PairedComparison(popular, own, by: .recall(at: 2)))
        #expect(comparison.users == 9 && comparison.secondMean == 1 && (comparison.difference ?? 0) > 0.5)
    }

    @Test func aModelTakesPartInAComparison() throws {
        struct Refusal: Error, CustomStringConvertible { let description = "no memory today" }
        let seeds = Seeds()
        let contenders = [
            try Contender(named: "popularity"),
            Contender("trained", trained: Self.trained()),
            Contender(
                "seeded",
                plans: [
                    .own(
                        OwnTraining(hasSeed: true) { dataset, seed, _ in
                            seeds.add(seed)
                            let novelty = (0..<Self.items).map { Float($0) * (seed == 1 ? -1 : 1) }
                            return TrainedModel(NewestFirst(novelty: novelty, bonus: 0), items: dataset.items)
                        })
                ]),
            Contender("refused", plans: [.own(OwnTraining { _, _, _ in throw Refusal() })]),
            Contender("small", trained: TrainedModel(NewestFirst(novelty: [1, 2], bonus: 0))),
        ]
        let comparison = Comparison(
            contenders, seeds: [1, 2], metrics: [.recall(at: 2)], choosing: .recall(at: 2), workers: Workers(count: 2))
        let outcome = try comparison.run(on: Self.dataset)
        #expect(outcome.models.map(\.name) == ["popularity", "trained", "seeded"] && seeds.all == [1, 2])
        let trained = outcome.models[1]
        #expect(trained.metrics.report.results[0].mean == 1 && trained.validation == 1 && trained.seedMeans.count == 1)
        #expect(trained.options == ["model": "newest-first"] && trained.epochs == nil && trained.choice == .only)
        #expect(outcome.models[2].seedMeans.count == 2 && outcome.best?.name == "trained")
        #expect(outcome.failures.map(\.name) == ["refused", "small"] && outcome.failures[0].reason == "no memory today")
        #expect(outcome.failures[1].reason == "found a model of 2 items; expected one of the 12 items of the dataset")
        let table = ComparisonTable(outcome, of: comparison, against: "popularity")
        #expect((table.models[1].differences["recall@2"]?.difference ?? 0) > 0.5)
        #expect(table.text.contains("trained") && table.text.contains("refused: not trained: no memory today"))
    }

    @Test func aModelRecommends() throws {
        let recommender = Recommender(Self.trained(), workers: Workers(count: 2))
        // 5 and 3 have a neighbour among the clicks; then the newest.
        let found = try recommender.recommend(4, havingLiked: ["i4"])
        #expect(found.map(\.item) == ["i5", "i3", "i11", "i10"] && found.map(\.score) == [22.5, 21.5, 5.5, 5])
        #expect(found[0].title == "Title 5")
        let many = try recommender.recommendations(4, for: [["i4"], ["i3", "i5"]])
        #expect(try many[0].get().items == found)
        // 4 lies between both clicks.
        #expect(try many[1].get().items.map(\.item) == ["i4", "i6", "i2", "i11"])
        #expect(try recommender.similar(2, to: "i4").map(\.item).sorted() == ["i3", "i5"])
    }

    @Test func aModelIsBlendedWithAnother() throws {
        let dataset = Self.dataset
        let (own, popular) = (Self.own(), ItemPopularity(dataset.train))
        let blend = TrainedModel(Blend([Blend.Member(own, weight: 1), Blend.Member(popular, weight: -0.5)]))
        let expected = zip(Self.scores(own, Self.histories), Self.scores(popular, Self.histories)).map { $0 - 0.5 * $1 }
        #expect(Self.scores(blend, Self.histories) == expected)
        try withTemporaryFolder { folder in
            try blend.save(to: folder + "/m")
            let read = try TrainedModel(contentsOf: folder + "/m")
            let members = try #require(read.model as? Blend).members
            #expect(members.count == 2 && members[0].model is NewestFirst && read.summary == blend.summary)
            #expect(Self.scores(read, Self.histories) == expected)
        }
        // The best share of popularity is none.
        let chosen = try BlendSearch(metric: .recall(at: 2), workers: Workers(count: 2)).blend(
            [Self.trained(), TrainedModel(popular)], on: dataset)
        let members = try #require(chosen.model as? Blend).members
        #expect(members[0].model is NewestFirst && chosen.card.metrics["validation recall@2"] == 1)
    }

    @Test func aModelIsServed() async throws {
        let model = Self.trained()
        try await LiveService.configured({ configuration, folder in
            configuration.model = folder.path + "/own.safetensors"
            try model.save(to: folder.path + "/own.safetensors")
        }).run { service in
            let expected = try Recommender(model).recommend(5, havingLiked: ["i4"], excluding: ["i11"])
            let reply = try await service.client.recommendations(5, havingLiked: ["i4"], excluding: ["i11"])
            #expect(reply.kind == .personal && reply.items.map(\.item) == expected.map(\.item))
            #expect(reply.items.map(\.score) == expected.map(\.score) && reply.items[0].title == "Title 5")
            // Without a history the items that most users clicked.
            let popular = try await service.client.recommendations(2, havingLiked: [])
            #expect(popular.kind == .popular && popular.items.map(\.item) == ["i0", "i1"])
            let similar = try await service.client.similar(2, to: "i4")
            #expect(similar.items.map(\.item).sorted() == ["i3", "i5"])
            let explanation = try await service.client.explanations(of: ["i5"], havingLiked: ["i0", "i4"]).explanations[0]
            #expect(explanation.score == 22.5 && explanation.because.first?.item == "i4")
            #expect(explanation.because.first?.contribution == 20)
            #expect(try await service.client.models()[0].architecture == model.summary)
        }
    }

    /// Weights that make scores infinite are found by the model's own bound.
    @Test func aModelWithoutAFiniteBoundIsNotServed() async throws {
        _ = Self.own()
        let model = TrainedModel(NewestFirst(novelty: [1, 2, 3], bonus: 3e38))
        await #expect(throws: FoldinError.self) {
            try await LiveService.configured({ configuration, folder in
                configuration.model = folder.path + "/own.safetensors"
                try model.save(to: folder.path + "/own.safetensors")
            }).run { _ in }
        }
    }
}

/// The seeds that a training was called with.
private final class Seeds: Sendable {
    private let seeds = Mutex<[UInt64]>([])

    var all: [UInt64] { seeds.withLock { $0 } }

    func add(_ seed: UInt64) { seeds.withLock { $0.append(seed) } }
}
#endif

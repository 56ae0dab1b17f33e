import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation
import Testing

@testable import FoldinModels
@testable import FoldinRecommending

@Suite("Recommending") struct RecommenderTests {
    static let items = 30

    static let families = Architecture.Family.allCases.map(\.rawValue) + [RecVAEArchitecture.family]

    /// A model with initial weights.
    static func model(_ family: String) -> any Model {
        guard let family = Architecture.Family(rawValue: family) else {
            return RecVAEModel(
                initializing: RecVAEArchitecture(items: items, width: 8, depth: 1, latent: 5, dropout: 0.5), seed: 4)
        }
        let architecture = Architecture(
            family: family, items: items, encoder: [8], latent: 5, decoder: [7], encoderDropout: [0.5, 0],
            decoderDropout: [0, 0])
        return Autoencoder(initializing: architecture, seed: 4)
    }

    /// Items "i0" to "i29", every third with a title, with untrained weights.
    static func recommender(_ family: String = "mult-vae", threads: Int = 2) -> Recommender {
        let model = TrainedModel(
            model(family), items: Vocabulary((0..<items).map { "i\($0)" }),
            titles: (0..<items).map { $0 % 3 == 0 ? "Title \($0)" : nil })
        return Recommender(model, workers: Workers(count: threads))
    }

    /// The model's own scores, to compare with.
    static func scores(_ recommender: Recommender, _ history: [Int]) -> [Float] {
        var scores = [Float](repeating: .nan, count: items)
        recommender.model.score(
            InteractionMatrix(rows: [history], itemCount: items), rows: 0..<1, into: &scores, workers: Workers(count: 1))
        return scores
    }

    @Test(arguments: families)
    func returnsTheBestUnseenItemsInOrder(_ family: String) throws {
        let recommender = Self.recommender(family)
        let scores = Self.scores(recommender, [3, 7, 12])
        let expected = scores.indices.filter { ![3, 7, 12, 5].contains($0) }.sorted { scores[$0] > scores[$1] }
        for count in [1, 2, 10, 26] {
            let found = try recommender.recommend(count, havingLiked: ["i7", "i3", "i12"], excluding: ["i5"])
            #expect(found.map(\.item) == expected.prefix(count).map { "i\($0)" })
            #expect(found.map(\.score) == expected.prefix(count).map { scores[$0] })
            #expect(found.map(\.title) == expected.prefix(count).map { $0 % 3 == 0 ? "Title \($0)" : nil })
        }
    }

    @Test func returnsTheRemainingItemsIfMoreAreRequested() throws {
        let recommender = Self.recommender()
        let left = try recommender.recommend(1_000, havingLiked: ["i0", "i1"], excluding: ["i2", "i0"])
        #expect(Set(left.map(\.item)) == Set((3..<30).map { "i\($0)" }) && left.count == 27)
        #expect(try recommender.recommend(.max, havingLiked: ["i0"]).count == 29)
        let everything = (0..<30).map { "i\($0)" }
        #expect(try recommender.recommend(5, havingLiked: everything).isEmpty)
        #expect(try recommender.recommend(5, havingLiked: ["i0"], excluding: everything).isEmpty)
    }

    @Test func listsUnknownIdsAndIgnoresThem() throws {
        let recommender = Self.recommender()
        let outcome = try recommender.recommendations(
            4, for: [["x", "i3", "", "I3", "x"]], excluding: ["i4", "nobody"])[0].get()
        #expect(outcome.unknown == ["x", "", "I3", "x", "nobody"])
        #expect(outcome.items == (try recommender.recommend(4, havingLiked: ["i3"], excluding: ["i4"])))
        // A duplicate id is one click.
        #expect(try recommender.recommend(4, havingLiked: ["i3", "i3"]) == recommender.recommend(4, havingLiked: ["i3"]))
    }

    @Test(arguments: [[""], ["x"], ["x", "y", "z", "a", "b"], ["I3"]])
    func refusesAHistoryThatSaysNothing(history: [String]) throws {
        let recommender = Self.recommender()
        let error = #expect(throws: FoldinError.self) { try recommender.recommend(3, havingLiked: history) }
        #expect(error?.exitStatus == 65 && error?.expected.contains("\"i0\"") == true)
        #expect(error?.found.contains("\"\(history[0])\"") == true)
        // In a batch, the other histories do not fail.
        let outcomes = try recommender.recommendations(3, for: [["i1"], history, ["i2"]])
        #expect(try outcomes[0].get().items.count == 3 && outcomes[2].get().items.count == 3)
        #expect(throws: FoldinError.self) { try outcomes[1].get() }
    }

    /// An empty history gets the items that most users clicked, equal counts by index; without counts, those with the highest scores.
    @Test(arguments: [true, false])
    func givesPopularItemsForAnEmptyHistory(hasClicks: Bool) throws {
        let plain = Self.recommender()
        let clicks = hasClicks ? (0..<Self.items).map { $0 * 7 % 30 / 2 } : []
        let recommender = Recommender(
            TrainedModel(plain.model.model, items: plain.model.items, titles: plain.model.titles, clicks: clicks))
        let scores = hasClicks ? clicks.map(Float.init) : Self.scores(plain, [])
        let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        let found = try recommender.recommend(6, havingLiked: [], excluding: ["i\(order[1])", "x"])
        let expected = ([order[0]] + order[2...]).prefix(6)
        #expect(found.map(\.item) == expected.map { "i\($0)" } && found.map(\.score) == expected.map { scores[$0] })
        let among = try recommender.recommendations(6, for: [["i1"], [], ["x"], []], excluding: ["i\(order[1])", "x"])
        #expect(try among[1].get().items == found && among[3].get().items == found && among[1].get().unknown == ["x"])
        #expect(throws: FoldinError.self) { try among[2].get() }
        let allowed = order.suffix(3).map { "i\($0)" }
        #expect(try recommender.recommend(6, havingLiked: [], allowing: allowed).map(\.item) == allowed)
    }

    /// Allowed items have the same order and scores as among all items.
    @Test(arguments: families)
    func keepsToWhatIsAllowed(_ family: String) throws {
        let recommender = Self.recommender(family)
        let history = ["i3", "i7"]
        let all = try recommender.recommend(30, havingLiked: history, excluding: ["i5"])
        let allowed = ["i9", "i3", "i5", "x", "i21", "i9", "i0", "i14"]
        let expected = all.filter { allowed.contains($0.item) }
        #expect(expected.count == 4)
        for count in [1, 3, 4, 10] {
            let found = try recommender.recommend(count, havingLiked: history, excluding: ["i5"], allowing: allowed)
            #expect(found == Array(expected.prefix(count)))
            let together = try recommender.recommendations(
                count, for: [["i1"], history], excluding: ["i5"], allowing: allowed)[1].get()
            #expect(together.items.map(\.item) == found.map(\.item) && together.unknown == ["x"])
        }
        #expect(try recommender.recommend(3, havingLiked: history, allowing: []).isEmpty)
        #expect(try recommender.recommend(3, havingLiked: history, allowing: ["x", "i3"]).isEmpty)
    }

    @Test(arguments: [0, -1, Int.min])
    func refusesToRecommendNothing(count: Int) {
        let recommender = Self.recommender()
        for error in [
            #expect(throws: FoldinError.self) { try recommender.recommend(count, havingLiked: ["i1"]) },
            #expect(throws: FoldinError.self) { try recommender.recommendations(count, for: []) },
            #expect(throws: FoldinError.self) { try recommender.similar(count, to: "i1") },
        ] {
            #expect(error?.exitStatus == 64 && error?.found.contains("\(count)") == true)
        }
    }

    /// With enough users and items approximate scores are used on machines that have them; results are exact.
    @Test func ranksManyUsersByExactScores() throws {
        let items = 1_400
        let architecture = Architecture(
            family: .multVAE, items: items, encoder: [30], latent: 20, decoder: [43], encoderDropout: [0, 0],
            decoderDropout: [0, 0])
        let model = TrainedModel(Autoencoder(initializing: architecture, seed: 9))
        let recommender = Recommender(model, workers: Workers(count: 2))
        let people = (0..<300).map { person in (0...person % 40).map { (person * 31 + $0 * 17) % items } }
        let scores = FloatBuffer(count: people.count * items)
        let matrix = InteractionMatrix(rows: people, itemCount: items)
        model.score(matrix, rows: 0..<people.count, into: scores.pointer, workers: Workers(count: 1))
        let allowed = (0..<items).filter { $0 % 13 == 4 }
        let few = try recommender.recommendations(
            20, for: people.map { $0.map(String.init) }, allowing: allowed.map(String.init))
        let found = try recommender.recommendations(20, for: people.map { $0.map(String.init) }, excluding: ["3"])
        for (person, outcome) in found.enumerated() {
            let own = Array(UnsafeBufferPointer(start: scores.pointer + person * items, count: items))
            let expected = own.indices.filter { $0 != 3 && !people[person].contains($0) }.sorted { own[$0] > own[$1] }.prefix(20)
            let recommended = try outcome.get().items
            #expect(recommended.map(\.item) == expected.map(String.init))
            if MatrixMultiply.isOwn { #expect(recommended.map(\.score) == expected.map { own[$0] }) }
            let best = allowed.filter { !people[person].contains($0) }.sorted { own[$0] > own[$1] }.prefix(20)
            #expect(try few[person].get().items.map(\.item) == best.map(String.init))
        }
    }

    /// 1,100 users are three blocks.
    @Test(arguments: families)
    func servesManyAsItServesOne(_ family: String) throws {
        let recommender = Self.recommender(family)
        let people = (0..<1_100).map { person in
            person % 97 == 5 ? ["nobody"] : (0...person % 5).map { "i\((person * 7 + $0 * $0) % 30)" }
        }
        let together = try recommender.recommendations(5, for: people, excluding: ["i9"])
        #expect(together.count == people.count)
        for index in stride(from: 0, to: people.count, by: 11) + [499, 500, 999, 1_000, 1_099, 5, 102] {
            let alone = try recommender.recommendations(5, for: [people[index]], excluding: ["i9"])[0]
            switch (alone, together[index]) {
            case (.success(let one), .success(let other)):
                #expect(one.items.map(\.item) == other.items.map(\.item) && one.unknown == other.unknown)
                #expect(zip(one.items, other.items).allSatisfy { abs($0.score - $1.score) < 1e-5 })
            case (.failure(let one), .failure(let other)): #expect(one == other && people[index] == ["nobody"])
            default: Issue.record("person \(index) is served only alone or only in company")
            }
        }
        #expect(try recommender.recommendations(5, for: []).isEmpty)
        let oneThread = try Self.recommender(family, threads: 1).recommendations(5, for: people, excluding: ["i9"])
        #expect(oneThread == together)
    }

    /// A `state_dict` without ids: the ids are the indices.
    @Test func usesIndicesAsIdsOfAModelWithoutIds() throws {
        let named = Self.recommender()
        let bare = Recommender(TrainedModel(named.model.model))
        let found = try bare.recommend(6, havingLiked: ["3", "i3"])
        #expect(found.map { "i" + $0.item } == (try named.recommend(6, havingLiked: ["i3"])).map(\.item))
        #expect(found.allSatisfy { $0.title == nil })
        #expect(try bare.similar(2, to: "29").count == 2)
        #expect(throws: FoldinError.self) { try bare.recommend(6, havingLiked: ["30", "-1", "03"]) }
    }
}

extension StrideTo<Int> {
    fileprivate static func + (left: StrideTo<Int>, right: [Int]) -> [Int] { Array(left) + right }
}

import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Testing

@testable import FoldinComparison

@Suite("Searching a blend's weights") struct BlendSearchTests {
    /// A model that gives item i of everybody `scores[i]`.
    static func model(_ scores: [Float]) -> TrainedModel {
        let rows = scores.indices.map { item in (0..<scores.count).map { $0 == item ? 0 : scores[$0] } }
        let weights = FloatBuffer(rows.flatMap(\.self))
        return TrainedModel(ItemWeights(.ease, itemCount: scores.count, weights: weights))
    }

    /// Everybody clicked item 0 and is to be given item 1 or item 2.
    static func dataset(items: Int) -> PreparedDataset {
        let people = InteractionMatrix(rows: Array(repeating: [0], count: 8), itemCount: items)
        let heldOut = InteractionMatrix(rows: (0..<8).map { [1 + $0 % 2] }, itemCount: items)
        let users = HeldOutUsers(userIndices: (4..<12).map { Int32($0) }, foldIn: people, heldOut: heldOut)
        return PreparedDataset(
            train: InteractionMatrix(rows: [[0, 1], [2, 3], [0, 3], [1, 2]], itemCount: items), validation: users, test: users,
            items: Vocabulary((0..<items).map { "i\($0)" }), users: Vocabulary((0..<12).map { "u\($0)" }))
    }

    /// One model knows item 1 and the other item 2, each thinks item 3 or 4 as good: only together they rank both first.
    @Test func twoHalvesAreBetterThanEither() throws {
        let (first, second) = (Self.model([0, 9, 5, 10, 0, 0]), Self.model([0, 50, 90, 0, 100, 0]))
        let dataset = Self.dataset(items: 6)
        var tried: [[Float]: Double] = [:]
        var weights: [Float] = []
        let search = BlendSearch(metric: .recall(at: 2), workers: Workers(count: 2))
        let blend = try search.blend(
            [first, second], on: dataset,
            tried: { shares, value in
                #expect(abs(shares.reduce(0, +) - 1) < 1e-6 && tried[shares] == nil)
                tried[shares] = value
            }, chosen: { found, _ in weights = found })
        #expect(tried[[1, 0]] == 0.5 && tried[[0, 1]] == 0.5 && tried[[0.5, 0.5]] == 1)
        let value = try Evaluator([.recall(at: 2)]).evaluate(blend, on: dataset.validation).results[0].mean
        #expect(value == 1 && blend.card.metrics["validation recall@2"] == 1 && blend.card.options["model"] == "blend")
        let members = try #require(blend.model as? Blend).members
        // Even shares are tried first and nothing is better; in spreads, not in scores, which are ten times as large.
        let ratio = members[1].weight / members[0].weight
        let spreads = ([0, 9, 5, 10, 0, 0].spread, [0, 50, 90, 0, 100, 0].spread)
        #expect(abs(ratio - Float(spreads.0 / spreads.1)) < 1e-4 && weights == members.map(\.weight))
    }

    /// What the search computes from few scores of each user is what evaluating the blend itself gives, for three models and any metric.
    @Test(arguments: [Metric.ndcg(at: 3), .recall(at: 2), .coverage(at: 2)])
    func triedValuesAreThoseOfTheBlends(_ metric: Metric) throws {
        let items = 30
        let models = (0..<3).map { model in
            Self.model(
                (0..<items).map { item -> Float in
                    let number = 7919 * (model + 1) * (item + 3) + 104_729 * item * item
                    return Float(number % 97) / 97
                })
        }
        let rows = (0..<40).map { user in [user % items, (7 * user + 3) % items].sorted() }
        let heldOut = (0..<40).map { user in user % 5 == 0 ? [] : [(user + 1) % items, (3 * user + 11) % items].sorted() }
        func matrix(_ rows: [[Int]]) -> InteractionMatrix {
            InteractionMatrix(rows: rows.map { Array(Set($0)).sorted() }, itemCount: items)
        }
        let users = HeldOutUsers(userIndices: (0..<40).map { Int32($0) }, foldIn: matrix(rows), heldOut: matrix(heldOut))
        let dataset = PreparedDataset(
            train: matrix(rows), validation: users, test: users, items: Vocabulary((0..<items).map { "i\($0)" }),
            users: Vocabulary((0..<40).map { "u\($0)" }))
        let search = BlendSearch(metric: metric, workers: Workers(count: 2))
        var tried: [[Float]: Double] = [:]
        var weights: [Float] = []
        let blend = try search.blend(
            models, on: dataset, tried: { tried[$0] = $1 }, chosen: { found, _ in weights = found })
        let best = tried.values.max() ?? 0
        let report = try Evaluator([metric]).evaluate(blend, on: users, training: dataset.train)
        let value = try #require(report.results[0].mean)
        #expect(abs(value - best) < 1e-12 && tried.count >= 7 && weights.contains { $0 != 0 })
        let again = try Evaluator([metric]).evaluate(
            search.blend(models, weights: weights, for: dataset), on: users, training: dataset.train)
        #expect(again.results[0].mean == value)
    }

    @Test func leavesOutWhatHelpsNobody() throws {
        let good = Self.model([0, 9, 8, 1, 2, 3])
        let blend = try BlendSearch(metric: .recall(at: 2)).blend(
            [good, Self.model([0, 0, 0, 9, 9, 9])], on: Self.dataset(items: 6))
        let members = try #require(blend.model as? Blend).members
        #expect(members.count == 1 && members[0].weight == 1)
    }

    @Test func wantsValidationUsersAndCanBeCancelled() throws {
        let model = Self.model([0, 1, 2, 0])
        var dataset = Self.dataset(items: 4)
        #expect(throws: CancellationError.self) {
            try BlendSearch().blend([model, model], on: dataset, isCancelled: { true })
        }
        let nobody = InteractionMatrix(rows: [[Int]](), itemCount: 4)
        dataset = PreparedDataset(
            train: dataset.train, validation: HeldOutUsers(userIndices: [], foldIn: nobody, heldOut: nobody), test: dataset.test,
            items: dataset.items, users: dataset.users)
        let error = #expect(throws: FoldinError.self) { try BlendSearch().blend([model, model], on: dataset) }
        #expect(error?.kind == .usage)
    }
}

extension [Double] {
    fileprivate var spread: Double {
        let mean = reduce(0, +) / Double(count)
        return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
    }
}

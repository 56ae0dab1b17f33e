import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinBaselines

/// EDLAE with weights of users and items and with a relaxed diagonal, against the equations in double precision.
@Suite("Normalised EDLAE") struct NormalizationTests {
    typealias Setting = (dropout: Double, lambda: Double, userPower: Double, itemPower: Double, relaxation: Double)

    /// 40 users and 30 items, or 20 users: the sides of both.
    private static func matrix(users: Int) -> InteractionMatrix {
        InteractionMatrix(
            rows: (0..<users).map { user in Set((0..<(2 + user % 7)).map { (user * 13 + $0 * $0 * 7 + $0) % 29 }).sorted() },
            itemCount: 30)
    }

    /// The weights by the equations of the type's documentation, and Gauss-Jordan elimination.
    private static func reference(_ training: InteractionMatrix, _ setting: Setting) -> [[Double]] {
        let items = training.itemCount
        let clicks = training.itemCounts().map(Double.init)
        let share = setting.dropout / (1 - setting.dropout)
        let penalties = clicks.map { $0 > 0 ? share * $0 + setting.lambda : max(1, setting.lambda) }
        var rows = (0..<items).map { row in
            (0..<2 * items).map { $0 == row ? penalties[row] : $0 == items + row ? 1.0 : 0 }
        }
        for user in 0..<training.userCount {
            let own = training.row(user)
            for item in own {
                for other in own { rows[Int(item)][Int(other)] += pow(Double(own.count), -setting.userPower) }
            }
        }
        for pivot in 0..<items {
            let divisor = rows[pivot][pivot]
            rows[pivot] = rows[pivot].map { $0 / divisor }
            for row in 0..<items where row != pivot {
                let factor = rows[row][pivot]
                for column in 0..<2 * items { rows[row][column] -= factor * rows[pivot][column] }
            }
        }
        return (0..<items).map { item in
            (0..<items).map { other in
                guard item != other else { return 0 }
                let own = rows[other][items + other]
                let isBound = 1 - penalties[other] * own > setting.relaxation
                let factor = isBound ? (1 - setting.relaxation) / own : penalties[other]
                return -rows[item][items + other] * factor * pow(max(1, clicks[item]) / max(1, clicks[other]), setting.itemPower)
            }
        }
    }

    @Test(
        "gives the weights of the equations, by either side",
        arguments: [
            (0.5, 3, 0.8, 0.1, 0), (0.67, 0, 0.8, 0.1, 0), (0.2, 1, 0, 0.4, 0), (0.5, 2, 0.5, 0, 0.3), (0.3, 0, 1, -0.2, 0.6),
            (0.5, 10, 0, 0, 0.1), (0.5, 300, 0, 0, 0),
        ] as [Setting], [20, 40])
    func followsTheEquations(_ setting: Setting, users: Int) throws {
        let training = Self.matrix(users: users)
        let model = EDLAE(
            dropout: setting.dropout, lambda: setting.lambda, userPower: setting.userPower, itemPower: setting.itemPower,
            relaxation: setting.relaxation)
        let fitted = try #require(
            try model.fit(training, workers: Workers(count: 2), isCancelled: { false }, progress: { _ in }) as? ItemWeights)
        let expected = Self.reference(training, setting).flatMap { $0 }
        let largest = expected.reduce(0) { max($0, abs($1)) }
        for (found, expected) in zip(fitted.weights.values, expected) { #expect(abs(Double(found) - expected) < 2e-5 * largest) }
        #expect(largest > 0.005)
    }

    @Test("a relaxation that no item reaches leaves ridge regression without a constraint") func relaxesAll() throws {
        let training = Self.matrix(users: 40)
        let relaxed = Self.reference(training, (0.5, 5, 0, 0, 0.999))
        let model = try #require(
            try EDLAE(dropout: 0.5, lambda: 5, relaxation: 0.999).fit(
                training, workers: Workers(), isCancelled: { false }, progress: { _ in }) as? ItemWeights)
        for (found, expected) in zip(model.weights.values, relaxed.flatMap { $0 }) {
            #expect(abs(Double(found) - expected) < 1e-5)
        }
    }

    @Test("options are set by name, and those out of range refused") func hasOptions() throws {
        var plan = BaselinePlan(.edlae)
        for (name, value) in ["user-power": "0.8", "item-power": "0.1", "relaxation": "0.25", "dropout": "0.667"] {
            try plan.set(name, to: value)
        }
        let options = plan.baseline.options
        #expect(options["user-power"] == "0.8" && options["item-power"] == "0.1" && options["relaxation"] == "0.25")
        for (name, value) in [("relaxation", "1"), ("relaxation", "-0.1"), ("user-power", "nan"), ("item-power", "3")] {
            #expect(throws: FoldinError.self) { try plan.set(name, to: value) }
        }
    }
}

/// Options that cost no new fit.
@Suite("Solved regressions") struct SolvedRegressionTests {
    /// Fewer users than items, and more: by either side.
    static let matrices = [
        BaselineTests.matrix,
        InteractionMatrix(rows: (0..<40).map { user in (0..<6).map { (user * 7 + $0 * $0) % 90 } }, itemCount: 90),
    ]

    @Test(arguments: matrices.indices)
    func scoreAndBecomeTheModelsOfTheirOptions(_ index: Int) throws {
        let matrix = Self.matrices[index]
        for relaxation in [0, 0.3] {
            let first = EDLAE(dropout: 0.4, lambda: 2, userPower: 0.5, relaxation: relaxation)
            let second = EDLAE(dropout: 0.4, lambda: 2, userPower: 0.5, itemPower: 0.3, relaxation: 0.1)
            let solved = try #require(
                try first.solve(matrix, workers: Workers(count: 2), isCancelled: { false }, progress: { _ in }))
            let histories = InteractionMatrix(rows: [[1, 5, 80], [], Array(0..<30)], itemCount: matrix.itemCount)
            for baseline in [first, second] {
                let expected = try baseline.fitted(matrix).scores(for: histories)
                let found = solved.scorer(of: baseline).scores(for: histories)
                for row in 0..<3 {
                    let history = Set(histories.row(row).map(Int.init))
                    let largest = expected[row].map(\.magnitude).max() ?? 0
                    for item in 0..<matrix.itemCount where !history.contains(item) {
                        #expect(abs(expected[row][item] - found[row][item]) <= 1e-5 * max(largest, 1e-3))
                    }
                }
            }
            // The same bits as a fit of its own.
            let model = try #require(solved.model(of: second, workers: Workers(count: 3)) as? ItemWeights)
            let own = try #require(try second.fitted(matrix) as? ItemWeights)
            #expect(model.weights.values == own.weights.values)
        }
    }

    @Test func chooseTheBestOfTheFreeOptions() throws {
        let dataset = PreparedDataset.twoGroups()
        var plan = BaselinePlan(.edlae)
        try plan.set("lambda", to: "1")
        var values = 0
        // The value rises with the score of item 2 for item 0 alone, whatever that is of: moves stop where it is best.
        let histories = InteractionMatrix(rows: [[0, 6]], itemCount: dataset.train.itemCount)
        let (model, best) = try plan.trainBest(
            on: dataset, workers: Workers(count: 2), isCancelled: { false }, progress: { _ in },
            value: { scorer in
                values += 1
                return Double(scorer.scores(for: histories)[0][2])
            })
        #expect(values >= 3 && best.family == .edlae && best.options["lambda"] == "1" && best.options["dropout"] == "0.5")
        #expect(model.card.options == best.options)
        let own = try best.baseline.train(on: dataset)
        #expect(own.scores(for: histories) == model.scores(for: histories))
        // A family without such options is trained as it is, and not evaluated.
        let popularity = try BaselinePlan(.popularity).trainBest(
            on: dataset, workers: Workers(count: 1), isCancelled: { false }, progress: { _ in }, value: { _ in 0 })
        #expect(popularity.plan == BaselinePlan(.popularity))
    }
}

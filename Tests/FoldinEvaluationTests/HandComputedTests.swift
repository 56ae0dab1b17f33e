import FoldinEvaluation
import FoldinInteractions
import Foundation
import Testing

/// Two users computed by hand, over six items. User 0 has no fold-in items, user 1 has item 5, the best one, which is masked.
///
/// The ranking of user 0 is 0 1 2 3 4 5, the held-out items are {1, 3, 5}: hits at ranks 2, 4, 6.
/// The ranking of user 1 is 4 3 2 1 0 (5 is masked), the held-out item is {4}: a hit at rank 1.
@Suite("Metrics computed by hand") struct HandComputedTests {
    static let scorer = TableScorer(table: [[6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6]])
    static let users = HeldOutUsers(foldIn: [[], [5]], heldOut: [[1, 3, 5], [4]], itemCount: 6)
    /// Four training users: items clicked by 4, 3, 2, 1, 0, 0 of them.
    static let training = InteractionMatrix(rows: [[0, 1, 2, 3], [0, 1, 2], [0, 1], [0]], itemCount: 6)

    static let expected: [(Metric, Double, Double)] = [
        // Rank 2: 1/log2(3) = 0.63092975; ranks 2 and 4: + 1/log2(5) = 0.43067656, together 1.06160631.
        // Ideal of 3 hits: 1 + 0.63092975 + 1/log2(4) = 2.13092975; of 2 hits: 1.63092975.
        (.ndcg(at: 2), 0.63092975 / 1.63092975, 1),
        (.ndcg(at: 4), 1.06160631 / 2.13092975, 1),
        (.recall(at: 2), 1.0 / 2, 1),  // 1 hit of min(2, 3)
        (.recall(at: 4), 2.0 / 3, 1),  // 2 hits of min(4, 3)
        (.recallAll(at: 2), 1.0 / 3, 1),
        (.recallAll(at: 4), 2.0 / 3, 1),
        (.precision(at: 4), 2.0 / 4, 1.0 / 4),
        (.precision(at: 1), 0, 1),
        (.hitRate(at: 1), 0, 1),
        (.hitRate(at: 2), 1, 1),
        (.mrr(at: 1), 0, 1),
        (.mrr(at: 4), 1.0 / 2, 1),
        (.map(at: 2), (1.0 / 2) / 2, 1),  // precision at rank 2 is 1/2
        (.map(at: 4), (1.0 / 2 + 2.0 / 4) / 3, 1),
        // Fractions by item: 1, 3/4, 1/2, 1/4, 0, 0.
        (.popularity(at: 2), (1 + 0.75) / 2, (0 + 0.25) / 2),
        // Beyond the six items k is 6; only five items can be recommended to user 1, which lowers precision and not popularity.
        (.ndcg(at: 1_000), (1.06160631 + 0.35620719) / 2.13092975, 1),  // + 1/log2(7)
        (.precision(at: 1_000), 3.0 / 6, 1.0 / 6),
        (.map(at: 1_000), (1.0 / 2 + 2.0 / 4 + 3.0 / 6) / 3, 1),
        (.popularity(at: 1_000), 2.5 / 6, 2.5 / 5),
    ]

    @Test("each user's value, the mean and the standard error", arguments: expected)
    func values(metric: Metric, first: Double, second: Double) throws {
        let found = try Evaluator([metric]).userMetrics(Self.scorer, on: Self.users, training: Self.training)
        let values = try #require(found[metric])
        #expect(abs(values[0] - first) < 1e-7)
        #expect(abs(values[1] - second) < 1e-7)
        let result = try #require(found.report[metric])
        #expect(abs(try #require(result.mean) - (first + second) / 2) < 1e-7)
        // Of two values: s = |a - b| / sqrt 2, so s / sqrt 2 = |a - b| / 2.
        #expect(abs(try #require(result.standardError) - abs(first - second) / 2) < 1e-7)
    }

    @Test("coverage counts different items over all users") func coverage() throws {
        let metrics: [Metric] = [.coverage(at: 1), .coverage(at: 3), .coverage(at: 6)]
        let found = try Evaluator(metrics, batchSize: 1).userMetrics(Self.scorer, on: Self.users)
        // At 1: {0, 4} of 6. At 3: {0, 1, 2} and {4, 3, 2}: 5 of 6. At 6: all.
        let shares: [Double?] = [2.0 / 6, 5.0 / 6, 1]
        #expect(found.report.results.map(\.mean) == shares)
        #expect(found.report.results.allSatisfy { $0.standardError == nil })
        #expect(found[.coverage(at: 1)] == nil)
    }

    @Test("Gini compares how often items are recommended, over all users") func gini() throws {
        let metrics: [Metric] = [.gini(at: 1), .gini(at: 3), .gini(at: 6)]
        let found = try Evaluator(metrics, batchSize: 1).evaluate(Self.scorer, on: Self.users)
        // At 1 the counts are 1, 0, 0, 0, 1, 0, ascending with weights -5, -3, -1, 1, 3, 5: (3 + 5) / (6 * 2).
        // At 3: 1, 1, 2, 1, 1, 0: (-3 - 1 + 1 + 3 + 2 * 5) / (6 * 6). At 6: 2 but for item 5 with 1: (-5 + 2 * 5) / (6 * 11).
        let expected: [Double?] = [8.0 / 12, 10.0 / 36, 5.0 / 66]
        #expect(found.results.map(\.mean) == expected)
        #expect(found.results.allSatisfy { $0.standardError == nil })
        #expect(
            Gini.coefficient(of: [0, 0, 0, 4]) == 0.75 && Gini.coefficient(of: [2, 2]) == 0 && Gini.coefficient(of: []) == 0)
    }

    @Test("the standard error of four users") func standardError() throws {
        // Reciprocal ranks 1, 1/2, 1, 0 (the target of user 3 is folded in): mean 0.625, squares
        // 0.140625 + 0.015625 + 0.140625 + 0.390625 = 0.6875; sqrt(0.6875 / 3 / 4) = 0.23935678.
        let scorer = TableScorer(table: [[Float]](repeating: [3, 2, 1], count: 4))
        let users = HeldOutUsers(foldIn: [[], [], [], [2]], heldOut: [[0], [1], [0], [2]], itemCount: 3)
        let result = try #require(try Evaluator([.mrr(at: 3)]).evaluate(scorer, on: users)[.mrr(at: 3)])
        #expect(result.mean == 0.625)
        #expect(abs(try #require(result.standardError) - 0.23935678) < 1e-8)
    }
}

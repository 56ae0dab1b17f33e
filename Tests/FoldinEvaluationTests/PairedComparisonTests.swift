import FoldinInteractions
import Foundation
import Testing

@testable import FoldinEvaluation

/// SciPy's numbers; see `Tests/Reference/paired_reference.py`.
private struct Reference: Decodable {
    struct Case: Decodable { let first, second: [Double], difference, standardError, low, high, pValue: Double }
    struct Tail: Decodable { let degrees, t, tail: Double }

    let cases: [Case]
    let tails: [Tail]
    let quantiles: [Tail]

    static let shared: Result<Reference, any Error> = Result {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appendingPathComponent("Reference/paired_reference.json"))
        return try JSONDecoder().decode(Reference.self, from: data)
    }
}

private func near(_ found: Double?, _ expected: Double, relative: Double = 1e-9) -> Bool {
    guard let found else { return false }
    return abs(found - expected) <= relative * abs(expected) + 1e-300
}

@Suite("Paired comparison") struct PairedComparisonTests {
    @Test("equals SciPy's paired t test") func scipy() throws {
        for expected in try Reference.shared.get().cases {
            let found = PairedComparison(expected.first, expected.second)
            #expect(found.users == expected.first.count)
            #expect(near(found.difference, expected.difference) && near(found.standardError, expected.standardError))
            #expect(near(found.confidenceInterval?.lowerBound, expected.low, relative: 1e-7))
            #expect(near(found.confidenceInterval?.upperBound, expected.high, relative: 1e-7))
            #expect(near(found.pValue, expected.pValue))
        }
    }

    @Test("tails and quantiles of the t distribution equal SciPy's") func distribution() throws {
        let reference = try Reference.shared.get()
        for expected in reference.tails {
            let found = StudentT(degrees: expected.degrees).twoSidedTail(expected.t)
            #expect(near(found, expected.tail), "\(expected): \(found)")
        }
        for expected in reference.quantiles {
            let found = StudentT(degrees: expected.degrees).quantile(twoSidedTail: expected.tail)
            #expect(near(found, expected.t), "\(expected): \(found)")
        }
    }

    @Test("pairs users by index and leaves out users of one run only") func pairing() {
        let found = PairedComparison([0.1, 0.5, 0.9], of: [3, 5, 9], [0.7, 0.2, 0.6], of: [9, 3, 4])
        #expect(found == PairedComparison([0.1, 0.9], [0.2, 0.7]))
        #expect(found.users == 2 && abs((found.difference ?? 0) + 0.05) < 1e-15)
    }

    @Test("users without targets are in neither run's values") func withoutTargets() throws {
        let users = HeldOutUsers(
            userIndices: [4, 5, 6], foldIn: InteractionMatrix(rows: [[0], [1], [2]], itemCount: 3),
            heldOut: InteractionMatrix(rows: [[1], [], [0]], itemCount: 3))
        let evaluator = Evaluator([.recall(at: 1), .coverage(at: 1)])
        let first = try evaluator.userMetrics(TableScorer(table: [[0, 2, 1], [0, 0, 0], [1, 2, 0]]), on: users)
        let second = try evaluator.userMetrics(TableScorer(table: [[0, 2, 1], [0, 0, 0], [2, 1, 0]]), on: users)
        let comparison = PairedComparison(first, second, by: .recall(at: 1))
        let found = try #require(comparison)
        #expect(found.users == 2 && found.firstMean == 0.5 && found.secondMean == 1 && found.difference == 0.5)
        #expect(PairedComparison(first, second, by: .coverage(at: 1)) == nil)
        #expect(PairedComparison(first, second, by: .ndcg(at: 1)) == nil)
    }

    @Test("has no figures for too few users") func degenerate() {
        let empty = PairedComparison([], [])
        #expect(empty.difference == nil && empty.pValue == nil && empty.confidenceInterval == nil)
        let one = PairedComparison([1], [3])
        #expect(one.difference == 2 && one.standardError == nil && one.pValue == nil)
        #expect(PairedComparison([1, 2], [1, 2]).pValue == 1)
        #expect(PairedComparison([1, 2], [2, 3]).pValue == 0)
    }
}

@Suite("Runs averaged by user") struct AverageTests {
    @Test func isTheMeanOfEachUser() throws {
        func run(_ values: [Double], _ users: [Int32] = [4, 7], coverage: Double = 0) -> UserMetrics {
            UserMetrics(
                metrics: [.ndcg(at: 5), .coverage(at: 2)], userIndices: users, skippedUsers: 1, values: [values, []],
                catalogueValues: [.coverage(at: 2): coverage])
        }
        let average = try #require(UserMetrics.average([run([0.5, 1], coverage: 0.25), run([0, 0.5], coverage: 0.75)]))
        #expect(average == run([0.25, 0.75], coverage: 0.5))
        #expect(UserMetrics.average([run([1, 2])]) == run([1, 2]))
        #expect(UserMetrics.average([]) == nil)
        #expect(UserMetrics.average([run([1, 2]), run([1, 2], [4, 8])]) == nil)
    }
}

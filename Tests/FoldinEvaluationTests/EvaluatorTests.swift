import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation
import Testing

@Suite("The evaluator") struct EvaluatorTests {
    static let everyKind = Metric.Kind.allCases.flatMap { kind in [1, 5, 40].map { Metric(kind, at: $0) } }

    /// Synthetic users, some without held-out items, and a table of scores with ties, NaN and minus infinity.
    static func synthetic(users: Int, items: Int) -> (TableScorer, HeldOutUsers, InteractionMatrix) {
        var state: UInt64 = 3
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let table = (0..<users).map { _ in
            (0..<items).map { _ in draw(50) == 0 ? Float.nan : draw(60) == 0 ? -Float.infinity : Float(draw(300)) / 7 }
        }
        let foldIn = (0..<users).map { _ in (0..<draw(12)).map { _ in draw(items) } }
        let heldOut = (0..<users).map { $0 % 5 == 3 ? [] : (0..<1 + draw(9)).map { _ in draw(items) } }
        let training = InteractionMatrix(rows: (0..<30).map { _ in (0..<8).map { _ in draw(items) } }, itemCount: items)
        return (TableScorer(table: table), HeldOutUsers(foldIn: foldIn, heldOut: heldOut, itemCount: items), training)
    }

    @Test("gives the same bits for any number of threads and any batch size") func sameBits() throws {
        let (scorer, users, training) = Self.synthetic(users: 151, items: 90)
        let reference = try Evaluator(Self.everyKind, workers: Workers(count: 1))
            .userMetrics(scorer, on: users, training: training)
        for (threads, batchSize) in [(2, 500), (5, 500), (1, 1), (3, 7), (2, 64), (4, 151)] {
            let evaluator = Evaluator(Self.everyKind, batchSize: batchSize, workers: Workers(count: threads))
            let found = try evaluator.userMetrics(scorer, on: users, training: training)
            #expect(found == reference)
            #expect(found.report == reference.report)
        }
    }

    @Test("skips and counts users without held-out items") func skipped() throws {
        let scorer = TableScorer(table: [[1, 2], [2, 1], [1, 2], [1, 2]])
        let users = HeldOutUsers(foldIn: [[], [], [], [0]], heldOut: [[], [0], [], [1]], itemCount: 2, firstIndex: 70)
        let found = try Evaluator([.hitRate(at: 1)], batchSize: 1).userMetrics(scorer, on: users)
        #expect(found.userIndices == [71, 73])
        #expect(found.skippedUsers == 2)
        #expect(found[.hitRate(at: 1)] == [1, 1])
        #expect(found[.ndcg(at: 1)] == nil)
    }

    @Test("reports nothing, not NaN, when no user has held-out items", arguments: [0, 3]) func noUsers(count: Int) throws {
        let none = [[Int]](repeating: [], count: count)
        let users = HeldOutUsers(foldIn: none, heldOut: none, itemCount: 2)
        let scorer = TableScorer(table: [[2, 1], [2, 1], [2, 1]])
        let report = try Evaluator([.ndcg(at: 100), .coverage(at: 1)]).evaluate(scorer, on: users)
        #expect(report.users == 0 && report.skippedUsers == count)
        #expect(report.results.allSatisfy { $0.mean == nil && $0.standardError == nil })
        #expect(report.description.contains("no users to evaluate"))
    }

    @Test("one user has a mean and no standard error") func oneUser() throws {
        let users = HeldOutUsers(foldIn: [[]], heldOut: [[0]], itemCount: 2)
        let report = try Evaluator([.ndcg(at: 2)]).evaluate(TableScorer(table: [[1, 0]]), on: users)
        #expect(report.results.map(\.mean) == [1])
        #expect(report.results.map(\.standardError) == [nil])
    }

    @Test("never recommends what is folded in, or what scores NaN") func mcalls() throws {
        // Items 0 and 3 are folded in, 1 is NaN; only 2 is left, and it is the item to find.
        let users = HeldOutUsers(foldIn: [[0, 3]], heldOut: [[2]], itemCount: 4)
        let scorer = TableScorer(table: [[9, .nan, -5, 8]])
        let report = try Evaluator([.mrr(at: 4), .coverage(at: 4)]).evaluate(scorer, on: users)
        #expect(report.results.map(\.mean) == [1, 0.25])
    }

    @Test("a user to whom nothing can be recommended scores 0") func nothingLeft() throws {
        let users = HeldOutUsers(foldIn: [[0, 1]], heldOut: [[1]], itemCount: 2)
        let training = InteractionMatrix(rows: [[0, 1]], itemCount: 2)
        let metrics = Metric.Kind.allCases.map { Metric($0, at: 5) }
        let report = try Evaluator(metrics).evaluate(TableScorer(table: [[1, 2]]), on: users, training: training)
        #expect(report.results.allSatisfy { $0.mean == 0 })
    }

    @Test("evaluates nothing without metrics, and repeated metrics once") func lists() throws {
        let users = HeldOutUsers(foldIn: [[]], heldOut: [[0]], itemCount: 2)
        let scorer = TableScorer(table: [[1, 0]])
        #expect(try Evaluator([]).evaluate(scorer, on: users) == EvaluationReport(users: 1, skippedUsers: 0, results: []))
        #expect(Evaluator([.ndcg(at: 1), .mrr(at: 2), .ndcg(at: 1)]).metrics == [.ndcg(at: 1), .mrr(at: 2)])
    }

    @Test("refuses a scorer and users of different items, and popularity without training") func mismatch() {
        let users = HeldOutUsers(foldIn: [[]], heldOut: [[0]], itemCount: 3)
        let scorer = TableScorer(table: [[1, 0]])
        #expect(throws: FoldinError.self) { try Evaluator().evaluate(scorer, on: users) }
        let right = HeldOutUsers(foldIn: [[]], heldOut: [[0]], itemCount: 2)
        let other = InteractionMatrix(rows: [[0]], itemCount: 5)
        #expect(throws: FoldinError.self) { try Evaluator().evaluate(scorer, on: right, training: other) }
        let error = #expect(throws: FoldinError.self) { try Evaluator([.popularity(at: 5)]).evaluate(scorer, on: right) }
        #expect(error?.kind == .usage)
    }

    @Test("stops between blocks when cancelled") func cancelled() async throws {
        let (scorer, users, _) = Self.synthetic(users: 40, items: 20)
        var calls = 0
        #expect(throws: CancellationError.self) {
            try Evaluator(batchSize: 10).evaluate(scorer, on: users) {
                calls += 1
                return calls == 3
            }
        }
        #expect(calls == 3)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try Evaluator().evaluate(scorer, on: users)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

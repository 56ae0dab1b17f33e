import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation
import Testing

/// A list metric outside the library: the rank of the last hit, relative to k.
private struct LastHit: ListMetric {
    static let name = "last-hit"
    private let cutoff: Int

    init(_ context: MetricContext) { cutoff = context.cutoff }

    func value(of list: RankedList) -> Double {
        Double(list.hits.lastIndex(of: true).map { $0 + 1 } ?? 0) / Double(cutoff)
    }
}

/// A catalogue metric outside the library: the share of clicks of training users that belong to items in at least one list.
private struct CoveredClicks: CatalogueMetric {
    static let name = "covered-clicks"
    static let defaultCutoff: Int? = 7
    static let needsTraining = true
    private let popularity: [Double]
    private var items: Set<Int32> = []

    init(_ context: MetricContext) { popularity = context.popularity }

    mutating func add(_ list: RankedList) { items.formUnion(list.items) }
    mutating func merge(_ other: CoveredClicks) { items.formUnion(other.items) }
    func value() -> Double { items.sorted().reduce(0) { $0 + popularity[Int($1)] } / popularity.reduce(0, +) }
}

/// The contract of metrics, for those of the library and for two that are defined here.
@Suite("Any metric") struct MetricSeamTests {
    static let registry = MetricRegistry.standard.adding(.init(LastHit.self)).adding(.init(CoveredClicks.self))
    static let kinds = registry.kinds

    @Test("gives the same bits for any number of threads and any batch size", arguments: kinds)
    func sameBits(kind: Metric.Kind) throws {
        let (scorer, users, training) = EvaluatorTests.synthetic(users: 151, items: 90)
        let metrics = [1, 5, 40, 1_000].map { Metric(kind, at: $0) }
        let reference = try Evaluator(metrics, workers: Workers(count: 1)).userMetrics(scorer, on: users, training: training)
        #expect(reference.report.results.allSatisfy { $0.mean?.isFinite == true })
        for (threads, batchSize) in [(3, 7), (4, 151), (1, 1)] {
            let evaluator = Evaluator(metrics, batchSize: batchSize, workers: Workers(count: threads))
            #expect(try evaluator.userMetrics(scorer, on: users, training: training) == reference)
        }
    }

    @Test("has the same value beside other metrics as alone", arguments: kinds)
    func independent(kind: Metric.Kind) throws {
        let (scorer, users, training) = EvaluatorTests.synthetic(users: 60, items: 50)
        let metric = Metric(kind, at: 6)
        let others = Self.kinds.flatMap { [Metric($0, at: 3), Metric($0, at: 6), Metric($0, at: 30)] }
        let alone = try Evaluator([metric]).userMetrics(scorer, on: users, training: training)
        let beside = try Evaluator(others).userMetrics(scorer, on: users, training: training)
        #expect(alone[metric] == beside[metric] && alone.report[metric] == beside.report[metric])
        #expect((alone[metric] != nil) == kind.isPerUser)
        #expect((alone.report[metric]?.standardError != nil) == kind.isPerUser)
    }

    @Test("is refused without the training matrix if it needs one", arguments: kinds)
    func training(kind: Metric.Kind) throws {
        let users = HeldOutUsers(foldIn: [[]], heldOut: [[0]], itemCount: 2)
        let evaluator = Evaluator([Metric(kind, at: 1)])
        if kind.needsTraining {
            let error = #expect(throws: FoldinError.self) { try evaluator.evaluate(TableScorer(table: [[1, 0]]), on: users) }
            #expect(error?.kind == .usage && error?.found.contains("\(kind.name)@1") == true)
        } else {
            #expect(try evaluator.evaluate(TableScorer(table: [[1, 0]]), on: users).users == 1)
        }
    }

    @Test("is read by its name from text and from JSON", arguments: kinds)
    func names(kind: Metric.Kind) throws {
        let metric = Metric(kind, at: 20)
        #expect(try Metric(named: "\(kind.name.uppercased())@20", in: Self.registry) == metric)
        #expect((try? Metric(named: kind.name, in: Self.registry))?.cutoff == kind.defaultCutoff)
        let report = EvaluationReport(users: 2, skippedUsers: 0, results: [.init(metric: metric, mean: 0.5, standardError: nil)])
        let decoder = JSONDecoder()
        decoder.userInfo[.metricRegistry] = Self.registry
        #expect(try decoder.decode(EvaluationReport.self, from: JSONEncoder().encode(report)) == report)
        guard MetricRegistry.standard[kind.name] == nil else { return }
        #expect(throws: FoldinError.self) { try Metric(named: metric.description) }
        #expect(throws: FoldinError.self) {
            try JSONDecoder().decode(EvaluationReport.self, from: JSONEncoder().encode(report))
        }
    }

    @Test("outside the library gives the values of its definition") func values() throws {
        // The ranking of user 0 is 0 1 2 3 4 5, that of user 1 is 4 3 2 1 0; see HandComputedTests.
        let metrics = try Metric.list(named: "last-hit@4,covered-clicks@2,last-hit@1", in: Self.registry)
        let found = try Evaluator(metrics).userMetrics(
            HandComputedTests.scorer, on: HandComputedTests.users, training: HandComputedTests.training)
        #expect(found[metrics[0]] == [1, 0.25] && found[metrics[2]] == [0, 1])
        // Items 0, 1, 3 and 4 with 4, 3, 1 and 0 of 10 clicks.
        #expect(abs((found.report[metrics[1]]?.mean ?? 0) - 0.8) < 1e-15)
        #expect(metrics.sorted().map(\.description) == ["covered-clicks@2", "last-hit@1", "last-hit@4"])
        #expect(metrics[0] > Metric.popularity(at: 100))
    }
}

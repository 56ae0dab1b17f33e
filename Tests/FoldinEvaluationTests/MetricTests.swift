import FoldinEvaluation
import FoldinInteractions
import FoldinSupport
import Testing

@Suite("Names of metrics") struct MetricTests {
    @Test("round-trip", arguments: Metric.Kind.allCases) func roundTrip(kind: Metric.Kind) throws {
        for cutoff in [1, 20, 100, Int.max] {
            let metric = Metric(kind, at: cutoff)
            #expect(try Metric(named: metric.description) == metric)
            #expect(try Metric(named: metric.description.uppercased()) == metric)
        }
    }

    @Test("are the ones the command documents") func spelling() {
        let metrics: [Metric] = [
            .ndcg(at: 100), .recall(at: 20), .recallAll(at: 5), .precision(at: 1), .hitRate(at: 2), .mrr(at: 3), .map(at: 4),
            .coverage(at: 6), .popularity(at: 7), .gini(at: 8),
        ]
        let names = [
            "ndcg@100", "recall@20", "recall-all@5", "precision@1", "hit-rate@2", "mrr@3", "map@4", "coverage@6", "popularity@7",
            "gini@8",
        ]
        #expect(metrics.map(\.description) == names)
    }

    @Test("coverage, Gini and popularity alone mean the first 100") func unnamedCutoff() throws {
        #expect(try Metric(named: "coverage") == .coverage(at: 100))
        #expect(try Metric(named: "gini") == .gini(at: 100))
        #expect(try Metric(named: "popularity") == .popularity(at: 100))
    }

    @Test(
        "that do not exist are refused with what was found and expected",
        arguments: [
            "ndcg@0", "ndcg@-1", "ndcg@abc", "ndcg@99999999999999999999", "", "foo@10", "ndcg", "ndcg@", "@10", "ndcg@10@20",
            "ndcg@+5", "ndcg@05", "ndcg@1.5", "ndcg@ 5", "recall_all@5", "ndcg@٣", "coverage@", "популярность@5",
        ])
    func refused(name: String) {
        let error = #expect(throws: FoldinError.self) { try Metric(named: name) }
        #expect(error?.kind == .usage)
        #expect(error?.found == "the metric \"\(name)\"")
        #expect(error?.expected.contains("@k") == true)
    }

    @Test("come as a list, repeats dropped") func list() throws {
        #expect(try Metric.list(named: "recall@20, ndcg@100 ,recall@20") == [.recall(at: 20), .ndcg(at: 100)])
        #expect(throws: FoldinError.self) { try Metric.list(named: "") }
        #expect(throws: FoldinError.self) { try Metric.list(named: "ndcg@5,,recall@5") }
    }
}

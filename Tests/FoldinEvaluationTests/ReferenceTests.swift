import FoldinEvaluation
import FoldinInteractions
import Foundation
import Testing

/// Against `Tests/Reference/metrics_reference.py`, whose output is beside it.
@Suite("Agreement with NumPy") struct ReferenceTests {
    struct Reference: Decodable {
        let items: Int
        let training, foldIn, heldOut: [[Int]]
        let scores: [[Float]]
    }

    @Test("every metric, mean and standard error to 1e-12") func agrees() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appendingPathComponent("Reference/metrics_reference.json"))
        let decoder = JSONDecoder()
        let expected = try decoder.decode(EvaluationReport.self, from: data)
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let reference = try decoder.decode(Reference.self, from: data)
        #expect(expected.results.count == 4 * Metric.Kind.allCases.count)

        let users = HeldOutUsers(foldIn: reference.foldIn, heldOut: reference.heldOut, itemCount: reference.items)
        let training = InteractionMatrix(rows: reference.training, itemCount: reference.items)
        let report = try Evaluator(expected.results.map(\.metric), batchSize: 10)
            .evaluate(TableScorer(table: reference.scores), on: users, training: training)
        #expect(report.users == expected.users && report.skippedUsers == expected.skippedUsers)
        for (found, expected) in zip(report.results, expected.results) {
            #expect(found.metric == expected.metric)
            #expect(abs(try #require(found.mean) - (try #require(expected.mean))) < 1e-12, "\(found.metric)")
            #expect((found.standardError == nil) == (expected.standardError == nil), "\(found.metric)")
            #expect(abs((found.standardError ?? 0) - (expected.standardError ?? 0)) < 1e-12, "\(found.metric)")
        }
    }
}

@Suite("The report") struct EvaluationReportTests {
    static let report = EvaluationReport(
        users: 3, skippedUsers: 1,
        results: [
            .init(metric: .recall(at: 20), mean: 0.25, standardError: 0.125),
            .init(metric: .coverage(at: 5), mean: 0.5, standardError: nil),
            .init(metric: .ndcg(at: 100), mean: nil, standardError: nil),
        ])

    @Test("is exactly the documented JSON") func json() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(Self.report), as: UTF8.self)
        let metrics = [
            #""coverage@5":{"mean":0.5,"standard_error":null}"#, #""ndcg@100":{"mean":null,"standard_error":null}"#,
            #""recall@20":{"mean":0.25,"standard_error":0.125}"#,
        ]
        #expect(text == #"{"metrics":{"# + metrics.joined(separator: ",") + #"},"skipped_users":1,"users":3}"#)
    }

    @Test("comes back from JSON by kind and cutoff") func decoded() throws {
        let decoded = try JSONDecoder().decode(EvaluationReport.self, from: try JSONEncoder().encode(Self.report))
        #expect(decoded.results.map(\.metric) == [.ndcg(at: 100), .recall(at: 20), .coverage(at: 5)])
        #expect(decoded[.recall(at: 20)] == Self.report[.recall(at: 20)])
        #expect(decoded.users == 3 && decoded.skippedUsers == 1)
    }

    @Test("keeps the requested order as text") func text() {
        let expected = """
            recall@20   0.25000 ± 0.12500
            coverage@5  0.50000
            ndcg@100    no users to evaluate
            over 3 users (1 skipped: nothing held out)
            """
        #expect(Self.report.description == expected)
    }
}

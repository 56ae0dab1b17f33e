#if Service
import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinModels
@testable import FoldinService

/// Ranking by rounded scores, if the processor supports them, against sorting all exact scores.
@Suite("Service: ranking") struct RankingTests {
    static let items = 3_000

    /// A network with many similar and equal scores: item `i` has the vector and the bias of item `i % 400`.
    static func model(bias: Float = 1, change: (FloatBuffer, FloatBuffer) -> Void = { _, _ in }) throws -> (
        TrainedModel, TestFolder
    ) {
        let architecture = Architecture(
            family: .multVAE, items: items, encoder: [16], latent: 8, decoder: [33], encoderDropout: [0, 0],
            decoderDropout: [0, 0])
        let parameters = Parameters(initializing: architecture.network, seed: 11)
        let last = parameters.linears[3]
        for item in 0..<items {
            for i in 0..<33 { last.weight.pointer[item * 33 + i] = last.weight.pointer[item % 400 * 33 + i] }
            last.bias.pointer[item] = bias * last.bias.pointer[item % 400]
        }
        change(last.weight, last.bias)
        let model = TrainedModel(Autoencoder(architecture, parameters))
        let folder = TestFolder(try TemporaryFolder())
        try model.save(to: folder.path + "/m")
        return (model, folder)
    }

    static func check(_ model: TrainedModel, _ folder: TestFolder) async throws {
        let workers = Workers(count: 2)
        let served = try ServedModel(arm: "main", path: folder.path + "/m", workers: workers)
        let queue = ScoringQueue(limits: .init(), workers: workers, metrics: PrometheusRegistry())
        let histories = (0..<12).map { user in (0...user).map { ($0 * 97 + user * 31) % items } }
        let exact = FloatBuffer(count: histories.count * items)
        model.score(
            InteractionMatrix(rows: histories, itemCount: items), rows: 0..<histories.count, into: exact.pointer, workers: workers
        )
        for (row, history) in histories.enumerated() {
            let scores = (0..<items).map { exact.pointer[row * items + $0] }
            let order = (0..<items).filter { !history.contains($0) && scores[$0] > -.infinity }
                .sorted { (-scores[$0], $0) < (-scores[$1], $1) }
            for (top, offset, allowed) in [
                (1, 0, nil), (100, 0, nil), (10, 777, nil), (3_000, 0, nil), (5, 2, [2_999, 7, 407, 8, 7, 31, 0]),
            ] {
                let ranking = Ranking(top: top, offset: offset, masked: history, allowed: allowed)
                let found = try await queue.score([[5], history], by: served) { scores in
                    ranking.best(
                        of: .init(
                            pointer: scores.pointer + items, items: items,
                            approximate: scores.approximate.map { ($0.scores, $0.row + 1) }))
                }
                let expected = order.filter { allowed?.contains($0) ?? true }.dropFirst(offset).prefix(top)
                #expect(found.map { Int($0.item) } == Array(expected), "user \(row), top \(top), offset \(offset)")
                if MatrixMultiply.isOwn {
                    #expect(found.map(\.score) == expected.map { scores[$0] })
                }
            }
        }
    }

    @Test("ranking by approximate scores equals sorting exact scores") func exact() async throws {
        let (model, folder) = try Self.model()
        try await Self.check(model, folder)
    }

    @Test("the same where one item has a very long vector") func wideMargin() async throws {
        let (model, folder) = try Self.model { weights, _ in for i in 0..<33 { weights.pointer[7 * 33 + i] *= 1_000 } }
        try await Self.check(model, folder)
    }

    @Test("the same where a weight is almost too large to be served") func hugeMargin() async throws {
        let (model, folder) = try Self.model { weights, _ in weights.pointer[7 * 33] = 2e36 }
        try await Self.check(model, folder)
    }
}
#endif

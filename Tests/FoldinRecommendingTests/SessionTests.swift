import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation
import Testing

@testable import FoldinRecommending

@Suite("Recommending with kept buffers", .serialized) struct SessionTests {
    static let items = 700

    static func recommender(
        _ family: Architecture.Family, _ activations: Architecture.Activations = .paper, hidden: [Int] = [20], threads: Int = 1
    ) -> Recommender {
        let architecture = Architecture(
            family: family, items: items, encoder: hidden, latent: 6, decoder: hidden,
            encoderDropout: [0.5] + hidden.map { _ in 0 },
            decoderDropout: [0] + hidden.map { _ in 0 }, activations: activations)
        let model = TrainedModel(
            Autoencoder(initializing: architecture, seed: 4),
            items: Vocabulary((0..<items).map { "item number \($0)" }))
        return Recommender(model, workers: Workers(count: threads))
    }

    static func history(_ seed: Int, _ count: Int) -> [String] {
        (0..<count).map { "item number \(($0 * 37 + seed * 11) % items)" }
    }

    /// One user at a time gets the same list as in a block of users, whatever was recommended before.
    @Test(arguments: [Architecture.Family.multVAE, .multDAE], [Architecture.Activations.paper, .article])
    func isWhatABlockGives(_ family: Architecture.Family, _ activations: Architecture.Activations) throws {
        for (hidden, threads) in [([20], 1), ([20], 2), ([], 1), ([30, 20], 2)] {
            let recommender = Self.recommender(family, activations, hidden: hidden, threads: threads)
            let histories = [3, 90, 1, 40, 3].enumerated().map { Self.history($0, $1) + ["item number 3", "nobody's"] }
            let together = try recommender.recommendations(25, for: histories, excluding: ["item number 9"]).map {
                try $0.get().items
            }
            for (history, expected) in zip(histories, together) {
                let alone = try recommender.recommend(25, havingLiked: history.reversed(), excluding: ["item number 9"])
                #expect(alone.map(\.item) == expected.map(\.item))
                for (one, other) in zip(alone, expected) { #expect(abs(one.score - other.score) <= 1e-5) }
            }
        }
    }

    /// Calls for short and long lists, before and after the weights are rounded, all give exact scores.
    @Test func isExactBeforeAndAfterRounding() throws {
        let recommender = Self.recommender(.multVAE, hidden: [43], threads: 2)
        for call in 0..<3 * Sessions.callsBeforeRounding {
            let history = Self.history(call, 1 + call % 50)
            let count = [10, 43, 44, 500, 3][call % 5]
            let expected = try recommender.recommendations(count, for: [history], excluding: ["item number 9"])[0].get().items
            let found = try recommender.recommend(count, havingLiked: history, excluding: ["item number 9"])
            #expect(found.map(\.item) == expected.map(\.item))
            if MatrixMultiply.isOwn { #expect(found == expected) }
            let allowed = Self.history(call + 1, 60)
            let few = try recommender.recommend(10, havingLiked: history, allowing: allowed)
            let all = try recommender.recommend(Self.items, havingLiked: history)
            #expect(few.map(\.item) == all.map(\.item).filter(Set(allowed).contains).prefix(10).map { $0 })
        }
    }

    /// Many threads share one recommender, each with its own buffers.
    @Test func servesConcurrentThreads() throws {
        let recommender = Self.recommender(.multVAE)
        let expected = try (0..<40).map { try recommender.recommend(10, havingLiked: Self.history($0, 8)) }
        let found = Workers(count: 8).map(400) { task, _ in
            (try? recommender.recommend(10, havingLiked: Self.history(task % 40, 8))) ?? []
        }
        for (task, items) in found.enumerated() { #expect(items == expected[task % 40]) }
    }

    @Test func throwsTheErrorsOfABlock() {
        let recommender = Self.recommender(.multDAE)
        var result = [Recommendation(item: "old", title: nil, score: 0)]
        #expect(throws: FoldinError.self) { try recommender.recommend(0, havingLiked: ["item number 1"], into: &result) }
        #expect(throws: FoldinError.self) { try recommender.recommend(3, havingLiked: ["nobody's"], into: &result) }
        #expect(result.isEmpty)
    }

    /// The list that is passed in is filled in place. Benchmarks/allocations.sh checks that nothing else is allocated.
    @Test func fillsTheSameList() throws {
        let recommender = Self.recommender(.multVAE)
        let histories = (0..<20).map { Self.history($0, 30) }
        var result: [Recommendation] = []
        for history in histories { try recommender.recommend(10, havingLiked: history, into: &result) }
        let capacity = result.capacity
        let place = result.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
        for _ in 0..<50 {
            for history in histories { try recommender.recommend(10, havingLiked: history, into: &result) }
        }
        #expect(result.count == 10 && result.capacity == capacity)
        #expect(result.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) } == place)
    }
}

#if Service
import FoldinClient
import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Metrics
import NIOConcurrencyHelpers
import Testing

@testable import FoldinService

/// The order of waiting requests, rates, and work that is not needed any more.
@Suite("Service: fairness") struct FairnessTests {
    /// A queue whose thread is held until `release` is called.
    private final class HeldQueue: Sendable {
        let folder: TestFolder
        let served: ServedModel
        let queue: ScoringQueue
        private let gate = DispatchSemaphore(value: 0)

        init(batch: Int, waiting: Int) throws {
            folder = TestFolder(try TemporaryFolder())
            try LiveService.model().save(to: folder.path + "/m")
            served = try ServedModel(arm: "main", path: folder.path + "/m", workers: Workers(count: 1))
            queue = ScoringQueue(
                limits: .init(batch: batch, waiting: waiting, delay: .zero), workers: Workers(count: 1),
                metrics: PrometheusRegistry())
        }

        /// Returns when the thread is held.
        func hold() async -> Task<Void, any Error> {
            let (began, beginning) = AsyncStream.makeStream(of: Void.self)
            let held = Task {
                try await queue.perform {
                    beginning.finish()
                    self.gate.wait()
                }
            }
            for await _ in began {}
            return held
        }

        func release() { gate.signal() }
    }

    /// Waits until `holds` returns true.
    private func until(_ holds: () -> Bool) async throws { while !holds() { try await Task.sleep(for: .milliseconds(2)) } }

    @Test("cancelled work leaves the queue at once and frees its place", .timeLimit(.minutes(10))) func cancellation()
        async throws
    {
        let held = try HeldQueue(batch: 4, waiting: 4)
        let holder = await held.hold()
        let scoring = (0..<4).map { item in Task { try await held.queue.score([[item]], by: held.served) { _ in } } }
        let working = (0..<4).map { _ in Task { try await held.queue.perform {} } }
        try await until { held.queue.waiting == 8 }
        await #expect(throws: Problem.self) { try await held.queue.score([[1]], by: held.served) { _ in } }
        for task in scoring + working { task.cancel() }
        // The thread is still held: they end without it.
        for task in scoring + working { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(held.queue.waiting == 0)
        let late = Task { try await held.queue.score([[1]], by: held.served) { _ in true } }
        try await until { held.queue.waiting == 1 }
        held.release()
        #expect(try await late.value)
        try await holder.value
        // A task that is cancelled before it submits work.
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await held.queue.score([[1]], by: held.served) { _ in true }
        }
        early.cancel()
        _ = await early.result
        #expect(held.queue.waiting == 0)
    }

    @Test("parts of large requests take at most half of the queue and of a batch", .timeLimit(.minutes(10))) func parts()
        async throws
    {
        let held = try HeldQueue(batch: 4, waiting: 16)
        let holder = await held.hold()
        let order = NIOLockedValueBox<[String]>([])
        func ask(_ name: String, asPart: Bool) -> Task<Void, any Error> {
            Task {
                try await held.queue.score([[1]], by: held.served, asPart: asPart) { _ in
                    order.withLockedValue { $0.append(name) }
                }
            }
        }
        let parts = (0..<8).map { _ in ask("part", asPart: true) }
        try await until { held.queue.waiting == 8 }
        await #expect(throws: Problem.self) { try await ask("ninth", asPart: true).value }
        let alone = (0..<2).map { _ in ask("alone", asPart: false) }
        try await until { held.queue.waiting == 10 }
        held.release()
        for task in parts + alone { try await task.value }
        try await holder.value
        // They came last but are in the first batch.
        #expect(order.withLockedValue { Set($0.prefix(4)) } == ["part", "alone"])
        #expect(order.withLockedValue { $0.prefix(4).count { $0 == "alone" } } == 2)
    }

    @Test("histories of a large catalogue weigh more") func weights() {
        for (items, weight) in [(1, 1), (20_108, 1), (262_144, 1), (262_145, 2), (1_048_576, 4), (1 << 30, 4_096)] {
            #expect(ScoringQueue.weight(items: items) == weight)
        }
    }

    @Test("requests are charged by their work; a cost above the bucket takes later tokens") func costs() {
        let limit = RateLimit(rate: 10)
        let start = ContinuousClock.now
        #expect(limit.refusal(for: "a", now: start) == nil)
        #expect(limit.refusal(for: "a", furtherCost: 99, now: start) == nil)
        // 20 - 100 = -80: at 10 per second the next token is there after 8.1 s.
        #expect(limit.refusal(for: "a", now: start) == 9)
        #expect(limit.refusal(for: "a", now: start + .milliseconds(8_099)) != nil)
        #expect(limit.refusal(for: "a", now: start + .milliseconds(8_101)) == nil)
        #expect(limit.refusal(for: "b", now: start) == nil && limit.refusal(for: "b", now: start) == nil)
        // The bucket is not full any more.
        #expect(limit.refusal(for: "b", furtherCost: 99, now: start) != nil)
        #expect(limit.refusal(for: "b", furtherCost: 5, now: start) == nil && limit.refusal(for: "b", furtherCost: 0) == nil)
        #expect(Answers.weight(of: .init(history: ["a", "b"], items: ["c"])) == 3)
        let large = (0..<500).map(String.init)
        #expect(Answers.weight(of: .init(history: large, items: large, top: 50)) == 526)
        #expect(Answers.weight(of: .init(history: large, items: large, top: .min)) <= 501)
    }

    @Test(
        "every rate gives waits from a second to a day",
        arguments: [
            1e-300, .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-9, 1, 1e12, 1e300, .greatestFiniteMagnitude, .infinity,
            .nan, 0,
            -1,
        ]) func extremeRates(rate: Double)
    {
        let limit = RateLimit(rate: rate)
        let start = ContinuousClock.now
        for second in 0..<4 {
            for cost in [0, 1, 255, Int.max] {
                for wait in [
                    limit.refusal(for: "a", now: start + .seconds(second)),
                    limit.refusal(for: "a", furtherCost: cost, now: start + .seconds(second)),
                ] { #expect(wait.map { (1...86_400).contains($0) } ?? true) }
            }
        }
    }

    @Test("each request of a batch is charged") func batches() async throws {
        try await LiveService.configured({ configuration, _ in configuration.rate = 0.001 }).run { service in
            let requests = [RecommendationRequest](repeating: RecommendationRequest(history: ["i1"]), count: 40)
            #expect(try await service.client.recommendations(requests).count == 40)
            let problem = await #expect(throws: ProblemDocument.self) {
                try await service.client.recommendations(havingLiked: ["i1"])
            }
            #expect(problem?.status == 429)
            let reply = try await service.send("GET", "/v1/models")
            // 40 requests at one per thousand seconds.
            #expect(reply.headers["retry-after"].flatMap { Int($0) }.map { $0 > 39_000 } == true)
        }
    }

    @Test("the work of a client that disconnects is dropped", .timeLimit(.minutes(10))) func disconnects() async throws {
        // An attempt may come too late, so there are several.
        try await LiveService.configured({ configuration, _ in configuration.batchDelay = .milliseconds(900) }).run { service in
            let body = #"{"requests":[{"history":["i1"]},{"history":["i2"]}]}"#
            var metrics = ""
            while !metrics.contains(#"route="/v1/recommendations:batch",status="499""#) {
                _ = await service.talk([
                    (
                        "POST /v1/recommendations:batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: \(body.utf8.count)\r\n\r\n" + body, ""
                    )
                ])
                for _ in 0..<20 where !metrics.contains("status=\"499\"") {
                    try await Task.sleep(for: .milliseconds(50))
                    metrics = try await service.send("GET", "/metrics").text
                }
            }
        }
    }

    @Test("gauges keep the last value, and a name keeps its first kind") func metricKinds() {
        let registry = PrometheusRegistry()
        Gauge(label: "g", dimensions: [], factory: registry).record(2)
        Gauge(label: "g", dimensions: [], factory: registry).record(7)
        Metrics.Timer(label: "g", dimensions: [], factory: registry).recordSeconds(1)
        Counter(label: "g", dimensions: [("a", "b")], factory: registry).increment()
        Counter(label: "c", dimensions: [("x", "a\r\nb\"\u{301}\\\u{301}")], factory: registry).increment(by: Int64.max)
        Counter(label: "c", dimensions: [("x", "a\r\nb\"\u{301}\\\u{301}")], factory: registry).increment(by: 5)
        Meter(label: "m", dimensions: [], factory: registry).set(Double.nan)
        Meter(label: "n", dimensions: [], factory: registry).set(-Double.infinity)
        let expected = [
            "# TYPE c counter", "c{x=\"a\r\\nb\\\"\u{301}\\\\\u{301}\"} 9223372036854775807", "# TYPE g gauge", "g 7.0",
            "# TYPE m gauge", "m NaN", "# TYPE n gauge", "n -Inf", "",
        ]
        #expect(Array(registry.text.utf8) == Array(expected.joined(separator: "\n").utf8))
    }

    @Test("a search has a limit of words") func longQueries() async throws {
        try await LiveService.with { service in
            let words = (1...33).map(String.init).joined(separator: "+")
            let tooMany = try await service.send("GET", "/v1/items?query=\(words)")
            let same = [String](repeating: "film", count: 40).joined(separator: "+")
            let once = try await service.send("GET", "/v1/items?query=\(same)")
            #expect(tooMany.status == 400 && once.status == 200)
        }
    }
}
#endif

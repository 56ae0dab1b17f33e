#if Service
import FoldinKernels
import FoldinMessages
import FoldinTestSupport
import Foundation
import Metrics
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import FoldinModels
@testable import FoldinService

/// Metrics, rate limits, queues, decoding.
@Suite("Service: parts") struct PartsTests {
    @Test("metrics have the text format of Prometheus") func prometheus() {
        let registry = PrometheusRegistry()
        Counter(label: "b_total", dimensions: [("x", "a\"b\\c\nd"), ("y", "2")], factory: registry).increment(by: 3)
        Counter(label: "b_total", dimensions: [("x", "a\"b\\c\nd"), ("y", "2")], factory: registry).increment()
        Meter(label: "a", dimensions: [], factory: registry).set(2.5)
        let timer = Metrics.Timer(label: "c_seconds", dimensions: [("r", "1")], factory: registry)
        for milliseconds in [1, 4, 4, 20_000] { timer.recordMilliseconds(milliseconds) }
        let lines = registry.text.split(separator: "\n").map(String.init)
        #expect(lines.prefix(4) == ["# TYPE a gauge", "a 2.5", "# TYPE b_total counter", #"b_total{x="a\"b\\c\nd",y="2"} 4"#])
        #expect(
            lines.contains("c_seconds_bucket{r=\"1\",le=\"0.001\"} 1")
                && lines.contains("c_seconds_bucket{r=\"1\",le=\"0.005\"} 3"))
        #expect(
            lines.contains("c_seconds_bucket{r=\"1\",le=\"10.0\"} 3") && lines.contains("c_seconds_bucket{r=\"1\",le=\"+Inf\"} 4")
        )
        #expect(lines.suffix(2) == ["c_seconds_sum{r=\"1\"} 20.009", "c_seconds_count{r=\"1\"} 4"])
    }

    @Test("token buckets fill at a steady rate") func buckets() {
        let limit = RateLimit(rate: 2)
        let start = ContinuousClock.now
        for _ in 0..<4 { #expect(limit.refusal(for: "a", now: start) == nil) }
        #expect(limit.refusal(for: "a", now: start) == 1 && limit.refusal(for: "b", now: start) == nil)
        #expect(limit.refusal(for: "a", now: start + .milliseconds(499)) != nil)
        #expect(limit.refusal(for: "a", now: start + .milliseconds(501)) == nil)
        #expect(limit.refusal(for: "a", now: start + .milliseconds(502)) != nil)
        let slow = RateLimit(rate: 0.1)
        #expect(slow.refusal(for: "a", now: start) == nil && slow.refusal(for: "a", now: start) == 10)
    }

    @Test("a full queue refuses at once, and answers those that wait") func fullQueue() async throws {
        let folder = try TemporaryFolder()
        try LiveService.model().save(to: folder.path + "/m")
        let served = try ServedModel(arm: "main", path: folder.path + "/m", workers: Workers(count: 1))
        let queue = ScoringQueue(
            limits: .init(batch: 4, waiting: 8, delay: .milliseconds(200)), workers: Workers(count: 1),
            metrics: PrometheusRegistry())
        let outcomes = await withTaskGroup { group in
            for item in 0..<20 {
                group.addTask { () -> Bool? in
                    do { return try await queue.score([[item]], by: served) { $0.items == 40 } } catch {
                        return error as? Problem == Problem.busy ? nil : false
                    }
                }
            }
            return await group.reduce(into: [Bool?]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == true } == 8 && outcomes.count { $0 == nil } == 12)
        #expect(Problem.busy.headers[.retryAfter] == "1" && Problem.busy.status == .serviceUnavailable)
        // More rows than may wait are accepted if nothing else waits.
        #expect(try await queue.score((0..<30).map { [$0] }, by: served) { _ in true })
    }

    @Test("other work runs between batches, and has the same limit", .timeLimit(.minutes(10))) func otherWork() async throws {
        let folder = try TemporaryFolder()
        try LiveService.model().save(to: folder.path + "/m")
        let served = try ServedModel(arm: "main", path: folder.path + "/m", workers: Workers(count: 1))
        let queue = ScoringQueue(
            limits: .init(batch: 1, waiting: 8, delay: .zero), workers: Workers(count: 1), metrics: PrometheusRegistry())
        // Three tasks that submit a history again when they are answered, so that one always waits. A batch takes a millisecond.
        let scored = NIOLockedValueBox(0)
        let askers = (0..<3).map { item in
            Task {
                while !Task.isCancelled {
                    try await queue.score([[item]], by: served) { _ in
                        usleep(1_000)
                        scored.withLockedValue { $0 += 1 }
                    }
                }
            }
        }
        try await Task.sleep(for: .milliseconds(20))
        for _ in 0..<10 {
            let before = scored.withLockedValue { $0 }
            let after = try await queue.perform { scored.withLockedValue { $0 } }
            // The batch under way and the next, and histories that were scored before the work was in the queue.
            #expect(after - before < 20)
        }
        for asker in askers { asker.cancel() }
        for asker in askers { _ = await asker.result }

        let outcomes = await withTaskGroup { group in
            for _ in 0..<20 {
                group.addTask { () -> Bool? in
                    do { return try await queue.perform { usleep(20_000) == 0 } } catch {
                        return error as? Problem == .busy ? nil : false
                    }
                }
            }
            return await group.reduce(into: [Bool?]()) { $0.append($1) }
        }
        #expect((8...12).contains(outcomes.count { $0 == true }) && !outcomes.contains(false))
    }

    @Test("percent-encoded text is decoded to the byte") func percentDecoding() {
        let cases = [
            ("", ""), ("a+b%2Bc", "a+b+c"), ("%C3%a9", "é"), ("%EF%BB%BFa", "\u{FEFF}a"), ("%2", nil), ("%", nil), ("%zz", nil),
            ("%FF", nil), ("%C3", nil),
        ]
        for (text, expected) in cases {
            let found = Routes.decoded(text.utf8)
            #expect(found == expected && found?.utf8.count == expected?.utf8.count, "\(text)")
        }
        #expect(Routes.decoded("a+b%2Bc".utf8, plusIsBlank: true) == "a b+c")
    }

    @Test("encoded strings are read back by Foundation, without control characters") func jsonStrings() throws {
        for text in ["", "a", "\"\\/\u{8}\u{0}\u{1F}\u{7F}", "\u{80}a\u{9B}31m\u{9F}\u{A0}\u{82}ê", "né 映画 👩‍👩‍👧", "\u{2028}"] {
            var bytes: [UInt8] = []
            JSON.append(text, to: &bytes)
            #expect(try JSONDecoder().decode([String].self, from: Data("[".utf8 + bytes + "]".utf8)) == [text])
            // A log has nothing that a terminal would act on.
            #expect(
                String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
    }

    @Test("random bytes as a message are a problem, never a crash") func noise() throws {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let good = Array(#"{"history":["i1","é"],"top":10,"offset":0,"exclude":["i2"],"allow":["i3"],"user":"u"}"#.utf8)
        var accepted = 0
        for _ in 0..<3_000 {
            var bytes = good
            for _ in 0...next(4) {
                switch next(3) {
                case 0: bytes[next(bytes.count)] = UInt8(next(256))
                case 1: bytes.remove(at: next(bytes.count))
                default: bytes.insert(UInt8(next(256)), at: next(bytes.count))
                }
            }
            do {
                _ = try JSON.decode(RecommendationRequest.self, from: ByteBuffer(bytes: bytes))
                accepted += 1
            } catch { #expect(error is Problem) }
        }
        #expect(accepted > 0 && accepted < 3_000)
    }
}
#endif

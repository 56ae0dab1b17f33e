#if Service
import FoldinClient
import Foundation
import Testing

@testable import FoldinService

/// Clients that send their body after `100 Continue` (RFC 9110, section 10.1.1).
@Suite("Service: expectations") struct ExpectationTests {
    static let body = #"{"history":["i1"],"top":1}"#

    /// The head of a request for recommendations.
    static func head(
        to path: String = "/v1/recommendations", version: String = "1.1", type: String = "application/json",
        length: Int = body.utf8.count, _ more: String...
    ) -> String {
        (["POST \(path) HTTP/\(version)", "Host: localhost", "Content-Type: \(type)", "Content-Length: \(length)"] + more)
            .map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test(
        "a client that waits with its body gets 100 Continue, also twice on one connection",
        arguments: ["Expect: 100-continue", "expect: 100-Continue"]) func continues(header: String) async throws
    {
        try await LiveService.with { service in
            let head = Self.head(header)
            let answers = await service.talk([
                (head, "\r\n\r\n"), (Self.body, "\"unknown\":[]}"), (head, "\r\n\r\n"), (Self.body, "\"unknown\":[]}"),
                (Self.head() + Self.body, "\"unknown\":[]}"),
            ])
            for turn in [0, 2] {
                #expect(answers[turn] == "HTTP/1.1 100 Continue\r\n\r\n")
                #expect(
                    answers[turn + 1].hasPrefix("HTTP/1.1 200 OK\r\n") && !answers[turn + 1].lowercased().contains("connection:"))
            }
            #expect(answers[4].hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("requests that are sent together are answered one after the other") func pipelining() async throws {
        try await LiveService.with { service in
            let answers = await service.talk([
                (Self.head() + Self.body + Self.head("Expect: 100-continue"), "100 Continue\r\n\r\n"),
                (Self.body, "\"unknown\":[]}"),
            ])
            #expect(answers[0].hasPrefix("HTTP/1.1 200 OK\r\n") && answers[0].hasSuffix("]}HTTP/1.1 100 Continue\r\n\r\n"))
            #expect(answers[1].hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("a request that can be refused without its body is refused instead of 100 Continue") func refusals() async throws {
        let key = KeyRing.make(name: "a", scope: .read)
        try await LiveService.configured({ configuration, folder in
            try writeSecret(key.line, to: folder.path + "/keys")
            configuration.keys = folder.path + "/keys"
            configuration.limits.bodyBytes = 1_000
        }).run { service in
            let (expect, bearer) = ("Expect: 100-continue", "Authorization: Bearer " + key.key)
            for (head, status) in [
                (Self.head(expect), 401), (Self.head(to: "/v1/events", expect, bearer), 403),
                (Self.head(to: "/v1/none", expect, bearer), 404),
                (Self.head(to: "/v1/models", expect, bearer), 405), (Self.head(length: 1_001, expect, bearer), 413),
                (Self.head(type: "text/plain", expect, bearer), 415), (Self.head("Expect: 200-ok", bearer), 417),
                (Self.head(to: "/v1/recommendations?top=3", expect, bearer), 400),
            ] {
                let answer = await service.talk([(head, "<closed>")])[0]
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(status): \(answer)")
                #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("<closed>"), "\(status): \(answer)")
                #expect(answer.contains("application/problem+json") && !answer.contains("100 Continue"), "\(status): \(answer)")
            }
            // A request that is refused for its body got 100 Continue, and its connection persists.
            let answers = await service.talk([
                (Self.head(length: 2, expect, bearer), "\r\n\r\n"), ("[]", "malformed-request\"}"),
                (Self.head(expect, bearer), "\r\n\r\n"),
            ])
            #expect(answers[1].hasPrefix("HTTP/1.1 400 ") && answers[2] == "HTTP/1.1 100 Continue\r\n\r\n")
        }
    }

    @Test("HTTP/1.0 and requests without a body get no 100 Continue") func noContinue() async throws {
        try await LiveService.with { service in
            let old = await service.talk([(Self.head(version: "1.0", "Expect: 100-continue") + Self.body, "\"unknown\":[]}")])[0]
            #expect(old.contains(" 200 OK\r\n") && !old.contains("100 Continue"))
            let other = await service.talk([(Self.head(version: "1.0", "Expect: magic") + Self.body, "\"unknown\":[]}")])[0]
            #expect(other.contains(" 200 OK\r\n"))
            let bare = await service.talk([
                ("GET /health/live HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n", "live\"}"),
                ("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", "live\"}"),
            ])
            #expect(bare.allSatisfy { $0.hasPrefix("HTTP/1.1 200 OK\r\n") && !$0.contains("Continue") }, "\(bare)")
        }
    }
}
#endif

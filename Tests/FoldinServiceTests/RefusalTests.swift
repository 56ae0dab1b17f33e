#if Service
import FoldinClient
import FoldinInteractions
import FoldinSupport
import Foundation
import Logging
import Testing

@testable import FoldinService

/// Requests that must be refused, and how.
@Suite("Service: refusals") struct RefusalTests {
    /// Bodies, each with the status, the end of the problem's type, and a part of its detail.
    static let bodies: [(String, Int, String, String)] = [
        ("", 400, "malformed-request", "not JSON;"), ("{", 400, "malformed-request", "not JSON;"),
        ("[]", 400, "malformed-request", "object"),
        ("{}", 400, "malformed-request", "\"history\""),
        (#"{"history":"i1"}"#, 400, "malformed-request", ".history; expected an array"),
        (#"{"history":[1]}"#, 400, "malformed-request", ".history[0]; expected a string"),
        (#"{"history":[null]}"#, 400, "malformed-request", "null at .history[0]"),
        (#"{"history":["i1"],"top":1e99}"#, 400, "malformed-request", "found 1e+99 at .top; expected a whole number"),
        (#"{"history":["i1"],"top":1e999}"#, 400, "malformed-request", "a number that does not fit at .top"),
        (#"{"history":["i1"],"offset":1.5}"#, 400, "malformed-request", "found 1.5 at .offset; expected a whole number"),
        (#"{"history":["i1"],"top":"5"}"#, 400, "malformed-request", ".top; expected a whole number"),
        (#"{"history":["i1"],"top":0}"#, 422, "invalid-request", "0 items"),
        (#"{"history":["i1"],"top":1001}"#, 422, "invalid-request", "1 to 1000"),
        (#"{"history":["i1"],"offset":-1}"#, 422, "invalid-request", "-1 items"),
        (#"{"history":["i1"],"top":9223372036854775807}"#, 422, "invalid-request", "1 to 1000"),
        (#"{"history":null}"#, 400, "malformed-request", "no \"history\" at the top"),
        (
            #"{"history":["i1"],"topn":2}"#, 400, "malformed-request",
            "found an unknown field at .topn; expected only history, top, offset, exclude, allow, user"
        ),
        (#"{"history":["i1"],"a\u001b":2,"n":1}"#, 400, "malformed-request", "unknown fields at .a\\u{1B}, .n; "),
        (#"{"history":["i1"],"exclude":["i2","x","y\u0007"]}"#, 422, "invalid-request", #"found "x", "y\u{7}" in "exclude""#),
        (#"{"history":["i1"],"allow":["x"]}"#, 422, "invalid-request", #"found "x" in "allow""#),
        (#"{"history":["\ud800"]}"#, 400, "malformed-request", "JSON"),
        (String(repeating: "[", count: 100_000), 400, "malformed-request", "JSON"),
    ]

    @Test("an invalid body is refused with its place and what was expected") func bodies() async throws {
        try await LiveService.with { service in
            for (body, status, name, detail) in Self.bodies {
                let answer = try await service.send("POST", "/v1/recommendations", body)
                let problem = try answer.problem()
                #expect(answer.status == status && problem.type == "urn:foldin:problem:" + name, "\(body.prefix(50)): \(problem)")
                #expect(problem.detail.contains(detail), "\(body.prefix(50)): \(problem.detail)")
            }
            // A list and a batch that are too long by one.
            let long = "{\"history\":[" + (0...10_000).map { "\"\($0)\"" }.joined(separator: ",") + "]}"
            #expect(try await service.send("POST", "/v1/recommendations", long).status == 422)
            let batch = "{\"requests\":[" + (0...256).map { _ in "{\"history\":[]}" }.joined(separator: ",") + "]}"
            #expect(try await service.send("POST", "/v1/recommendations:batch", batch).status == 422)
        }
    }

    @Test("size, content type, method, path and query are checked") func requests() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.bodyBytes = 1_000 }).run { service in
            let large = "{\"history\":[\"" + String(repeating: "x", count: 1_000) + "\"]}"
            #expect(try await service.send("POST", "/v1/recommendations", large).problem().status == 413)
            // A chunked body has no Content-Length.
            let chunked =
                "POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "400\r\n" + String(repeating: " ", count: 1_024) + "\r\n", count: 3) + "0\r\n\r\n"
            let answer = await service.raw(chunked)
            #expect(answer.hasPrefix("HTTP/1.1 413"))
            for headers in [["Content-Type": "text/plain"], ["Content-Type": "application/jsonp"], ["Content-Type": ""]] {
                #expect(
                    try await service.send("POST", "/v1/recommendations", "{\"history\":[]}", headers: headers).problem().status
                        == 415)
            }
            let wrong = try await service.send("DELETE", "/v1/recommendations")
            #expect(try wrong.problem().status == 405 && wrong.headers["allow"] == "POST")
            #expect(try await service.send("PUT", "/").headers["allow"] == "GET, HEAD")
            for path in ["/nothing", "/v1", "/v1/items/i1", "/v1/items/i1/similar/x", "/V1/models"] {
                #expect(try await service.send("GET", path).problem().status == 404, "\(path)")
            }
            for path in [
                "/v1/items", "/v1/items?query=%FF", "/v1/items?query=a&top=x", "/v1/items?query=a&top=0",
                "/v1/items/%FF/similar",
                "/v1/items/i1/similar?top=1001",
            ] {
                #expect(try await service.send("GET", path).problem().status == 400, "\(path)")
            }
            #expect(
                try await service.send("POST", "/v1/events", #"{"events":[{"user":"u","item":"i1"}]}"#).problem().detail.contains(
                    "stores no events"))
        }
    }

    @Test("a client that sends its body slowly is disconnected while others are served") func slowBodies() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.bodyTime = .milliseconds(300) }).run {
            service throws in
            let head =
                "POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            let slow = Task.detached { () -> Duration in
                let began = ContinuousClock.now
                _ = await service.raw(head)
                return .now - began
            }
            #expect(try await service.client.recommendations(havingLiked: ["i1"]).items.count == 10)
            #expect(await slow.value < .seconds(4))
        }
    }

    @Test("paths and request ids reach neither the file system nor the headers") func injection() async throws {
        try await LiveService.with { service in
            for path in [
                "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/page.js/../../x", "//etc/passwd",
                "/v1/items/..%2F..%2Fetc%2Fpasswd/similar", "/%00",
            ] {
                let answer = await service.raw("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 404") && !answer.contains("root:"), "\(path): \(answer.prefix(200))")
            }
            // A request id is returned only if it is valid; no part of it becomes a header.
            for id in ["a b", "x\u{7F}", "é", String(repeating: "a", count: 65), "a;b\t"] {
                let answer = await service.raw(
                    "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: \(id)\r\nConnection: close\r\n\r\n")
                #expect(
                    !answer.contains(id) && (answer.hasPrefix("HTTP/1.1 200") || answer.hasPrefix("HTTP/1.1 400")),
                    "\(id): \(answer)")
            }
            let plain = try await service.send("GET", "/health/live", headers: ["X-Request-ID": "trace-1.a_B"])
            #expect(plain.headers["x-request-id"] == "trace-1.a_B")
            let split = await service.raw(
                "GET /v1/items/a%0d%0aSet-Cookie:%20x=1/similar HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(split.hasPrefix("HTTP/1.1 404") && !split.lowercased().contains("set-cookie"))
        }
    }

    @Test("bytes that are not HTTP are refused") func notHTTP() async throws {
        try await LiveService.with { service throws in
            for text in [
                "\u{16}\u{3}\u{1}nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            ] {
                let answer = await service.raw(text)
                #expect(answer.hasPrefix("HTTP/1.1 400") && answer.lowercased().contains("connection: close"), "\(answer)")
                let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
                let problem = try JSONDecoder().decode(ProblemDocument.self, from: Data(body.utf8))
                #expect(problem.type == "urn:foldin:problem:malformed-request", "\(answer)")
                #expect(answer.contains("X-Request-ID: \(problem.requestId ?? "none")"), "\(answer)")
            }
            #expect(try await service.client.models().count == 1)
        }
    }

    @Test("requests of other sites and for other hosts are refused") func foreignOrigins() async throws {
        try await LiveService.with { service throws in
            for site in ["cross-site", "same-site"] {
                #expect(
                    try await service.send("POST", "/v1/models:reload", headers: ["Sec-Fetch-Site": site]).problem().status == 403
                )
            }
            let rebound = await service.raw(
                "GET /v1/models HTTP/1.1\r\nHost: evil.example:\(service.port)\r\nConnection: close\r\n\r\n")
            #expect(rebound.hasPrefix("HTTP/1.1 403"))
            #expect(try await service.send("GET", "/v1/models", headers: ["Sec-Fetch-Site": "same-origin"]).status == 200)
        }
    }

    @Test("an address in use, one of another machine and an unknown name are refused with the address and a reason")
    func ofAddresses() async throws {
        try await LiveService.with { service in
            for (host, port, place, words, reason) in [
                ("127.0.0.1", service.port, "127.0.0.1:\(service.port)", "already in use", FoldinError.Reason.portInUse),
                ("192.0.2.1", 0, "192.0.2.1:0", "does not belong to this machine", .hostNotLocal),
                ("no-such-host.invalid", 0, nil, "no-such-host.invalid", .hostNotLocal),
            ] {
                var configuration = ServiceConfiguration(model: service.folder.path + "/model.safetensors")
                (configuration.host, configuration.port, configuration.isOpen) = (host, port, true)
                configuration.watch = nil
                let server = try await FoldinServer(
                    configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let error = await #expect(throws: FoldinError.self) { try await server.run() }
                #expect(error?.kind == .cannotCreate && error?.file == place, "\(String(describing: error))")
                #expect(error?.description.contains(words) == true && error?.reason == reason, "\(String(describing: error))")
                #expect(error?.description.contains("--") == false, "\(String(describing: error))")
            }
        }
    }

    @Test("a client beyond its rate is refused") func rates() async throws {
        try await LiveService.configured({ configuration, _ in configuration.rate = 0.001 }).run { service in
            #expect(try await service.send("GET", "/v1/models").status == 200)
            let refused = try await service.send("GET", "/v1/models")
            let wait = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect(try refused.problem().status == 429 && (900...1_000).contains(wait))
            #expect(try await service.send("GET", "/health/live").status == 200)
        }
    }
}
#endif

#if Service
import Foundation
import Testing

@testable import FoldinService

/// The rules of HTTP/1.1 for connections, hosts and paths.
@Suite("Service: rules of HTTP/1.1") struct ConnectionRulesTests {
    @Test("replies are in the order of the requests") func pipelining() async throws {
        try await LiveService.with { service in
            let last = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = await service.raw(String(repeating: ConnectionTests.models + ConnectionTests.live, count: 20) + last)
            let bodies = answer.components(separatedBy: "HTTP/1.1 200 OK").dropFirst()
            #expect(bodies.count == 41 && bodies.last?.contains("ready\"}") == true)
            for (place, body) in bodies.dropLast().enumerated() {
                #expect(body.contains(place % 2 == 0 ? "\"models\"" : "live\"}"))
            }
            let cut = await service.raw(ConnectionTests.models + ConnectionTests.live + "nonsense\r\n\r\n")
            #expect(cut.components(separatedBy: "HTTP/1.1 200 OK").count == 3 && cut.contains("HTTP/1.1 400 "), "\(cut)")
        }
    }

    @Test("an incomplete body gets status 400, also behind other requests") func incompleteBodies() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.bodyTime = .seconds(3_600) }).run { service in
            let broken = ExpectationTests.head(length: 100) + "{"
            for text in [broken, ConnectionTests.models + broken, ConnectionTests.models + ConnectionTests.live + broken] {
                let socket = try Socket(port: service.port)
                socket.send(text)
                socket.endSending()
                let answer = await socket.talk("", until: nil)
                #expect(answer.contains("HTTP/1.1 400 ") && answer.contains("incomplete body"), "\(answer)")
                socket.hangUp()
            }
        }
    }

    @Test("the tokens of the Connection header are obeyed") func connectionTokens() async throws {
        try await LiveService.with { service in
            for value in ["Close", "CLOSE", "keep-alive, close", "close , x", "x,\tclose"] {
                let request = ConnectionTests.models.replacingOccurrences(
                    of: "\r\n\r\n", with: "\r\nConnection: \(value)\r\n\r\n")
                let answer = await service.talk([(request, "<closed>")])[0]
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("<closed>"), "\(value): \(answer)")
            }
            let old = await service.talk([("GET /v1/models HTTP/1.0\r\n\r\n", "<closed>")])[0]
            #expect(old.contains(" 200 OK") && old.hasSuffix("<closed>"))
            let kept = await service.talk([
                ("GET /v1/models HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "]}"), (ConnectionTests.live, "live\"}"),
            ])
            #expect(kept[0].contains("Connection: keep-alive") && kept[1].contains("live"))
        }
    }

    @Test("a malformed or foreign host is refused") func hosts() async throws {
        try await LiveService.with { service in
            for (lines, status) in [
                ("", 400), ("Host: localhost\r\nHost: localhost\r\n", 400), ("Host: user@localhost\r\n", 400),
                ("Host: local host\r\n", 400), ("Host: localhost/x\r\n", 400), ("Host: localhost\r\n", 200),
                ("Host: LOCALHOST:1\r\n", 200), ("Host: [::1]:80\r\n", 200), ("Host: 127.1.2.3\r\n", 200),
                ("Host: 127.evil.example\r\n", 403),
            ] {
                let answer = await service.raw("GET /v1/models HTTP/1.1\r\n\(lines)Connection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(lines): \(answer)")
                if status == 400 { #expect(answer.contains("malformed-request") && answer.contains("X-Request-ID: ")) }
            }
            // The host of the target counts.
            for (target, status) in [("http://localhost/v1/models", 200), ("http://evil.example/v1/models", 403)] {
                let answer = await service.raw("GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(target): \(answer)")
            }
        }
    }

    @Test("loopback addresses and clients are recognised") func addresses() {
        for host in ["127.0.0.1", "127.255.0.9", "::1", "[::1]", "::ffff:127.0.0.1", "::FFFF:7f01:203", "localhost", "LocalHost"]
        {
            #expect(NetworkAddress.isLoopback(host), "\(host)")
        }
        for host in [
            "127.evil.example", "127.0.0.1.evil.example", "127.1", "128.0.0.1", "::", "::2", "::ffff:128.0.0.1", "", "1::1",
        ] {
            #expect(!NetworkAddress.isLoopback(host), "\(host)")
        }
        #expect(NetworkAddress("2001:db8::1")?.client == NetworkAddress("2001:db8::ffff:1")?.client)
        #expect(NetworkAddress("2001:db8::1")?.client != NetworkAddress("2001:db8:0:1::1")?.client)
        #expect(NetworkAddress("192.0.2.1")?.client != NetworkAddress("192.0.2.2")?.client)
        #expect(NetworkAddress("::ffff:192.0.2.1") == NetworkAddress("192.0.2.1"))
    }

    @Test("a path with other slashes or escapes than a route is not found") func exactPaths() async throws {
        try await LiveService.with { service in
            for path in [
                "/metrics/", "//metrics", "/%6detrics", "/v1//models", "/v1/models/", "/health/live/", "/v1/items//i1/similar",
                "//",
            ] {
                let answer = await service.raw("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 404 "), "\(path): \(answer)")
                let other = await service.raw("PUT \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(other.hasPrefix("HTTP/1.1 404 "), "\(path): \(other)")
            }
        }
    }
}
#endif

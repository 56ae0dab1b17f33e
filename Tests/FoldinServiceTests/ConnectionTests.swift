import FoldinClient
import FoldinInteractions
import FoldinTestSupport
import Foundation
import NIOHTTP1
import Testing

@testable import FoldinService

/// Limits of connections, of bytes and of time, and the rules of HTTP/1.1 for connections.
@Suite("Service: connections") struct ConnectionTests {
    static let live = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    static let models = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// The value of a metric; nil when it is not there.
    static func metric(_ name: String, of service: LiveService) async throws -> Double? {
        let text = try await service.send("GET", "/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// Past the limit only health is answered; of such connections the oldest goes for a new one. Then there is space again.
    @Test func haveALimit() async throws {
        try await LiveService.configured({ configuration, _ in
            configuration.maxConnections = 4
            configuration.maxConnectionsPerAddress = 4
        }).run { service in
            let sockets = try (0..<4).map { _ in try Socket(port: service.port) }
            // Once one is answered all before it have been taken.
            for socket in sockets { #expect(await socket.talk(Self.live, until: "live\"}").hasPrefix("HTTP/1.1 200 ")) }
            #expect(await service.raw(Self.live).contains("live\"}"))
            let refused = await service.raw(Self.models)
            #expect(
                refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("Retry-After: ") && refused.contains("Connection: close"))
            #expect(await sockets[0].talk(Self.models, until: "]}").hasPrefix("HTTP/1.1 200 "))
            // More than may ask for health: none of them keeps a new one out.
            let silent = try (0..<60).map { _ in try Socket(port: service.port) }
            #expect(await service.raw(Self.live).contains("live\"}"))
            #expect(await silent[0].talk("", until: nil).contains("503"))
            for socket in silent { socket.hangUp() }
            sockets[0].hangUp()
            var answer = ""
            for _ in 0..<1_000 where !answer.hasPrefix("HTTP/1.1 200 ") {
                answer = await service.raw(
                    Self.models.replacingOccurrences(of: "\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            for socket in sockets { socket.hangUp() }
        }
    }

    @Test func haveALimitPerAddress() async throws {
        try await LiveService.configured({ configuration, _ in configuration.maxConnectionsPerAddress = 2 }).run { service in
            let sockets = try (0..<2).map { _ in try Socket(port: service.port) }
            for socket in sockets { _ = await socket.talk(Self.live, until: "live\"}") }
            #expect(await service.raw(Self.models).hasPrefix("HTTP/1.1 503 "))
            #expect(await service.raw(Self.live).contains("live\"}"))
            for socket in sockets { socket.hangUp() }
        }
    }

    @Test func limitsFollowFromOpenFiles() throws {
        func limits(_ limit: Int, requested: Int? = nil, perAddress: Int? = nil, loops: Int = 2) throws -> ConnectionLimits {
            try ConnectionLimits(requested: requested, perAddress: perAddress, limit: limit, open: 12, loops: loops)
        }
        let large = try limits(1 << 20)
        #expect(large.total == 10_000 && large.perAddress == 5_000)
        for limit in [256, 1_024] {
            let limits = try limits(limit)
            #expect(limits.total >= 64 && limits.sockets + 64 + 12 <= limit && limits.perAddress == limits.total / 2)
        }
        #expect(try limits(1_024, requested: 100, perAddress: 100).perAddress == 100)
        #expect(try limits(1_024, requested: 1).perAddress == 1)
        for (limit, requested) in [(64, nil), (1_024, 5_000)] {
            let error = #expect(throws: FoldinError.self) { try limits(limit, requested: requested) }
            #expect(error?.kind == .usage && error?.exitStatus == 64 && error?.description.contains("at least") == true)
        }
        // With what the message names it starts.
        let needed = try #require((64..<1_024).first { (try? limits($0)) != nil })
        let error = #expect(throws: FoldinError.self) { try limits(64) }
        #expect(error?.expected == "at least \(needed)" && error?.reason == .tooFewOpenFiles, "\(needed): \(String(describing: error))")
    }

    /// A client that asks for many large replies and reads none of them holds one at a time, and goes without a trace.
    @Test func unreadRepliesAreBounded() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.replyTime = .milliseconds(200) }).run {
            service throws in
            let socket = try Socket(port: service.port, receiveBuffer: 4_096)
            let page = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
            socket.send(String(repeating: page, count: 1_000))
            // It is hung up on in the midst of a reply, long before the last.
            let answer = await socket.talk("", until: nil, afterClose: service, connections: 1)
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count < 200)
            #expect(try await Self.metric("foldin_buffered_bytes", of: service) == 0)
        }
    }

    /// What all clients send and are sent is within one budget, of which nothing is lost.
    @Test func bodiesAreBounded() async throws {
        try await LiveService.configured({ configuration, _ in
            configuration.limits.bodyBytes = 100_000
            configuration.limits.bodyTime = .seconds(3_600)
            configuration.maxBuffered = 400_000
        }).run { service in
            let head =
                "POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: 100000\r\n\r\n"
            let body = #"{"history":["i1"],"top":1,"offset":"# + String(repeating: " ", count: 99_963) + "0}"
            #expect(body.utf8.count == 100_000)
            let sockets = try (0..<4).map { _ in try Socket(port: service.port) }
            // One client may hold half; some of it is left for replies.
            for socket in sockets[..<2] { socket.send(head + body.dropLast(10_000)) }
            for _ in 0..<1_000 where try await Self.metric("foldin_buffered_bytes", of: service) != 180_000 {
                try await Task.sleep(for: .milliseconds(5))
            }
            var refused = ""
            for _ in 0..<10 where !refused.hasPrefix("HTTP/1.1 503 ") {
                refused = await service.talk([(head + body, "}")])[0]
            }
            #expect(refused.contains("Retry-After: ") && refused.contains("Connection: close"), "\(refused)")
            for socket in sockets[..<2] {
                #expect(await socket.talk(String(body.suffix(10_000)), until: "]}").hasPrefix("HTTP/1.1 200 "))
            }
            #expect(await sockets[2].talk(head + body, until: "]}").hasPrefix("HTTP/1.1 200 "))
            for socket in sockets { socket.hangUp() }
            // The reply that says so is not written yet.
            #expect(try await Self.metric("foldin_buffered_bytes", of: service) == 0)
        }
    }

    /// A body that no route reads is not taken: the reply comes before it, and the connection is closed.
    @Test(arguments: [
        ("POST", "/nothing", 404), ("PUT", "/v1/models", 405), ("GET", "/v1/models?x=1", 400), ("POST", "/v1/events", 415),
    ])
    func unwantedBodiesAreNotRead(method: String, path: String, status: Int) async throws {
        try await LiveService.with { service in
            let head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            let answer = await service.talk([(head, "<closed>")])[0]
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("Connection: close\r\n"), "\(answer)")
        }
    }

    @Test func slowBodiesGet408() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.bodyTime = .milliseconds(100) }).run {
            service in
            let answer = await service.raw(ExpectationTests.head(length: 100) + "{")
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("too-slow") && answer.contains("Connection: close"))
        }
    }

    @Test func slowHeadsAreHungUpOn() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.idleTime = .milliseconds(100) }).run {
            service in
            #expect(await service.talk([("GET /v1/models HTT", "<closed>")]) == ["<closed>"])
            #expect(await service.talk([(Self.live + "GET", "<closed>")])[0].hasSuffix("live\"}<closed>"))
        }
    }

    /// Replies come in the order of the requests, whoever makes them.
    @Test func pipelinedRequestsStayInOrder() async throws {
        try await LiveService.with { service in
            let last = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = await service.raw(String(repeating: Self.models + Self.live, count: 20) + last)
            let bodies = answer.components(separatedBy: "HTTP/1.1 200 OK").dropFirst()
            #expect(bodies.count == 41 && bodies.last?.contains("ready\"}") == true)
            for (place, body) in bodies.dropLast().enumerated() {
                #expect(body.contains(place % 2 == 0 ? "\"models\"" : "live\"}"))
            }
            let cut = await service.raw(Self.models + Self.live + "nonsense\r\n\r\n")
            #expect(cut.components(separatedBy: "HTTP/1.1 200 OK").count == 3 && cut.contains("HTTP/1.1 400 "), "\(cut)")
        }
    }

    /// The end of what a client sends is known to a request that came behind another, too.
    @Test func bodiesThatBreakOffGet400() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.bodyTime = .seconds(3_600) }).run { service in
            let broken = ExpectationTests.head(length: 100) + "{"
            for text in [broken, Self.models + broken, Self.models + Self.live + broken] {
                let socket = try Socket(port: service.port)
                socket.send(text)
                socket.endSending()
                let answer = await socket.talk("", until: nil)
                #expect(answer.contains("HTTP/1.1 400 ") && answer.contains("broke off"), "\(answer)")
                socket.hangUp()
            }
        }
    }

    @Test func tokensOfConnectionAreRead() async throws {
        try await LiveService.with { service in
            for value in ["Close", "CLOSE", "keep-alive, close", "close , x", "x,\tclose"] {
                let request = Self.models.replacingOccurrences(of: "\r\n\r\n", with: "\r\nConnection: \(value)\r\n\r\n")
                let answer = await service.talk([(request, "<closed>")])[0]
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("<closed>"), "\(value): \(answer)")
            }
            let old = await service.talk([("GET /v1/models HTTP/1.0\r\n\r\n", "<closed>")])[0]
            #expect(old.contains(" 200 OK") && old.hasSuffix("<closed>"))
            let kept = await service.talk([
                ("GET /v1/models HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "]}"), (Self.live, "live\"}"),
            ])
            #expect(kept[0].contains("Connection: keep-alive") && kept[1].contains("live"))
        }
    }

    @Test func hostsAreChecked() async throws {
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
            // The target's own host counts.
            for (target, status) in [("http://localhost/v1/models", 200), ("http://evil.example/v1/models", 403)] {
                let answer = await service.raw("GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(target): \(answer)")
            }
        }
    }

    @Test func addressesAreParsed() {
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

    @Test func pathsAreExact() async throws {
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

/// A connection that a test holds open. Its calls wait on threads of their own.
struct Socket: Sendable {
    private let descriptor: Int32

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        guard let descriptor = Socket.connected(to: port, patience: 10, receiveBuffer: receiveBuffer) else {
            throw URLError(.cannotConnectToHost)
        }
        self.descriptor = descriptor
    }

    /// The descriptor of a connection that waits `patience` seconds for bytes; nil when the service cannot be reached.
    static func connected(to port: Int, patience: Int, receiveBuffer: Int32? = nil) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Sends, and returns what comes until `end` has, or with nil until the service hangs up.
    func talk(_ text: String, until end: String?) async -> String {
        send(text)
        return await withCheckedContinuation { continuation in
            DispatchQueue(label: "socket").async {
                var received = ""
                var piece = [UInt8](repeating: 0, count: 65_536)
                while end.map({ !received.contains($0) }) ?? true {
                    let count = recv(descriptor, &piece, piece.count, 0)
                    guard count > 0 else { break }
                    received += String(decoding: piece[..<count], as: UTF8.self)
                }
                continuation.resume(returning: received)
            }
        }
    }

    /// The same, once the service has closed all but `connections`.
    func talk(_ text: String, until end: String?, afterClose service: LiveService, connections: Double) async -> String {
        for _ in 0..<1_000 {
            if (try? await ConnectionTests.metric("foldin_connections", of: service)) ?? 0 <= connections { break }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return await talk(text, until: end)
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func hangUp() { close(descriptor) }
}

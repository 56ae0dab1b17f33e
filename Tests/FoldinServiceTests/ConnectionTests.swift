#if Service
import FoldinClient
import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import NIOHTTP1
import Testing

@testable import FoldinService

/// Limits of connections, of bytes and of time.
@Suite("Service: connections") struct ConnectionTests {
    static let live = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    static let models = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// The value of a metric; nil if there is none.
    static func metric(_ name: String, of service: LiveService) async throws -> Double? {
        let text = try await service.send("GET", "/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    @Test("beyond the limit of connections only health is answered, until connections are closed") func limit() async throws {
        try await LiveService.configured({ configuration, _ in
            configuration.maxConnections = 4
            configuration.maxConnectionsPerAddress = 4
        }).run { service in
            let sockets = try (0..<4).map { _ in try Socket(port: service.port) }
            // When one is answered, all before it have been accepted.
            for socket in sockets { #expect(await socket.talk(Self.live, until: "live\"}").hasPrefix("HTTP/1.1 200 ")) }
            #expect(await service.raw(Self.live).contains("live\"}"))
            let refused = await service.raw(Self.models)
            #expect(
                refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("Retry-After: ") && refused.contains("Connection: close"))
            #expect(await sockets[0].talk(Self.models, until: "]}").hasPrefix("HTTP/1.1 200 "))
            // More than may request health: a new one is accepted all the same, and the oldest are closed.
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
            for socket in sockets[1...] { socket.hangUp() }
        }
    }

    @Test("an address has a limit of connections") func limitPerAddress() async throws {
        try await LiveService.configured({ configuration, _ in configuration.maxConnectionsPerAddress = 2 }).run { service in
            let sockets = try (0..<2).map { _ in try Socket(port: service.port) }
            for socket in sockets { _ = await socket.talk(Self.live, until: "live\"}") }
            #expect(await service.raw(Self.models).hasPrefix("HTTP/1.1 503 "))
            #expect(await service.raw(Self.live).contains("live\"}"))
            for socket in sockets { socket.hangUp() }
        }
    }

    @Test("the limits follow from the system's limit on open files") func limitsByOpenFiles() throws {
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
        // It starts with the limit that the message names.
        let needed = try #require((64..<1_024).first { (try? limits($0)) != nil })
        let error = #expect(throws: FoldinError.self) { try limits(64) }
        #expect(
            error?.expected == "at least \(needed)" && error?.reason == .tooFewOpenFiles,
            "\(needed): \(String(describing: error))")
    }

    @Test("a client that reads no replies holds one at a time, and is disconnected") func unreadReplies() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.replyTime = .milliseconds(200) }).run {
            service throws in
            let socket = try Socket(port: service.port, receiveBuffer: 4_096)
            let page = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
            socket.send(String(repeating: page, count: 1_000))
            // It is disconnected during a reply, long before the last.
            let answer = await socket.talk("", until: nil, afterClose: service, connections: 1)
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count < 200)
            #expect(try await Self.metric("foldin_buffered_bytes", of: service) == 0)
        }
    }

    @Test("the bodies of all clients share one budget of bytes, which is released") func bufferedBodies() async throws {
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
            // One client may have half of the budget; a part of that is left for replies.
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
            // The reply with the metric itself is not counted yet.
            #expect(try await Self.metric("foldin_buffered_bytes", of: service) == 0)
        }
    }

    @Test(
        "a body that no route reads is not read: the reply comes first, and the connection is closed",
        arguments: [
            ("POST", "/nothing", 404), ("PUT", "/v1/models", 405), ("GET", "/v1/models?x=1", 400), ("POST", "/v1/events", 415),
        ]) func unreadBodies(method: String, path: String, status: Int) async throws
    {
        try await LiveService.with { service in
            let head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            let answer = await service.talk([(head, "<closed>")])[0]
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("Connection: close\r\n"), "\(answer)")
        }
    }

    @Test("a slow body gets status 408") func slowBodies() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.bodyTime = .milliseconds(100) }).run {
            service in
            let answer = await service.raw(ExpectationTests.head(length: 100) + "{")
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("too-slow") && answer.contains("Connection: close"))
        }
    }

    @Test("a connection with a slow head is closed") func slowHeads() async throws {
        try await LiveService.configured({ configuration, _ in configuration.limits.idleTime = .milliseconds(100) }).run {
            service in
            #expect(await service.talk([("GET /v1/models HTT", "<closed>")]) == ["<closed>"])
            #expect(await service.talk([(Self.live + "GET", "<closed>")])[0].hasSuffix("live\"}<closed>"))
        }
    }
}
#endif

#if Service
import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import Logging
import Testing

@testable import FoldinService

/// Everything around requests: the log, secret files, reloading, readiness, the shutdown.
@Suite("Service: operating") struct OperatingTests {
    @Test("a log that is not read delays no caller; dropped lines are counted and reported") func stalledLog() async throws {
        var pipe: [Int32] = [0, 0]
        try #require(Foundation.pipe(&pipe) == 0)
        let queue = LogQueue(descriptor: pipe[1], limit: 1 << 18)
        let logger = Logger(label: "test") { _ in JSONLogHandler(level: .info, queue: queue) }
        let text = String(repeating: "x", count: 1_000)
        for line in 0..<2_000 { logger.info("\(text)", metadata: ["line": "\(line)"]) }
        let dropped = queue.takeDropped()
        #expect(dropped > 1_000 && queue.takeDropped() == 0)
        await queue.flush(within: .zero)
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while !String(decoding: received.suffix(200), as: UTF8.self).contains("log lines dropped") {
            let count = read(pipe[0], &piece, piece.count)
            try #require(count > 0)
            received += piece[..<count]
        }
        let lines = String(decoding: received, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2_000 - dropped + 1 && lines.last?.contains("\"lines\":\"\(dropped)\"") == true)
        await queue.flush()
        logger.info("again")
        let count = read(pipe[0], &piece, piece.count)
        #expect(String(decoding: piece[..<max(0, count)], as: UTF8.self).contains("again"))
    }

    @Test("every number of an option is accepted or refused", arguments: [Int.min, -1, 0, 1, 1 << 40, .max]) func extremeNumbers(
        number: Int
    ) {
        let settings: [(inout ServiceConfiguration) -> Void] = [
            { $0.maxConnections = number }, { $0.maxConnectionsPerAddress = number }, { $0.maxBuffered = number },
            { $0.limits.bodyBytes = number }, { $0.batchSize = number }, { $0.queueSize = number }, { $0.keptModels = number },
            { $0.eventsPerUser = number }, { $0.port = number }, { $0.drainTime = .seconds(number) },
        ]
        for set in settings {
            var configuration = ServiceConfiguration(model: "m")
            set(&configuration)
            let isValid = failure { try configuration.validate() } == nil
            #expect(!isValid || number >= 0)
            guard isValid else { continue }
            let (total, perAddress) = (configuration.maxConnections, configuration.maxConnectionsPerAddress)
            _ = try? ConnectionLimits(requested: total, perAddress: perAddress, limit: 1_024, open: 10, loops: 2)
        }
    }

    @Test("a database that is a file of the configuration is refused", arguments: ["events", "events-wal", "link"]) func overlap(
        model: String
    ) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/" + model
        try Data().write(to: URL(filePath: path == folder.path + "/link" ? folder.path + "/model" : path))
        var configuration = ServiceConfiguration(model: path)
        configuration.events = .sqlite(folder.path + "/events")
        if model == "link" {
            configuration.model = folder.path + "/model"
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/events", withDestinationPath: "model")
        }
        #expect { try configuration.refuseOverlap() } throws: { ($0 as? FoldinError)?.kind == .usage }
        configuration.events = .sqlite(folder.path + "/others")
        try configuration.refuseOverlap()
    }

    @Test("a secret file that others can read is refused") func secrets() throws {
        let folder = try TemporaryFolder()
        let path = try writeSecret("secret", to: folder.path + "/secret")
        #expect(try SecretFile.contents(of: path, expected: "x") == Data("secret".utf8))
        chmod(path, 0o400)
        #expect(try SecretFile.contents(of: path, expected: "x") == Data("secret".utf8))
        for mode: mode_t in [0o640, 0o604, 0o644, 0o660, 0o602, 0o666] {
            chmod(path, mode)
            let error = #expect(throws: FoldinError.self) { try SecretFile.contents(of: path, expected: "x") }
            #expect(error?.kind == .badData && error?.file == path && error?.expected.contains("chmod 600") == true)
            #expect(error?.found.contains("0" + String(mode, radix: 8)) == true, "\(String(describing: error))")
        }
        for path in [folder.path, folder.path + "/none"] {
            let error = #expect(throws: FoldinError.self) { try SecretFile.contents(of: path, expected: "x") }
            #expect(error?.kind == .missingInput)
        }
    }

    @Test("an appended key is read again; a file that others can read gets no key") func appendedKeys() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/keys"
        try KeyRing.append(KeyRing.make(name: "a", scope: .read).line, to: path)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        try writeSecret(String(decoding: Data(contentsOf: URL(filePath: path)).dropLast(), as: UTF8.self), to: path)
        try KeyRing.append(KeyRing.make(name: "b", scope: .admin).line, to: path)
        #expect(try KeyRing(contentsOf: path).entries.map(\.name) == ["a", "b"])
        chmod(path, 0o644)
        let error = #expect(throws: FoldinError.self) { try KeyRing.append("c", to: path) }
        #expect(error?.kind == .badData && error?.file == path)
    }

    @Test("reloaded keys replace the old ones; a bad file changes nothing") func reloadedKeys() async throws {
        let folder = try TemporaryFolder()
        let (old, new) = (KeyRing.make(name: "old", scope: .read), KeyRing.make(name: "new", scope: .read))
        let path = try writeSecret(old.line, to: folder.path + "/keys")
        let keys = try ReloadedFile("keys", paths: [path], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
            try KeyRing(contentsOf: path)
        }
        try writeSecret(new.line + "\n# changed\n", to: path)
        // The first check sees the change, the second that the file does not change any more.
        await keys.reloadIfChanged()
        #expect(keys.value.entry(for: old.key) != nil)
        await keys.reloadIfChanged()
        #expect(keys.value.entry(for: old.key) == nil && keys.value.entry(for: new.key)?.name == "new")
        for bad in ["", "nonsense\n"] {
            try writeSecret(bad, to: path)
            await keys.reload()
            #expect(keys.value.entry(for: new.key) != nil)
        }
        chmod(path, 0o644)
        await keys.reload()
        #expect(keys.value.entry(for: new.key) != nil)
    }

    @Test("a service refuses a key that was removed from its file") func revokedKeys() async throws {
        let (old, new) = (KeyRing.make(name: "old", scope: .read), KeyRing.make(name: "new", scope: .read))
        try await LiveService.configured({ configuration, folder in
            configuration.keys = try writeSecret(old.line, to: folder.path + "/keys")
            configuration.watch = .milliseconds(5)
        }).run { service in
            func status(_ key: String) async throws -> Int {
                try await service.send("GET", "/v1/models", headers: ["Authorization": "Bearer " + key]).status
            }
            #expect(try await status(old.key) == 200)
            try writeSecret(new.line + "\n", to: service.folder.path + "/keys")
            var found = 0
            for _ in 0..<1_000 where found != 401 {
                found = try await status(old.key)
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(found == 401)
            #expect(try await status(new.key) == 200)
        }
    }

    @Test("readiness reports a database that was removed or replaced") func readiness() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/events.sqlite"
        let store = try await SQLiteEventStore.open(path)
        let probe = StoreProbe(store)
        let readiness = Readiness(draining: Draining(), probe: probe)
        func size() throws -> Int { try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? 0 }
        let before = try size()
        await probe.check()
        #expect(try readiness.problem == nil && size() > before)
        try await store.append([])
        // With another file in its place, events that are stored now would be lost.
        try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
        await probe.check()
        #expect(readiness.problem?.status.code == 503 && readiness.problem?.detail.contains("removed") == true)
        try Data().write(to: URL(filePath: path))
        await probe.check()
        #expect(readiness.problem?.detail.contains("replaced") == true)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".old", toPath: path)
        await probe.check()
        #expect(readiness.problem == nil)
    }

    @Test("a reply under way is written completely at the shutdown, and the next request is not answered") func shutdown()
        async throws
    {
        let folder = TestFolder(try TemporaryFolder())
        try LiveService.model().save(to: folder.path + "/model.safetensors")
        var configuration = ServiceConfiguration(model: folder.path + "/model.safetensors")
        configuration.port = 0
        let server = try await FoldinServer(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let ending = AsyncStream.makeStream(of: Void.self)
        let running = Task { try await server.run(endingAfter: ending.stream) { listening.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let socket = try Socket(port: port, receiveBuffer: 4_096)
        // More than the buffers of the system: the rest is still in the service when its shutdown begins.
        let page = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let idle = try Socket(port: port)
        #expect(await idle.talk(ConnectionTests.live, until: "live\"}").contains("200"))
        socket.send(String(repeating: page, count: 100))
        ending.continuation.finish()
        // The idle connection is closed when the shutdown has begun.
        #expect(await idle.talk("", until: nil).isEmpty)
        let answer = await socket.talk("", until: nil)
        let replies = answer.components(separatedBy: "HTTP/1.1 200 OK").dropFirst()
        #expect(!replies.isEmpty)
        for reply in replies {
            let parts = reply.components(separatedBy: "\r\n\r\n")
            let length = parts.first?.components(separatedBy: "Content-Length: ").last?.prefix { $0.isNumber }
            #expect(parts.count == 2 && length.flatMap { Int($0) } == parts.last?.utf8.count)
        }
        try await running.value
    }
}
#endif

#if Service
import FoldinClient
import FoldinInteractions
import FoldinKernels
import FoldinRecommending
import FoldinTestSupport
import Foundation
import Logging
import Testing

@testable import FoldinModels
@testable import FoldinService

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A service that listens on a free port of this machine, for one test.
struct LiveService: Sendable {
    static let items = 40

    let port: Int
    let client: FoldinClient
    let folder: TestFolder
    /// The model that it serves, loaded separately.
    let recommender: Recommender

    /// Items "i0" to "i39"; two of three have titles, one of which is difficult to encode as JSON.
    static func model(seed: UInt64 = 4) -> TrainedModel {
        let architecture = Architecture(
            family: .multVAE, items: items, encoder: [8], latent: 5, decoder: [7], encoderDropout: [0.5, 0],
            decoderDropout: [0, 0])
        let titles = (0..<items).map { item in
            item % 3 == 2
                ? nil : item == 4 ? "Né \"映画\" \\ \u{1}\u{1F}\n👩‍👩‍👧" : "Film \(item) of \(item % 2 == 0 ? "Ångström" : "the Sea")"
        }
        return TrainedModel(
            Autoencoder(initializing: architecture, seed: seed), items: Vocabulary((0..<items).map { "i\($0)" }),
            titles: titles,
            card: ModelCard(options: ["seed": "\(seed)"], metrics: ["validation ndcg@100": 0.25], dataChecksum: "00ff"))
    }

    /// Runs `body` with a service of the default configuration.
    static func with(_ body: (LiveService) async throws -> Void) async throws { try await configured({ _, _ in }).run(body) }

    /// A service of `model(seed: 4)`, in `folder.path + "/model.safetensors"`, whose client has `key`.
    static func configured(
        _ configure: @escaping (inout ServiceConfiguration, TestFolder) throws -> Void, key: String? = nil
    ) -> Setting { Setting(configure: configure, key: key) }

    struct Setting {
        let configure: (inout ServiceConfiguration, TestFolder) throws -> Void
        let key: String?

        func run(_ body: (LiveService) async throws -> Void) async throws {
            try await LiveService.run(configure, key: key, body)
        }
    }

    private static func run(
        _ configure: (inout ServiceConfiguration, TestFolder) throws -> Void, key: String?,
        _ body: (LiveService) async throws -> Void
    ) async throws {
        let folder = TestFolder(try TemporaryFolder())
        let model = model()
        try model.save(to: folder.path + "/model.safetensors")
        var configuration = ServiceConfiguration(model: folder.path + "/model.safetensors")
        configuration.port = 0
        configuration.watch = nil
        try configure(&configuration, folder)
        let server = try await FoldinServer(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let running = Task {
            defer { listening.finish() }
            try await server.run { listening.yield($0) }
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next(), let url = URL(string: "http://127.0.0.1:\(port)") else {
            try await running.value
            return
        }
        do {
            try await body(
                LiveService(port: port, client: FoldinClient(url, key: key), folder: folder, recommender: Recommender(model)))
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        _ = await running.result
    }

    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: Data

        var text: String { String(decoding: body, as: UTF8.self) }
        /// The problem document; fails if the body is not one.
        func problem() throws -> ProblemDocument {
            #expect(headers["content-type"] == "application/problem+json")
            let problem = try JSONDecoder().decode(ProblemDocument.self, from: body)
            #expect(problem.status == status && problem.requestId == headers["x-request-id"])
            return problem
        }
    }

    /// Sends a request that `FoldinClient` would not make.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = ["Content-Type": "application/json"]
    ) async throws -> Answer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        var fields: [String: String] = [:]
        for (name, value) in http.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
        return Answer(status: http.statusCode, headers: fields, body: data)
    }

    /// Sends bytes and returns all that is received until the service closes the connection, or nothing arrives for five seconds.
    ///
    /// Blocks a thread of its own: the service, which runs in the same process, needs the few threads that run tasks.
    func raw(_ text: String) async -> String {
        await talk([(text, nil)])[0]
    }

    /// Sends texts one after the other on one connection. After each, waits until `until` is received; if it is nil, until the service closes the
    /// connection or sends nothing for five seconds; if it is empty, does not wait. Returns what was received after each; `<closed>` is the end.
    func talk(_ turns: [(send: String, until: String?)]) async -> [String] {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "raw").async { continuation.resume(returning: exchange(turns)) }
        }
    }

    private func exchange(_ turns: [(send: String, until: String?)]) -> [String] {
        guard let descriptor = Socket.connected(to: port, timeout: 5) else { return turns.map { _ in "not connected" } }
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: 65_536)
        return turns.map { turn in
            _ = Array(turn.send.utf8).withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            var received = ""
            while turn.until.map({ !$0.isEmpty && !received.contains($0) }) ?? true {
                let count = recv(descriptor, &piece, piece.count, 0)
                if count == 0 { received += turn.until == nil ? "" : "<closed>" }
                guard count > 0 else { break }
                received += String(decoding: piece[..<count], as: UTF8.self)
            }
            return received
        }
    }
}

/// Writes a key file or a private key that only its owner may read. Returns the path.
@discardableResult
func writeSecret(_ text: String, to path: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path))
    chmod(path, 0o600)
    return path
}

/// A temporary folder that concurrent tasks may share: its path is constant.
final class TestFolder: @unchecked Sendable {
    // Sendable because only `path` is read after init; the folder is removed with the last reference.
    private let folder: TemporaryFolder
    let path: String

    init(_ folder: TemporaryFolder) {
        self.folder = folder
        path = folder.path
    }
}
#endif

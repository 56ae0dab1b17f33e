#if Service
import FoldinClient
import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinService

/// API keys and key files.
@Suite("Service: keys") struct KeyTests {
    /// Every route that needs a key, with the lowest scope that it accepts.
    static let guarded: [(String, String, Scope)] = [
        ("POST", "/v1/recommendations", .read), ("POST", "/v1/recommendations:batch", .read), ("GET", "/v1/items?query=a", .read),
        ("GET", "/v1/items/i1/similar", .read), ("POST", "/v1/explanations", .read), ("GET", "/v1/models", .read),
        ("POST", "/v1/models:rollback", .admin),
        ("GET", "/metrics", .read), ("GET", "/v1/users/u/recommendations", .read), ("POST", "/v1/events", .write),
        ("DELETE", "/v1/users/u", .write), ("POST", "/v1/models:reload", .admin),
    ]

    @Test("every route needs a key with its scope") func routes() async throws {
        let keys = Dictionary(uniqueKeysWithValues: Scope.allCases.map { ($0, KeyRing.make(name: $0.rawValue, scope: $0)) })
        try await LiveService.configured({ configuration, folder in
            try writeSecret(
                "# ours\n\n" + keys.values.map(\.line).joined(separator: "\n") + "\n", to: folder.path + "/keys")
            configuration.keys = folder.path + "/keys"
            configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run { service in
            for (method, path, scope) in Self.guarded {
                func status(_ authorization: String?) async throws -> Int {
                    var headers = ["Content-Type": "application/json"]
                    headers["Authorization"] = authorization
                    let answer = try await service.send(method, path, method == "POST" ? "{}" : nil, headers: headers)
                    if [401, 403].contains(answer.status) { _ = try answer.problem() }
                    return answer.status
                }
                let read = try #require(keys[.read]?.key)
                for wrong in [
                    nil, "", "Bearer", "Bearer ", "Bearer foldin_0", "Bearer " + read + "0", "Bearer " + read.dropLast(),
                    "Basic " + read, read,
                ] {
                    #expect(try await status(wrong) == 401, "\(method) \(path) \(wrong ?? "-")")
                }
                for given in Scope.allCases {
                    let found = try await status("Bearer " + (keys[given]?.key ?? ""))
                    #expect(given < scope ? found == 403 : ![401, 403].contains(found), "\(method) \(path) \(given): \(found)")
                }
            }
            for path in ["/", "/page.js", "/page.css", "/icon.svg", "/openapi.json", "/health/live", "/health/ready"] {
                #expect(try await service.send("GET", path).status == 200, "\(path)")
            }
            let refused = try await service.send("GET", "/v1/models")
            #expect(refused.headers["www-authenticate"] == "Bearer realm=\"foldin\"")
            _ = try refused.problem()
        }
    }

    @Test("a key file has digests, and tolerates blanks, comments and byte order marks") func keyFiles() throws {
        let folder = try TemporaryFolder()
        let (key, line) = KeyRing.make(name: "shop", scope: .write)
        #expect(key.count == 7 + 64 && !line.contains(key.dropFirst(7)) && line.hasPrefix("shop write "))
        #expect(KeyRing.make(name: "shop", scope: .write).key != key)
        let ring = try KeyRing(contentsOf: try writeSecret(line, to: folder.path + "/keys"))
        #expect(ring.entry(for: key)?.scope == .write && ring.entry(for: key + " ") == nil && ring.entry(for: "") == nil)
        // As other editors write it.
        for text in ["\u{FEFF}" + line, "\u{FEFF}\n" + line, "\r\n# ours\r\n \t" + line + " \r\n", "# a\r\n\r\n" + line + "\r\n"]
        {
            #expect(
                try KeyRing(contentsOf: writeSecret(text, to: folder.path + "/keys")).entries.map(\.name) == ["shop"], "\(text)")
        }
        #expect(failure { try KeyRing(contentsOf: writeSecret("# a\r\n\r\nx\r\n", to: folder.path + "/bad")) }?.line == 3)
        for (text, place) in [
            ("", nil), ("# none\n", nil), ("a read\n", 1), ("\na all " + line.suffix(64), 2), ("a read " + line.suffix(63), 1),
        ] {
            let error = failure { try KeyRing(contentsOf: writeSecret(text, to: folder.path + "/bad")) }
            #expect(error?.kind == .badData && error?.line == place, "\(text)")
        }
        let missing = failure { try KeyRing(contentsOf: folder.path + "/none") }
        #expect(missing?.kind == .missingInput && missing?.reason == .keyFileNeeded)
    }

    @Test("a host that other machines reach needs keys or an explicit permission") func hosts() throws {
        for (host, keys, open, allowed) in [
            ("127.0.0.1", nil, false, true), ("::1", nil, false, true), ("localhost", nil, false, true),
            ("127.8.8.8", nil, false, true),
            ("0.0.0.0", nil, false, false), ("::", nil, false, false), ("example.org", nil, false, false),
            ("0.0.0.0", "keys", false, true),
            ("0.0.0.0", nil, true, true),
        ] as [(String, String?, Bool, Bool)] {
            var configuration = ServiceConfiguration(model: "m")
            (configuration.host, configuration.keys, configuration.isOpen) = (host, keys, open)
            let error = failure { try configuration.validate() }
            #expect((error == nil) == allowed && (error == nil || error?.reason == .keysNeeded), "\(host)")
        }
        for wrong in [\ServiceConfiguration.port] {
            var configuration = ServiceConfiguration(model: "m")
            configuration[keyPath: wrong] = 65_536
            #expect(failure { try configuration.validate() }?.kind == .usage)
        }
    }
}
#endif

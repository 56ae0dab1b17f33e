#if TLS
import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinService

/// TLS with certificates from files. The certificates are for these tests only: made by `openssl req -x509` for localhost, valid for 100 years.
@Suite("Service: TLS") struct CertificateTests {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUGgAwIBAgIUIlKhTNsNkBa4y6hRTwhnyh14YwswCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA0NTQwN1oYDzIxMjYxMDMx
        MDQ1NDA3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAATVpY77cBlsRmUxPjYFbGh5ei01VyFRmGBsU+RSncLfxzKQmbSRommp
        VY2AmKE+y5NOps813aiMm9SUlbCK4C8Zo28wbTAdBgNVHQ4EFgQUJ4TDnLuq0UkS
        7xDGOPlQ/THRsRUwHwYDVR0jBBgwFoAUJ4TDnLuq0UkS7xDGOPlQ/THRsRUwDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSAAwRQIgbgDLiRNmQYETlnVn2wcXtdLlx9rRwJLQIxT+eQeQ2fQCIQCZ
        uO1N+Bh/JFgHETbPg/1Jlk8iVVd3X/bd3lGelvnTmg==
        -----END CERTIFICATE-----
        """
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgs+Xewd3QYP663PGt
        rdZN1PIHPBnkwA1FuOfHp6YRDlGhRANCAATVpY77cBlsRmUxPjYFbGh5ei01VyFR
        mGBsU+RSncLfxzKQmbSRommpVY2AmKE+y5NOps813aiMm9SUlbCK4C8Z
        -----END PRIVATE KEY-----
        """
    static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkl4Z+uceMUZY/QSj
        P6LOful86tpIwzQb6LdUbX2/lLGhRANCAAS+tRu7nMb1xrvXL92idzYJum+VP2+l
        u3mDkF7qTe1LdQEbAzKPcCr3RyfyLM4/3/PRba8Xeh0nVvXxfluzwaEa
        -----END PRIVATE KEY-----
        """

    @Test("a client that trusts the certificate is answered over TLS 1.2 or later; plain HTTP is not") func answersOverTLS()
        async throws
    {
        try await LiveService.configured({ configuration, folder in
            let (chain, key) = (folder.path + "/chain.pem", folder.path + "/key.pem")
            try Data(Self.certificate.utf8).write(to: URL(filePath: chain))
            try writeSecret(Self.key, to: key)
            configuration.certificate = (chain, key)
        }).run { service in
            let chain = service.folder.path + "/chain.pem"
            let answer = try await Self.curl("--cacert", chain, "https://localhost:\(service.port)/health/live")
            #expect(answer == "{\"status\":\"live\"}")
            #expect(try await Self.curl("https://localhost:\(service.port)/health/live").isEmpty)
            #expect(
                try await Self.curl("--cacert", chain, "--tls-max", "1.1", "https://localhost:\(service.port)/health/live")
                    .isEmpty)
            let continued = try await Self.curl(
                "--cacert", chain, "--include", "--expect100-timeout", "60", "-H", "Expect: 100-continue", "-H",
                "Content-Type: application/json", "-d", #"{"history":["i1"],"top":1}"#,
                "https://localhost:\(service.port)/v1/recommendations")
            #expect(continued.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "\(continued)")
            let plain = await service.raw("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(!plain.contains("live"))
        }
    }

    @Test("a missing, malformed or foreign certificate or key is refused") func refusedFiles() throws {
        let folder = try TemporaryFolder()
        func write(_ name: String, _ text: String) throws -> String {
            try writeSecret(text, to: folder.path + "/" + name)
        }
        let (chain, key) = (try write("chain", Self.certificate), try write("key", Self.key))
        _ = try Certificate(chain: chain, key: key)
        // With a byte order mark and carriage returns, as some editors write them.
        func foreign(_ text: String) -> String { "\u{FEFF}" + text.replacingOccurrences(of: "\n", with: "\r\n") }
        _ = try Certificate(chain: try write("chain2", foreign(Self.certificate)), key: try write("key2", foreign(Self.key)))
        for (chain, key, kind, culprit) in [
            (folder.path + "/none", key, FoldinError.Kind.missingInput, "none"),
            (chain, folder.path + "/none", .missingInput, "none"),
            (key, key, .badData, "key"), (chain, chain, .badData, "chain"), (try write("empty", ""), key, .badData, "empty"),
            (chain, try write("other", Self.otherKey), .badData, "other"),
        ] {
            let error = #expect(throws: FoldinError.self) { try Certificate(chain: chain, key: key) }
            #expect(error?.kind == kind && error?.file == folder.path + "/" + culprit, "\(String(describing: error))")
        }
    }

    private static func curl(_ arguments: String...) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "curl").async {
                continuation.resume(
                    with: Result {
                        let (process, pipe) = (Process(), Pipe())
                        process.executableURL = URL(filePath: "/usr/bin/env")
                        process.arguments = ["curl", "--silent", "--max-time", "10"] + arguments
                        process.standardOutput = pipe
                        try process.run()
                        let output = pipe.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return String(decoding: output, as: UTF8.self)
                    })
            }
        }
    }
}
#endif

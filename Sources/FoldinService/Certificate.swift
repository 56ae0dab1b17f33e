#if Service
#if TLS
import FoldinSupport
import Foundation
import NIOCore
import NIOSSL

/// The TLS configuration of the service, read from PEM files. TLS 1.2 and later.
struct Certificate: Sendable {
    private let context: NIOSSLContext

    /// Reads the certificate chain, the service's own certificate first, and the private key, which only its owner may read.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`, also when the key belongs to another certificate.
    init(chain: String, key: String) throws {
        func read<Value>(
            _ path: String, isSecret: Bool = false, expected: String, _ body: ([UInt8]) throws -> Value
        ) throws -> Value {
            let data =
                try isSecret ? SecretFile.contents(of: path, expected: expected) : MappedFile.data(at: path, expected: expected)
            // A byte order mark would hide the first line.
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            do { return try body(Array(data.starts(with: mark) ? data.dropFirst(mark.count) : data)) } catch {
                throw FoldinError(.badData, file: path, found: "\(error)", expected: expected)
            }
        }
        let certificates = try read(chain, expected: "certificates as PEM text") { try NIOSSLCertificate.fromPEMBytes($0) }
        guard !certificates.isEmpty else {
            throw FoldinError(.badData, file: chain, found: "no certificate", expected: "certificates as PEM text")
        }
        let secret = try read(key, isSecret: true, expected: "a private key as PEM text, without a passphrase") {
            try NIOSSLPrivateKey(bytes: $0, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw FoldinError(.badData, file: key, found: "\(error)", expected: "the private key of the certificate in \(chain)")
        }
    }

    /// The handler that ends TLS on one connection.
    func handler() -> some ChannelHandler { NIOSSLServerHandler(context: context) }
}
#else
import FoldinSupport
import NIOCore

/// Stands for the TLS configuration in a build without the package trait TLS.
struct Certificate: Sendable {
    private let never: Never

    /// - Throws: `FoldinError` of kind `usage`, always.
    init(chain: String, key: String) throws {
        throw FoldinError(
            .usage, file: chain, found: "a certificate for a service that was built without TLS", expected: "no certificate",
            reason: .withoutTLS)
    }

    func handler() -> any ChannelHandler { switch never {} }
}
#endif
#endif

import FoldinInteractions
import Foundation
import NIOSSL

/// What the service shows who it is with, read from files of PEM text. TLS 1.2 and later.
struct Certificate: Sendable {
    let configuration: TLSConfiguration

    /// Reads the chain, the service's own certificate first, and its key.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`, also when the key is another certificate's.
    init(chain: String, key: String) throws {
        func read<Value>(_ path: String, expected: String, _ body: ([UInt8]) throws -> Value) throws -> Value {
            let data = try MappedFile.data(at: path, expected: expected)
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
        let secret = try read(key, expected: "a private key as PEM text, without a passphrase") {
            try NIOSSLPrivateKey(bytes: $0, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(secret))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do { _ = try NIOSSLContext(configuration: configuration) } catch {
            throw FoldinError(.badData, file: key, found: "\(error)", expected: "the private key of the certificate in \(chain)")
        }
        self.configuration = configuration
    }
}

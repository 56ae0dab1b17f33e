#if canImport(CryptoKit)
import CryptoKit
#else
import COpenSSL
#endif

/// Digests of files, in lower-case hexadecimal.
public enum Checksum {
    /// The SHA-256 of `bytes`. About 1.5 GB/s if the processor has instructions for it.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        #if canImport(CryptoKit)
        return hexadecimal(SHA256.hash(data: bytes))
        #else
        return digest(bytes, by: EVP_sha256())
        #endif
    }

    /// The MD5 of `bytes`, which some publishers of datasets state. It detects accidental changes, not attacks.
    public static func md5(_ bytes: UnsafeRawBufferPointer) -> String {
        #if canImport(CryptoKit)
        return hexadecimal(Insecure.MD5.hash(data: bytes))
        #else
        return digest(bytes, by: EVP_md5())
        #endif
    }

    #if !canImport(CryptoKit)
    private static func digest(_ bytes: UnsafeRawBufferPointer, by algorithm: OpaquePointer?) -> String {
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let succeeded = EVP_Digest(bytes.baseAddress, bytes.count, &result, &count, algorithm, nil)
        precondition(succeeded == 1, "the system's cryptography library offers no such digest")
        return hexadecimal(result.prefix(Int(count)))
    }
    #endif

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

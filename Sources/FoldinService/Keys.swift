#if Service
import FoldinInteractions
import FoldinSupport
import Foundation

/// What an API key allows. Each scope includes those before it.
public enum Scope: String, Sendable, Codable, CaseIterable, Comparable {
    /// Recommendations, items, explanations, the list of models, metrics.
    case read
    /// Also storing events and deleting those of a user.
    case write
    /// Also reloading models and rolling them back.
    case admin

    /// Whether `right` allows more than `left`.
    public static func < (left: Scope, right: Scope) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// The API keys that a service accepts. Only their SHA-256 digests are stored.
///
/// A key is 256 random bits, which cannot be guessed from a digest even though SHA-256 is fast; passwords would need a slow digest.
///
/// A key file has one line per key, `NAME SCOPE DIGEST`. Blank lines and lines that begin with `#` are ignored, and so are blanks around the
/// words, a byte order mark and carriage returns.
public struct KeyRing: Sendable {
    struct Entry: Sendable {
        let name: String
        let scope: Scope
        let digest: [UInt8]
    }

    let entries: [Entry]

    /// Reads a key file.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` when it cannot be read, `badData` when others than its owner may read it, it has no key or a
    ///   malformed line.
    public init(contentsOf path: String) throws {
        let data = try SecretFile.contents(of: path, expected: "a key file", reason: .keyFileNeeded)
        var entries: [Entry] = []
        var text = String(decoding: data, as: UTF8.self)
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        // A carriage return and a newline are one Character.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard words.count == 3, let scope = Scope(rawValue: words[1]), words[2].count == 64,
                words[2].allSatisfy({ "0123456789abcdef".contains($0) })
            else {
                throw FoldinError(
                    .badData, file: path, line: index + 1, found: "a malformed line",
                    expected: "NAME SCOPE DIGEST: a name, read, write or admin, and 64 hexadecimal digits")
            }
            entries.append(Entry(name: first, scope: scope, digest: Array(words[2].utf8)))
        }
        guard !entries.isEmpty else {
            throw FoldinError(.badData, file: path, found: "no key", expected: "at least one", reason: .keyFileNeeded)
        }
        self.entries = entries
    }

    /// The entry of `key`; nil when there is none. Takes the same time whichever entry matches: every digest is compared to its last byte.
    func entry(for key: String) -> Entry? {
        let digest = Array(KeyRing.digest(of: key).utf8)
        var match: Entry?
        for entry in entries {
            var difference: UInt8 = 0
            for (left, right) in zip(entry.digest, digest) { difference |= left ^ right }
            if difference == 0 { match = entry }
        }
        return match
    }

    /// A new random key, and its line for a key file. The key cannot be found from the line.
    ///
    /// - Parameters:
    ///   - name: one word, which the log shows with each request.
    ///   - scope: what the key allows.
    public static func make(name: String, scope: Scope) -> (key: String, line: String) {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in generator.next() as UInt64 }
        let key =
            "foldin_"
            + words.map { String(repeating: "0", count: $0.leadingZeroBitCount / 4) + ($0 == 0 ? "" : String($0, radix: 16)) }
            .joined()
        return (key, "\(name) \(scope.rawValue) \(digest(of: key))")
    }

    /// Appends a line to the key file `path`, which is created with mode 600 when it does not exist.
    ///
    /// - Throws: `FoldinError` of kind `badData` when others than its owner may read the file, `cannotCreate` or `writeFailed`.
    public static func append(_ line: String, to path: String) throws {
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "a key file that can be written")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let before = try SecretFile.contents(of: path, expected: "a key file")
        let text = (before.isEmpty || before.last == UInt8(ascii: "\n") ? "" : "\n") + line + "\n"
        do { try handle.write(contentsOf: Data(text.utf8)) } catch {
            throw FoldinError(.writeFailed, file: path, found: FoldinError.systemReason, expected: "space for one more key")
        }
    }

    private static func digest(of key: String) -> String { Array(key.utf8).withUnsafeBytes { Checksum.sha256($0) } }
}
#endif

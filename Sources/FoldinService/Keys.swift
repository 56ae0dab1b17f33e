import FoldinInteractions
import Foundation

/// What a key allows. Each includes the ones before it.
public enum Scope: String, Sendable, Codable, CaseIterable, Comparable {
    /// Recommendations, search, metrics.
    case read
    /// Also storing events and deleting users.
    case write
    /// Also reloading models.
    case admin

    public static func < (left: Scope, right: Scope) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// The API keys that are accepted, of which only SHA-256 digests are kept.
///
/// A key is 256 random bits, which no one can guess from a digest however fast the digest is; passwords would need a slow one.
/// The file has a line a key, `NAME SCOPE DIGEST`; blank lines and lines that begin with `#` are passed over. Blanks
/// around the words, a byte order mark and carriage returns do no harm.
public struct KeyRing: Sendable {
    struct Entry: Sendable {
        let name: String
        let scope: Scope
        let digest: [UInt8]
    }

    let entries: [Entry]

    /// Reads a key file, which nobody but its owner may read.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    public init(contentsOf path: String) throws {
        let data = try SecretFile.contents(of: path, expected: "a key file; see 'foldin keys'")
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
                    .badData, file: path, line: index + 1, found: "a line of another form",
                    expected: "NAME SCOPE DIGEST: a name, read, write or admin, and 64 hexadecimal digits")
            }
            entries.append(Entry(name: first, scope: scope, digest: Array(words[2].utf8)))
        }
        guard !entries.isEmpty else { throw FoldinError(.badData, file: path, found: "no key", expected: "at least one") }
        self.entries = entries
    }

    /// The entry of `key`. Every digest is compared to its last byte, whichever matches.
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

    /// A new key, shown once, and the line that lets a key file know it.
    public static func make(name: String, scope: Scope) -> (key: String, line: String) {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in generator.next() as UInt64 }
        let key =
            "foldin_"
            + words.map { String(repeating: "0", count: $0.leadingZeroBitCount / 4) + ($0 == 0 ? "" : String($0, radix: 16)) }
            .joined()
        return (key, "\(name) \(scope.rawValue) \(digest(of: key))")
    }

    /// Appends a line to the key file in `path`, which is made for its owner alone when it is not there.
    ///
    /// - Throws: `FoldinError` of kind `badData` when others can read the file, `cannotCreate` or `writeFailed`.
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

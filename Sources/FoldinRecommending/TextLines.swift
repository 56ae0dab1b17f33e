import FoldinInteractions
import FoldinSupport

/// The lines of a file without line ends (LF, CRLF, or CR alone if there is no LF) and without a byte order mark.
struct TextLines {
    private let path: String
    private let bytes: UnsafeRawBufferPointer
    private let lineEnd: UInt8

    /// The lines of `bytes`, which must stay valid while this value is used.
    init(_ bytes: UnsafeRawBufferPointer, of path: String) {
        self.path = path
        let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        self.bytes = UnsafeRawBufferPointer(rebasing: bytes[mark...])
        let hasLineFeed = self.bytes.contains(0x0A)
        lineEnd = hasLineFeed || !self.bytes.contains(0x0D) ? 0x0A : 0x0D
    }

    /// Calls `body` with each line and its number, from 1, until it returns false. Text after the last line end is a line only if it is not
    /// empty.
    ///
    /// - Throws: what `body` throws, and `FoldinError` of kind `badData` for a line that is not UTF-8 and for a file that is not text.
    func forEachLine(_ body: (_ number: Int, _ line: UnsafeRawBufferPointer) throws -> Bool) throws {
        if let kind = FileKind(bytes) {
            throw FoldinError(.badData, file: path, line: 1, found: kind.name, expected: "text in UTF-8")
        }
        var rest = bytes[...]
        var number = 0
        while !rest.isEmpty {
            let end = rest.firstIndex(of: lineEnd) ?? rest.endIndex
            let line = UnsafeRawBufferPointer(
                rebasing: end > rest.startIndex && bytes[end - 1] == 0x0D ? rest[..<(end - 1)] : rest[..<end])
            number += 1
            if line.contains(where: { $0 >= 0x80 }), String(validating: line, as: UTF8.self) == nil {
                throw FoldinError(
                    .badData, file: path, line: number, found: "bytes that are not UTF-8", expected: "text in UTF-8")
            }
            guard try body(number, line) else { return }
            rest = rest[min(end + 1, rest.endIndex)...]
        }
    }

    /// Calls `body` with the first `count` lines that are not blank and their numbers.
    func withSample<Result>(
        _ count: Int = 1_000, _ body: ([(number: Int, line: UnsafeRawBufferPointer)]) throws -> Result
    ) throws -> Result {
        var sample: [(number: Int, line: UnsafeRawBufferPointer)] = []
        try forEachLine { number, line in
            if !Self.isBlank(line) { sample.append((number, line)) }
            return sample.count < count
        }
        return try body(sample)
    }

    /// Whether a line is empty or has only blanks.
    static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool { line.allSatisfy(IdField.isBlank) }
}

import Foundation

/// Tells files that are no text by their first bytes, for messages.
public enum FileSignature {
    /// What a file is and how to get text out of it.
    public struct Finding: Sendable, Equatable {
        /// For example `a Parquet file`.
        public let name: String
        /// What to do instead, for `expected`.
        public let advice: String
    }

    /// What `bytes`, the beginning of a file, belong to; nil if they may be text. A gzip file is none of these: it is read.
    public static func finding(_ bytes: UnsafeRawBufferPointer) -> Finding? {
        func begins(_ signature: StaticString) -> Bool {
            guard bytes.count >= signature.utf8CodeUnitCount, let start = bytes.baseAddress else { return false }
            return memcmp(start, signature.utf8Start, signature.utf8CodeUnitCount) == 0
        }
        func begins(_ first: UInt8, _ second: UInt8, _ third: UInt8? = nil, _ fourth: UInt8? = nil) -> Bool {
            guard bytes.count >= 4 else {
                return third == nil && bytes.count >= 2 && bytes[0] == first && bytes[1] == second
            }
            return bytes[0] == first && bytes[1] == second && (third == nil || bytes[2] == third)
                && (fourth == nil || bytes[3] == fourth)
        }
        if begins(0x1F, 0x8B) { return nil }
        if begins(0xFF, 0xFE, 0, 0) || begins(0, 0, 0xFE, 0xFF) {
            return Finding(name: "text in UTF-32", advice: "text in UTF-8: iconv -f UTF-32 -t UTF-8 makes it")
        }
        if begins(0xFF, 0xFE) || begins(0xFE, 0xFF) || looksLikeUTF16(bytes) {
            return Finding(name: "text in UTF-16", advice: "text in UTF-8: iconv -f UTF-16 -t UTF-8 makes it")
        }
        if begins("PK\u{3}\u{4}") || begins("PK\u{5}\u{6}") { return archive(bytes) }
        if begins("PAR1") {
            return Finding(
                name: "a Parquet file",
                advice: "text: duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT csv, HEADER)\" writes it, and '-' reads it"
            )
        }
        if bytes.count > 1, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            return Finding(name: "a Python pickle", advice: "text: load it in Python and write CSV")
        }
        func packed(_ name: String) -> Finding { Finding(name: name, advice: "the file unpacked, or packed with gzip") }
        if begins("BZh"), bytes.count > 3, (0x31...0x39).contains(bytes[3]) { return packed("a bzip2 file") }
        if begins(0xFD, 0x37, 0x7A, 0x58) { return packed("an xz file") }
        if begins(0x28, 0xB5, 0x2F, 0xFD) { return packed("a Zstandard file") }
        if begins(0x04, 0x22, 0x4D, 0x18) { return packed("an LZ4 file") }
        if begins(0x37, 0x7A, 0xBC, 0xAF) { return packed("a 7z archive") }
        if begins("Rar!") { return packed("a RAR archive") }
        func foreign(_ name: String) -> Finding { Finding(name: name, advice: "text: its own tool writes CSV") }
        if begins("ARROW1") { return foreign("an Arrow file") }
        if begins("FEA1") { return foreign("a Feather file") }
        if begins("ORC"), !isText(bytes) { return foreign("an ORC file") }
        if begins("Obj\u{1}") { return foreign("an Avro file") }
        if begins("SQLite format 3\0") { return foreign("an SQLite database") }
        if begins("%PDF") { return foreign("a PDF document") }
        if begins("MATLAB 5.0") { return foreign("a MATLAB file") }
        if begins("RDX") && !isText(bytes) { return foreign("an R data file") }
        if begins(0x93, 0x4E, 0x55, 0x4D) { return Finding(name: "a NumPy array", advice: "text: write it as CSV") }
        if begins(0x89, 0x48, 0x44, 0x46) { return Finding(name: "an HDF5 file", advice: "text: write it as CSV") }
        if begins(0xD0, 0xCF, 0x11, 0xE0) { return Finding(name: "an old Excel workbook", advice: "text: save it as CSV") }
        if bytes.count > 9, bytes[8] == UInt8(ascii: "{"), bytes[4] == 0, bytes[5] == 0, bytes[6] == 0, bytes[7] == 0 {
            return Finding(name: "a safetensors file, as models are", advice: "a text file")
        }
        if let start = bytes.baseAddress, memchr(start, 0, min(bytes.count, 4_096)) != nil {
            return Finding(name: "a binary file", advice: "text, or text packed with gzip")
        }
        return nil
    }

    /// Throws `FoldinError` of kind `badData` if `bytes`, the beginning of `file`, are no text.
    public static func refuse(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        guard let finding = finding(bytes) else { return }
        throw FoldinError(.badData, file: file, found: finding.name, expected: finding.advice)
    }

    private static func archive(_ bytes: UnsafeRawBufferPointer) -> Finding {
        let beginning = String(decoding: bytes.prefix(4_096), as: UTF8.self)
        if beginning.contains("data.pkl") || beginning.contains("archive/") {
            return Finding(
                name: "a file of torch.save",
                advice: "text; a model's weights are written by safetensors.torch.save_file(state_dict, FILE)")
        }
        if beginning.contains("[Content_Types].xml") || beginning.contains("xl/") {
            return Finding(name: "an Excel workbook", advice: "text: save it as CSV")
        }
        if beginning.contains(".npy") { return Finding(name: "a NumPy .npz file", advice: "text: write it as CSV") }
        return Finding(name: "a zip archive", advice: "a file out of it (unzip), or one packed with gzip")
    }

    /// Whether every second byte is 0, as in ASCII text in UTF-16 without a mark.
    private static func looksLikeUTF16(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = min(bytes.count, 64)
        guard count >= 8 else { return false }
        var (even, odd) = (0, 0)
        for place in 0..<count where bytes[place] == 0 {
            if place % 2 == 0 { even += 1 } else { odd += 1 }
        }
        return odd * 20 >= count * 9 && even == 0 || even * 20 >= count * 9 && odd == 0
    }

    private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.prefix(256).allSatisfy { $0 >= 32 || [9, 10, 13].contains($0) }
    }
}

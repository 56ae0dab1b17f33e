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
        if bytes.starts(with: [0x1F, 0x8B]) { return nil }
        func begins(_ signature: [UInt8]) -> Bool { bytes.starts(with: signature) }
        func begins(_ signature: String) -> Bool { bytes.starts(with: signature.utf8) }
        if begins([0xFF, 0xFE, 0, 0]) || begins([0, 0, 0xFE, 0xFF]) {
            return Finding(name: "text in UTF-32", advice: "text in UTF-8: iconv -f UTF-32 -t UTF-8 makes it")
        }
        if begins([0xFF, 0xFE]) || begins([0xFE, 0xFF]) || looksLikeUTF16(bytes) {
            return Finding(name: "text in UTF-16", advice: "text in UTF-8: iconv -f UTF-16 -t UTF-8 makes it")
        }
        if begins("PK\u{3}\u{4}") || begins("PK\u{5}\u{6}") { return archive(bytes) }
        if begins("PAR1") {
            return Finding(
                name: "a Parquet file",
                advice: "text: duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT csv, HEADER)\" writes it, and '-' reads it"
            )
        }
        if begins([0x80]), bytes.count > 1, (2...5).contains(bytes[1]) {
            return Finding(name: "a Python pickle", advice: "text: load it in Python and write CSV")
        }
        for (signature, name) in [
            (Array("BZh".utf8), "a bzip2 file"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "an xz file"),
            ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file"), ([0x04, 0x22, 0x4D, 0x18], "an LZ4 file"),
            ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"), (Array("Rar!".utf8), "a RAR archive"),
        ] where begins(signature) && (name != "a bzip2 file" || bytes.count > 3 && (0x31...0x39).contains(bytes[3])) {
            return Finding(name: name, advice: "the file unpacked, or packed with gzip")
        }
        for (signature, name) in [
            ("ARROW1", "an Arrow file"), ("FEA1", "a Feather file"), ("ORC", "an ORC file"), ("Obj\u{1}", "an Avro file"),
            ("SQLite format 3\0", "an SQLite database"), ("%PDF", "a PDF document"),
            ("MATLAB 5.0", "a MATLAB file"), ("RDX", "an R data file"),
        ] where begins(signature) && (name != "an ORC file" || !isText(bytes)) {
            return Finding(name: name, advice: "text: its own tool writes CSV")
        }
        if begins([0x93] + Array("NUMPY".utf8)) { return Finding(name: "a NumPy array", advice: "text: write it as CSV") }
        if begins([0x89] + Array("HDF\r\n".utf8)) { return Finding(name: "an HDF5 file", advice: "text: write it as CSV") }
        if begins([0xD0, 0xCF, 0x11, 0xE0]) { return Finding(name: "an old Excel workbook", advice: "text: save it as CSV") }
        if bytes.count > 9, bytes[8] == UInt8(ascii: "{"), bytes[4...7].allSatisfy({ $0 == 0 }) {
            return Finding(name: "a safetensors file, as models are", advice: "a text file")
        }
        if bytes.prefix(4_096).contains(0) {
            return Finding(name: "a binary file", advice: "text, or text packed with gzip")
        }
        return nil
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
        let sample = bytes.prefix(64)
        guard sample.count >= 8 else { return false }
        let even = sample.indices.filter { $0 % 2 == 0 }.count { sample[$0] == 0 }
        let odd = sample.indices.filter { $0 % 2 == 1 }.count { sample[$0] == 0 }
        let half = sample.count / 2
        return odd * 10 >= half * 9 && even == 0 || even * 10 >= half * 9 && odd == 0
    }

    private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.prefix(256).allSatisfy { $0 >= 32 || [9, 10, 13].contains($0) }
    }
}
